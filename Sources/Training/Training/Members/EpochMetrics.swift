import Files
import Runs
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One line of a member's `metrics.jsonl`: an epoch that is over.
public struct EpochMetrics: Codable, Hashable, Sendable {
  /// From 1.
  public var epoch: Int
  /// Steps taken since the member's start.
  public var step: Int
  /// Of the epoch's last step.
  public var learningRate: Double
  /// Mean cross-entropy of the epoch's augmented images, in nats, while the weights moved.
  public var trainingLoss: Double
  /// Share of those images classified correctly, while the weights moved.
  public var trainingAccuracy: Double
  /// After the epoch, on the hold-out; nil where there is none.
  public var holdOutLoss, holdOutAccuracy: Double?
  /// Training images over the seconds of training them.
  public var imagesPerSecond: Double
  /// Of this epoch, evaluation included.
  public var seconds: Double
  /// The share of the steps' time in which the first of several processes waited for the others; nil in one process.
  public var waitingShare: Double?
}

/// A member's metrics as a file.
package enum MetricsFile {
  /// The lines of the first `epochs` epochs; later ones belong to work that a checkpoint did not keep.
  ///
  /// - Parameter digest: What `digest` gave of them; nil where it is not known.
  static func read(_ path: String, epochs: Int, digest: String?) throws -> [EpochMetrics] {
    guard epochs > 0 else { return [] }
    let data = Directory.exists(path) ? try MappedFile(path: path).withBytes { Data($0) } : Data()
    return try read(data, of: path, epochs: epochs, digest: digest)
  }

  /// The same of the text that a checkpoint keeps.
  ///
  /// - Parameter path: Of the file, which errors name.
  static func read(
    text: String, of path: String, epochs: Int, digest: String?
  ) throws -> [EpochMetrics] {
    try read(Data(text.utf8), of: path, epochs: epochs, digest: digest)
  }

  private static func read(
    _ data: Data, of path: String, epochs: Int, digest: String?
  ) throws -> [EpochMetrics] {
    guard epochs > 0 else { return [] }
    let lines = data.split(separator: UInt8(ascii: "\n")).prefix(epochs)
    let metrics = lines.compactMap { try? StrictJSON.decode(EpochMetrics.self, from: Data($0)) }
    guard metrics.map(\.epoch) == Array(1...epochs),
      try digest.map({ try $0 == Self.digest(metrics) }) ?? true
    else {
      throw TrainingError.unusableMetrics(path: path, epochs: epochs)
    }
    return metrics
  }

  static func write(_ metrics: [EpochMetrics], to path: String) throws {
    try DurableFile.write(Array(text(of: metrics).utf8), to: path)
  }

  /// Makes the newest lines that are those of all epochs a member's metrics, unless it has them. Where there are none, as where
  /// the member is an earlier version's or a user has removed them, it goes without.
  package static func publish(of files: MemberDirectory, epochs: Int) throws {
    func isWhole(_ path: String) -> Bool {
      (try? read(path, epochs: epochs, digest: nil)) != nil
    }
    guard !isWhole(files.metricsPath), let source = files.epochsPaths().first(where: isWhole) else {
      return
    }
    let bytes = try MappedFile(path: source).withBytes { Array($0) }
    while try !NewFile.publish(at: files.metricsPath, { try DurableFile.write(bytes, to: $0) }) {
      if isWhole(files.metricsPath) { return }
      // Of a version that wrote here from epoch to epoch.
      try Directory.removeFile(files.metricsPath)
    }
  }

  /// SHA-256 of the lines.
  static func digest(_ metrics: [EpochMetrics]) throws -> String {
    var hasher = SHA256Hasher()
    hasher.update(try text(of: metrics))
    return hasher.finish()
  }

  static func text(of metrics: [EpochMetrics]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try metrics.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }
      .joined()
  }
}
