/// The difference of two accuracies on the same images, from the images on which only one of the two is right.
package struct PairedDifference {
  private let first, second, images: Double

  /// - Parameters:
  ///   - onlyFirst: Images on which only the first is right.
  ///   - onlySecond: Images on which only the second is right.
  ///   - images: All images, at least as many as both.
  package init(onlyFirst: Int, onlySecond: Int, images: Int) {
    first = Double(onlyFirst)
    second = Double(onlySecond)
    self.images = Double(images)
  }

  /// The first's accuracy less the second's; 0 without images.
  package var value: Double { images > 0 ? (first - second) / images : 0 }

  /// The differences that the score test does not refuse: also where both are right about the same images, it has a width
  /// that fits their number.
  ///
  /// - Parameter comparisons: How many such intervals are to hold together with 95 %, by Bonferroni's correction.
  ///
  /// Source: Tango, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.
  package func interval(comparisons: Int = 1) -> ClosedRange<Double> {
    guard images > 0 else { return -1...1 }
    let z = NormalDistribution.standardErrors(comparisons: comparisons)
    let (lower, upper) = (end(towards: -1, z), end(towards: 1, z))
    return min(lower, value)...max(upper, value)
  }

  /// By bisection between the difference itself and the greatest there is.
  private func end(towards limit: Double, _ z: Double) -> Double {
    guard !holds(limit, z) else { return limit }
    var (inside, outside) = (value, limit)
    while true {
      let middle = (inside + outside) / 2
      guard middle != inside, middle != outside else { return inside }
      if holds(middle, z) { inside = middle } else { outside = middle }
    }
  }

  /// Whether the score test of `difference` stays within `z` standard errors.
  private func holds(_ difference: Double, _ z: Double) -> Bool {
    let excess = first - second - images * difference
    // The likeliest share of the images on which only the second is right, where the difference is this one.
    let b = -first - second + (2 * images - first + second) * difference
    let c = -second * difference * (1 - difference)
    let root = max(0, b * b - 8 * images * c).squareRoot()
    let share = max((root - b) / (4 * images), -difference, 0)
    let variance = images * (2 * share + difference * (1 - difference))
    return excess * excess <= z * z * max(0, variance)
  }
}
