import Statistics

/// The threshold that calibration images give, and how many are needed for one.
public enum ConformalQuantile {
  /// The least value that a further one exceeds with a probability of at most `missRate`, where all are exchangeable: of n
  /// values the one of rank ⌈(n + 1)(1 − missRate)⌉, ascending.
  ///
  /// - Parameters:
  ///   - scores: In any order, none of them NaN.
  ///   - missRate: Above 0 and below 1.
  /// - Returns: nil where there are too few, and only infinity keeps the promise.
  ///
  /// Source: Vovk, Gammerman and Shafer, doi:10.1007/b106715; as written here, arXiv:2107.07511, section 1.
  public static func threshold(of scores: [Double], missRate: Double) -> Double? {
    let rank = rank(count: scores.count, missRate: missRate)
    guard rank <= scores.count else { return nil }
    return scores.sorted()[rank - 1]
  }

  /// The fewest values that have such a threshold: 9 for one miss in ten, 99 for one in a hundred.
  public static func countNeeded(missRate: Double) -> Int {
    // A hair less, as below: ⌈(n + 1)(1 − missRate)⌉ ≤ n from n + 1 ≥ 1 / missRate on.
    max(1, Int((1 / missRate - 1e-9).rounded(.up)) - 1)
  }

  /// In `1...count + 1`. A hair less is rounded up, so that a product of decimals that is whole does not become the next.
  static func rank(count: Int, missRate: Double) -> Int {
    max(1, Int((Double(count + 1) * (1 - missRate) - 1e-9).rounded(.up)))
  }

  /// What share of further values lies within the threshold that `count` of them gave, in 95 of 100 calibrations.
  ///
  /// The promise is of all calibrations together; one of few images may keep more or less than the others.
  ///
  /// - Returns: nil where there is no threshold, and everything lies within.
  ///
  /// Source: arXiv:1209.2673, section 2: the share is Beta(rank, count + 1 − rank) where no two values are equal, and more
  /// where some are.
  public static func spread(count: Int, missRate: Double) -> ConfidenceInterval? {
    let rank = rank(count: count, missRate: missRate)
    guard rank <= count else { return nil }
    // Of a Beta distribution with whole numbers, the quantiles are bounds of a counted share.
    let lower = BinomialBounds.lower(hits: rank, count: count, confidence: 0.975)
    let upper = BinomialBounds.upper(hits: rank - 1, count: count, confidence: 0.975)
    return ConfidenceInterval(lower...max(lower, upper))
  }
}
