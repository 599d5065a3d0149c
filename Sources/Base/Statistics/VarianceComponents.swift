/// A variance that is a sum of independent parts, each estimated with its own degrees of freedom.
///
/// An interval reaches as far as Student's distribution with Satterthwaite's degrees of freedom.
///
/// Source: Satterthwaite 1946, doi:10.2307/3002019.
package struct VarianceComponents {
  private var parts: [(variance: Double, estimated: Double, degreesOfFreedom: Int)] = []

  package init() {}

  /// Adds a part, of at least one degree of freedom.
  ///
  /// - Parameter estimated: What was estimated with so many degrees of freedom, where the part is the rest of it after something
  ///   known well was taken off; nil for the part itself.
  package mutating func add(
    _ variance: Double, estimated: Double? = nil, degreesOfFreedom: Int
  ) {
    parts.append((variance, estimated ?? variance, max(1, degreesOfFreedom)))
  }

  /// Of all parts.
  package var variance: Double { parts.reduce(0) { $0 + $1.variance } }

  /// Of the sum; the smallest of the parts' where the sum is 0.
  package var degreesOfFreedom: Int {
    let squares = parts.reduce(0) {
      $0 + $1.estimated * $1.estimated / Double($1.degreesOfFreedom)
    }
    let least = parts.map(\.degreesOfFreedom).min() ?? 1
    return squares > 0 ? max(least, Int(min(1e9, variance * variance / squares))) : least
  }

  /// The interval of 95 % about an estimate.
  package func interval(about estimate: Double) -> ConfidenceInterval {
    let half =
      StudentDistribution.quantile975(degreesOfFreedom: min(degreesOfFreedom, 100_000))
      * variance.squareRoot()
    return ConfidenceInterval(estimate - half...estimate + half)
  }

  /// The jackknife's variance of an estimate, from the estimates without each of K things.
  ///
  /// Source: Efron and Stein, doi:10.1214/aos/1176345462.
  package static func jackknife(_ estimates: [Double]) -> Double {
    let mean = estimates.mean
    let squares = estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return squares * Double(estimates.count - 1) / Double(estimates.count)
  }
}
