import Statistics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How long a classifier takes for a batch, measured.
public struct InferenceTimes: Sendable {
  /// The number of images at a time.
  public let batch: Int
  /// Of each run, in seconds, sorted; without the warm-up.
  public let seconds: [Double]
  /// What the process computed during each run, all its threads together, in seconds, sorted.
  ///
  /// With one thread it is what `seconds` is on a machine where nothing else runs: waiting for a processor does not
  /// count. With several, or where other threads of the process are busy, it says nothing of the sort.
  public let processorSeconds: [Double]

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
    var processorTimes: [Double] = []
    let begin = ContinuousClock.now
    var elapsed = 0.0
    while elapsed < 1.2 * seconds || times.count < Self.fewestRuns {
      let processorStart = Self.processorTime()
      let start = ContinuousClock.now
      for session in sessions { try session.run() }
      let end = ContinuousClock.now
      let processorEnd = Self.processorTime()
      elapsed = begin.duration(to: end) / .seconds(1)
      guard elapsed > 0.2 * seconds else { continue }
      times.append(start.duration(to: end) / .seconds(1))
      processorTimes.append(processorEnd - processorStart)
    }
    self.seconds = times.sorted()
    processorSeconds = processorTimes.sorted()
  }

  private static let fewestRuns = 5

  /// What this process has computed so far, in seconds.
  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The time that a share of the runs does not exceed, in seconds: the nearest rank.
  public func quantile(_ share: Double) -> Double { [Double].nearestRank(share, ofSorted: seconds) }

  /// The same of `processorSeconds`.
  public func processorQuantile(_ share: Double) -> Double {
    [Double].nearestRank(share, ofSorted: processorSeconds)
  }

  /// Images a second over all runs.
  public var imagesPerSecond: Double {
    Double(batch * seconds.count) / seconds.reduce(0, +)
  }
}
