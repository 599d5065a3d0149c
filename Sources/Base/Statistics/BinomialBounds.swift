/// Exact bounds of a probability, of which some independent things were counted.
///
/// Source: Clopper and Pearson, doi:10.1093/biomet/26.4.404.
package enum BinomialBounds {
  /// The probability of so few hits or fewer, where each of `count` things is one with the probability `share`; 1 of nothing.
  package static func probability(
    ofAtMost hits: Int, of count: Int, share: Double
  ) -> Double {
    // Counted from the other side, whose small sums are accurate.
    BinomialDistribution(count: count, share: 1 - share).probability(ofAtLeast: count - hits)
  }

  /// The least share that so few hits speak against: the true one is at most that with this confidence.
  ///
  /// - Parameters:
  ///   - hits: In `0...count`.
  ///   - count: How many things; of none the bound is 1.
  ///   - confidence: In `0..<1`.
  package static func upper(hits: Int, count: Int, confidence: Double) -> Double {
    guard hits < count else { return 1 }
    return bisect { probability(ofAtMost: hits, of: count, share: $0) > 1 - confidence }.above
  }

  /// The greatest share that so many hits speak against: the true one is at least that with this confidence.
  ///
  /// - Parameters:
  ///   - hits: In `0...count`.
  ///   - count: How many things; of none the bound is 0.
  ///   - confidence: In `0..<1`.
  package static func lower(hits: Int, count: Int, confidence: Double) -> Double {
    guard hits > 0 else { return 0 }
    return bisect {
      BinomialDistribution(count: count, share: $0).probability(ofAtLeast: hits) < 1 - confidence
    }.below
  }

  /// How many things are needed, none of them a hit, to show with this confidence that the share is at most `share`.
  ///
  /// - Parameters:
  ///   - share: Above 0 and below 1.
  ///   - confidence: In `0..<1`.
  package static func countNeeded(toShow share: Double, confidence: Double) -> Int {
    // A hair less, so that a whole number does not round up to the next.
    let count = naturalLogarithm(1 - confidence) / naturalLogarithm(1 - share) - 1e-9
    return max(1, Int(min(count.rounded(.up), 1e15)))
  }

  /// The neighbours between which `holds`, true of what is small and false of what is great in `0...1`, changes.
  private static func bisect(_ holds: (Double) -> Bool) -> (below: Double, above: Double) {
    var (low, high) = (0.0, 1.0)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return (low, high) }
      if holds(middle) { low = middle } else { high = middle }
    }
  }
}
