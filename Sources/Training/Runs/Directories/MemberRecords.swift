import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How far a member's training is, for other processes: `progress.json`.
public struct ProgressRecord: Codable, Hashable, Sendable {
  /// The epoch that runs, from 1, and how many there are.
  public var epoch, epochs: Int
  /// Steps of this epoch that are taken, and how many it has.
  public var step, stepsPerEpoch: Int
  /// Mean cross-entropy over this epoch so far, in nats.
  public var trainingLoss: Double
  /// On the hold-out after the last epoch; nil before there is one.
  public var holdOutAccuracy: Double?
  /// Of this epoch so far.
  public var imagesPerSecond: Double
  /// Until this member is complete, at the pace so far.
  public var secondsLeft: Double
  /// When it was written: ISO 8601, UTC.
  public var written: String

  /// Creates a record of this moment.
  public init(
    epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, trainingLoss: Double,
    holdOutAccuracy: Double?, imagesPerSecond: Double, secondsLeft: Double
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.step = step
    self.stepsPerEpoch = stepsPerEpoch
    self.trainingLoss = trainingLoss
    self.holdOutAccuracy = holdOutAccuracy
    self.imagesPerSecond = imagesPerSecond
    self.secondsLeft = secondsLeft
    written = Date.now.ISO8601Format()
  }
}

/// Why a member's training stopped by itself: `failure.json`.
public struct FailureRecord: Codable, Hashable, Sendable {
  /// One sentence with the fix.
  public var reason: String
  /// Where: the epoch, from 1, and the step in it.
  public var epoch, step: Int
  /// When: ISO 8601, UTC.
  public var written: String

  /// Creates a record of this moment.
  public init(reason: String, epoch: Int, step: Int) {
    self.reason = reason
    self.epoch = epoch
    self.step = step
    written = Date.now.ISO8601Format()
  }
}

extension MemberDirectory {
  /// What `progress.json` says; nil where there is none, or it cannot be read.
  public func progress() -> ProgressRecord? { record(progressPath) }

  /// What `failure.json` says; nil where there is none, or it cannot be read.
  public func failure() -> FailureRecord? { record(failurePath) }

  private func record<Record: Decodable>(_ path: String) -> Record? {
    guard let file = try? MappedFile(path: path) else { return nil }
    return try? StrictJSON.decode(Record.self, from: file.withBytes { Data($0) })
  }
}
