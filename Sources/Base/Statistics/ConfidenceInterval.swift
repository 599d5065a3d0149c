/// Where a figure lies with a confidence of 95 %, or several figures together.
public struct ConfidenceInterval: Codable, Hashable, Sendable {
  /// The lower end.
  public let lowerBound: Double
  /// The upper end.
  public let upperBound: Double

  /// Wilson's interval of a share, counted in `count` things.
  ///
  /// - Parameters:
  ///   - share: In `0...1`.
  ///   - count: Of what; of nothing the interval is 0 to 1.
  ///   - comparisons: How many such intervals are to hold together with 95 %, by Bonferroni's correction.
  ///
  /// Source: Wilson, doi:10.1080/01621459.1927.10502953.
  public init(ofShare share: Double, count: Int, comparisons: Int = 1) {
    guard count > 0 else {
      (lowerBound, upperBound) = (0, 1)
      return
    }
    let n = Double(count)
    let z = NormalDistribution.standardErrors(comparisons: comparisons)
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half =
      z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    // The share itself is inside, also where rounding says otherwise.
    lowerBound = max(0, min(share, centre - half))
    upperBound = min(1, max(share, centre + half))
  }

  package init(_ range: ClosedRange<Double>) {
    lowerBound = range.lowerBound
    upperBound = range.upperBound
  }
}
