import Statistics

/// The last latencies that were observed, and their quantiles.
struct LatencyWindow: Hashable, Sendable {
  /// How many are looked at.
  private static let length = 256
  /// With fewer, no quantile is known.
  private static let fewest = 20

  private var seconds: [Double] = []
  private var next = 0
  private var added = 0
  /// The 95th percentile in seconds; nil where too few were observed. It follows after some more.
  private(set) var percentile95: Double?

  /// Adds a latency.
  mutating func add(_ seconds: Double) {
    if self.seconds.count < Self.length {
      self.seconds.append(seconds)
    } else {
      self.seconds[next] = seconds
    }
    next = (next + 1) % Self.length
    added += 1
    // Sorting at each would cost more than it tells.
    if added >= Self.fewest, added.isMultiple(of: 16) || percentile95 == nil {
      percentile95 = quantile(0.95)
    }
  }

  /// A quantile of the latencies, in seconds; nil where none was observed.
  func quantile(_ share: Double) -> Double? {
    seconds.isEmpty ? nil : [Double].nearestRank(share, ofSorted: seconds.sorted())
  }
}
