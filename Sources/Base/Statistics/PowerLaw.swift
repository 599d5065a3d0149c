/// error(n) = limit + amplitude x n^-exponent.
public struct PowerLaw: Codable, Hashable, Sendable {
  /// What the error falls to; at least 0.
  public let limit: Double
  /// What falls; at least 0.
  public let amplitude: Double
  /// How fast it falls, in `exponents`.
  public let exponent: Double

  /// The exponents that are tried. What is a mean over n independent members falls with exponent 1.
  public static let exponents = 0.25...2.0

  /// The value for `n` members.
  public func callAsFunction(_ n: Int) -> Double { limit + amplitude * power(Double(n), -exponent) }

  /// Fits errors of 1, 2, ... members by least squares; with fewer than three of them, of exponent 1.
  ///
  /// - Parameter errors: At least one.
  package init(fittedTo errors: [Double]) {
    guard errors.count > 2 else {
      self = Self.fitted(errors, exponent: 1)
      return
    }
    // The best of a coarse grid, then the golden section about it.
    let (low, high) = (Self.exponents.lowerBound, Self.exponents.upperBound)
    let step = (high - low) / 70
    let losses = (0...70).map { Self.loss(errors, low + Double($0) * step) }
    let best = losses.indices.reduce(0) { losses[$1] < losses[$0] ? $1 : $0 }
    var from = max(low, low + Double(best - 1) * step)
    var to = min(high, low + Double(best + 1) * step)
    let ratio = (5.0.squareRoot() - 1) / 2
    while to - from > 1e-10 {
      let (first, second) = (to - ratio * (to - from), from + ratio * (to - from))
      if Self.loss(errors, first) <= Self.loss(errors, second) { to = second } else { from = first }
    }
    self = Self.fitted(errors, exponent: (from + to) / 2)
  }

  private init(limit: Double, amplitude: Double, exponent: Double) {
    self.limit = limit
    self.amplitude = amplitude
    self.exponent = exponent
  }

  private static func loss(_ errors: [Double], _ exponent: Double) -> Double {
    let law = fitted(errors, exponent: exponent)
    return errors.enumerated().reduce(0) { sum, error in
      let gap = error.element - law(error.offset + 1)
      return sum + gap * gap
    }
  }

  /// Linear least squares, with neither number below 0.
  package static func fitted(_ errors: [Double], exponent: Double) -> PowerLaw {
    let falls = errors.indices.map { power(Double($0 + 1), -exponent) }
    let count = Double(errors.count)
    let (meanFall, mean) = (falls.reduce(0, +) / count, errors.reduce(0, +) / count)
    let covariance = zip(falls, errors).reduce(0) { $0 + ($1.0 - meanFall) * ($1.1 - mean) }
    let variance = falls.reduce(0) { $0 + ($1 - meanFall) * ($1 - meanFall) }
    let slope = variance > 0 ? covariance / variance : 0
    if slope <= 0 { return PowerLaw(limit: mean, amplitude: 0, exponent: exponent) }
    let limit = mean - slope * meanFall
    if limit >= 0 { return PowerLaw(limit: limit, amplitude: slope, exponent: exponent) }
    let through = zip(falls, errors).reduce(0) { $0 + $1.0 * $1.1 }
    let squares = falls.reduce(0) { $0 + $1 * $1 }
    return PowerLaw(limit: 0, amplitude: through / squares, exponent: exponent)
  }
}
