/// Quantiles of distributions.
package enum Quantiles {
  /// The 0.975 quantile of the standard normal distribution: what a two-sided interval of 95 % takes.
  package static let normal975 = 1.959963984540054

  /// The quantile of Student's t distribution.
  ///
  /// The distribution of the angle arctan(t / sqrt(n)) is a finite sum, which is bisected to the last bit.
  ///
  /// Source: Abramowitz and Stegun, 26.7.3 and 26.7.4.
  ///
  /// - Parameters:
  ///   - probability: In `0.5..<1`.
  ///   - degreesOfFreedom: At least 1.
  /// - Complexity: O(n) for n degrees of freedom, about 60 times.
  package static func student(_ probability: Double, degreesOfFreedom: Int) -> Double {
    precondition((0.5..<1).contains(probability) && degreesOfFreedom >= 1)
    var (low, high) = (0.0, Double.pi / 2)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { break }
      let isBelow =
        studentCentralProbability(angle: middle, degreesOfFreedom: degreesOfFreedom) < 2
        * probability - 1
      if isBelow { low = middle } else { high = middle }
    }
    return tangent(high) * Double(degreesOfFreedom).squareRoot()
  }

  /// The probability of |t| < sqrt(n) tan(angle).
  private static func studentCentralProbability(angle: Double, degreesOfFreedom: Int)
    -> Double
  {
    let (sine, cosine) = (Statistics.sine(angle), Statistics.cosine(angle))
    let isOdd = !degreesOfFreedom.isMultiple(of: 2)
    var term = isOdd ? cosine : 1
    var sum = 0.0
    for numerator in stride(from: isOdd ? 2 : 1, to: degreesOfFreedom, by: 2) {
      sum += term
      term *= cosine * cosine * Double(numerator) / Double(numerator + 1)
    }
    return isOdd ? (angle + sine * sum) * 2 / .pi : sine * sum
  }
}
