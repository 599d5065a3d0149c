/// McNemar's test of whether two classifiers err equally often, from the images on which only one of them is right.
///
/// Fewer than 25 such images get the exact two-sided binomial test; more get the chi-square test with continuity
/// correction, (max(0, |b - c| - 1))^2 / (b + c), one degree of freedom.
///
/// Source: McNemar, doi:10.1007/BF02295996; the correction: Edwards, doi:10.1007/BF02289261.
package struct McNemarTest {
  /// Images on which only the first is right.
  package let onlyFirst: Int
  /// Images on which only the second is right.
  package let onlySecond: Int
  /// All images.
  package let images: Int

  /// Discordant images from which on the chi-square approximation serves.
  static let exactLimit = 25

  package init(onlyFirst: Int, onlySecond: Int, images: Int) {
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
    self.images = images
  }

  /// - Parameters:
  ///   - first: `[N]`: 1 where the first is right, else 0.
  ///   - second: `[N]`: the same of the second.
  package init(first: [Double], second: [Double]) {
    var onlyFirst = 0
    var onlySecond = 0
    for (first, second) in zip(first, second) where first != second {
      if first > second { onlyFirst += 1 } else { onlySecond += 1 }
    }
    self.init(onlyFirst: onlyFirst, onlySecond: onlySecond, images: first.count)
  }

  /// The first's accuracy less the second's.
  package var difference: Double {
    images > 0 ? Double(onlyFirst - onlySecond) / Double(images) : 0
  }

  /// The probability of a difference at least as great where both err equally often, in `0...1`.
  package var pValue: Double {
    let discordant = onlyFirst + onlySecond
    guard discordant > 0 else { return 1 }
    if discordant < Self.exactLimit { return exactPValue(discordant) }
    let excess = Double(max(0, abs(onlyFirst - onlySecond) - 1))
    let statistic = excess * excess / Double(discordant)
    return complementaryErrorFunction((statistic / 2).squareRoot())
  }

  /// The same by the exact two-sided binomial test, whatever the number of discordant images.
  package var exactPValue: Double {
    let discordant = onlyFirst + onlySecond
    guard discordant >= Self.exactLimit else {
      return discordant > 0 ? exactPValue(discordant) : 1
    }
    let least = min(onlyFirst, onlySecond)
    var term = exponential(
      logarithmOfGamma(Double(discordant + 1)) - logarithmOfGamma(Double(least + 1))
        - logarithmOfGamma(Double(discordant - least + 1))
        - Double(discordant) * naturalLogarithm(2))
    var tail = 0.0
    for count in stride(from: least, through: 0, by: -1) where term > 0 {
      tail += term
      term *= Double(count) / Double(discordant - count + 1)
    }
    return min(1, 2 * tail)
  }

  private func exactPValue(_ discordant: Int) -> Double {
    // Binomial coefficients of at most 24 are exact in a Double.
    var term = 1.0
    var tail = 0.0
    for count in 0...min(onlyFirst, onlySecond) {
      tail += term
      term = term * Double(discordant - count) / Double(count + 1)
    }
    for _ in 0..<discordant { tail /= 2 }
    return min(1, 2 * tail)
  }
}
