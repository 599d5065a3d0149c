import Files
import Runs
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A member's metrics as a file.
enum MetricsFile {
  /// The lines of the first `epochs` epochs; later ones belong to work that a checkpoint did not keep.
  ///
  /// - Parameter digest: What `digest` gave of them; nil where it is not known.
  static func read(_ path: String, epochs: Int, digest: String?) throws -> [EpochMetrics] {
    guard epochs > 0 else { return [] }
    let data = Directory.exists(path) ? try MappedFile(path: path).withBytes { Data($0) } : Data()
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

  /// SHA-256 of the lines.
  static func digest(_ metrics: [EpochMetrics]) throws -> String {
    var hasher = SHA256Hasher()
    hasher.update(try text(of: metrics))
    return hasher.finish()
  }

  private static func text(of metrics: [EpochMetrics]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try metrics.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }
      .joined()
  }
}
