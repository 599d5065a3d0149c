import Files
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

  /// An epoch that is over.
  package init(
    epoch: Int, step: Int, learningRate: Double, trainingLoss: Double, trainingAccuracy: Double,
    holdOutLoss: Double?, holdOutAccuracy: Double?, imagesPerSecond: Double, seconds: Double
  ) {
    self.epoch = epoch
    self.step = step
    self.learningRate = learningRate
    self.trainingLoss = trainingLoss
    self.trainingAccuracy = trainingAccuracy
    self.holdOutLoss = holdOutLoss
    self.holdOutAccuracy = holdOutAccuracy
    self.imagesPerSecond = imagesPerSecond
    self.seconds = seconds
  }

  /// The lines of the file that can be read, in its order; none where there is no file.
  static func lines(of path: String) -> [EpochMetrics] {
    guard let file = try? MappedFile(path: path) else { return [] }
    return file.withBytes { Data($0) }.split(separator: UInt8(ascii: "\n"))
      .compactMap { try? StrictJSON.decode(EpochMetrics.self, from: Data($0)) }
  }
}
