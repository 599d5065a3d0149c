import Randomness

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Student's distribution.
package enum StudentDistribution {
  /// The value that lies above 97.5 % of the distribution: an interval of 95 % reaches so many standard errors to each side.
  ///
  /// Accurate to about 1e-12 of its size.
  ///
  /// - Parameter degreesOfFreedom: At least 1; fewer are taken for 1.
  package static func quantile975(degreesOfFreedom: Int) -> Double {
    let freedom = max(degreesOfFreedom, 1)
    // By bisection of the angle whose tangent is t / sqrt(freedom).
    var (low, high) = (0.0, Double.pi / 2)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { break }
      if centralProbability(angle: middle, freedom) < 0.95 { low = middle } else { high = middle }
    }
    return Double(freedom).squareRoot() * tan((low + high) / 2)
  }

  /// The probability between -t and t, where t is sqrt(freedom) times the tangent of `angle`.
  ///
  /// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
  private static func centralProbability(angle: Double, _ freedom: Int) -> Double {
    let (sine, cosine) = (sin(angle), cos(angle))
    let isOdd = freedom % 2 == 1
    var term = isOdd ? cosine : 1
    var sum = 0.0
    for step in stride(from: isOdd ? 3 : 2, through: freedom, by: 2) {
      sum += term
      term *= cosine * cosine * Double(step - 1) / Double(step)
    }
    return isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum
  }
}

/// The normal distribution.
package enum NormalDistribution {
  /// The value that lies above 97.5 % of the standard normal distribution.
  package static let quantile975 = 1.959963984540054

  /// The probability of a value up to `value`.
  package static func probability(upTo value: Double) -> Double {
    complementaryErrorFunction(-value / 2.0.squareRoot()) / 2
  }

  /// The density at `value`.
  package static func density(_ value: Double) -> Double {
    exponential(-value * value / 2) / (2 * Double.pi).squareRoot()
  }

  /// The value that lies above a share of the distribution.
  ///
  /// Accurate to about 1e-12; shares beyond 1e-15 of either end are taken for that.
  ///
  /// - Parameter share: In `0...1`.
  package static func quantile(_ share: Double) -> Double {
    // By bisection: the lower half, where the probability is accurate.
    let isUpper = share > 0.5
    let wanted = max(isUpper ? 1 - share : share, 1e-15)
    var (low, high) = (-9.0, 0.0)
    while high - low > 1e-14 {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { break }
      if probability(upTo: middle) < wanted { low = middle } else { high = middle }
    }
    return (isUpper ? -1 : 1) * (low + high) / 2
  }
}

extension RandomStream {
  /// A number of the standard normal distribution.
  package mutating func normal() -> Double {
    (-2 * log(1 - unitInterval())).squareRoot() * cos(2 * .pi * unitInterval())
  }
}
