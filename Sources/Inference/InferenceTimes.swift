/// How long a classifier takes for a batch, measured.
public struct InferenceTimes: Sendable {
  /// The number of images at a time.
  public let batch: Int
  /// Of each run, in seconds, sorted; without the warm-up.
  public let seconds: [Double]

  /// Runs `classifiers` one after another for about `seconds`, after a fifth of that to warm up, and at least five times.
  ///
  /// - Parameter classifiers: At least one, all for batches of one size.
  /// - Throws: `InferenceError`.
  public init(_ classifiers: [Classifier], seconds: Double) throws(InferenceError) {
    precondition(Set(classifiers.map(\.batch)).count == 1, "batches of one size")
    batch = classifiers[0].batch
    var sessions: [InferenceSession] = []
    for classifier in classifiers { sessions.append(try InferenceSession(classifier)) }
    for input in sessions.map(\.input) {
      for index in input.indices { input[index] = Float(index % 255) / 127 - 1 }
    }
    var times: [Double] = []
    let begin = ContinuousClock.now
    var elapsed = 0.0
    while elapsed < 1.2 * seconds || times.count < Self.fewestRuns {
      let start = ContinuousClock.now
      for session in sessions { try session.run() }
      let end = ContinuousClock.now
      elapsed = begin.duration(to: end) / .seconds(1)
      if elapsed > 0.2 * seconds { times.append(start.duration(to: end) / .seconds(1)) }
    }
    self.seconds = times.sorted()
  }

  private static let fewestRuns = 5

  /// The time that a share of the runs does not exceed, in seconds: the nearest rank.
  public func quantile(_ share: Double) -> Double {
    let rank = Int((share * Double(seconds.count)).rounded(.up))
    return seconds[min(max(rank, 1), seconds.count) - 1]
  }

  /// Images a second over all runs.
  public var imagesPerSecond: Double {
    Double(batch * seconds.count) / seconds.reduce(0, +)
  }
}
