/// Where a figure lies with a confidence of 95 %, or several figures together.
public struct ConfidenceInterval: Codable, Hashable, Sendable {
  /// The lower end.
  public let lowerBound: Double
  /// The upper end.
  public let upperBound: Double

  /// Wilson's interval of a share, counted in `count` things.
  ///
  /// Source: Wilson, doi:10.1080/01621459.1927.10502953.
  public init(ofShare share: Double, count: Int) {
    let n = Double(max(count, 1))
    let z = NormalDistribution.quantile975
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half =
      z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    // The share itself is inside, also where rounding says otherwise.
    lowerBound = max(0, min(share, centre - half))
    upperBound = min(1, max(share, centre + half))
  }

  /// The exact interval of a share: together with others of its kind it holds with 95 % at least.
  ///
  /// Wilson's, stretched to as high a confidence as many such intervals need, would miss too often: it is an approximation, and
  /// worst far out.
  ///
  /// - Parameters:
  ///   - hits: In `0...count`.
  ///   - count: Of what; of nothing the interval is 0 to 1.
  ///   - comparisons: How many intervals are to hold together, by Bonferroni's correction.
  ///
  /// Source: Clopper and Pearson, doi:10.1093/biomet/26.4.404.
  package init(hits: Int, of count: Int, comparisons: Int) {
    let confidence = 1 - 0.025 / Double(max(comparisons, 1))
    lowerBound = BinomialBounds.lower(hits: hits, count: count, confidence: confidence)
    upperBound = BinomialBounds.upper(hits: hits, count: count, confidence: confidence)
  }

  package init(_ range: ClosedRange<Double>) {
    lowerBound = range.lowerBound
    upperBound = range.upperBound
  }
}
