extension [Double] {
  /// The arithmetic mean; NaN where there are none.
  package var mean: Double { reduce(0, +) / Double(count) }

  /// The sum of the squared deviations from the mean.
  package var squaredDeviations: Double {
    let mean = mean
    return reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  /// The standard deviation of the population of which they are a sample, with `count - 1` degrees of freedom; 0 for fewer
  /// than two.
  package var standardDeviation: Double {
    count > 1 ? (squaredDeviations / Double(count - 1)).squareRoot() : 0
  }

  /// The standard error of the mean; 0 for one value.
  package var standardError: Double {
    let count = Double(count)
    return (squaredDeviations / (count * Swift.max(1, count - 1))).squareRoot()
  }

  /// The middle one in ascending order, of an even number the mean of the middle two; nil where there are none.
  package var median: Double? {
    guard !isEmpty else { return nil }
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }

  /// The quantile by linear interpolation between order statistics, as NumPy's default.
  ///
  /// - Precondition: Ascending, and at least one value.
  /// - Parameter share: In `0...1`.
  package func sortedQuantile(_ share: Double) -> Double {
    let place = share * Double(count - 1)
    let below = Int(place)
    let above = Swift.min(below + 1, count - 1)
    return self[below] + (place - Double(below)) * (self[above] - self[below])
  }

  /// The least value that at least this share of them does not exceed: the nearest rank.
  ///
  /// - Precondition: Ascending, and at least one value.
  /// - Parameter share: In `0...1`.
  package func sortedNearestRank(_ share: Double) -> Double {
    let rank = Int((share * Double(count)).rounded(.up))
    return self[Swift.min(Swift.max(rank, 1), count) - 1]
  }
}

/// Spearman's rank correlation of paired values, in `-1...1`; 0 where all values of one list are equal.
///
/// Equal values share the mean of their ranks.
package func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
  let (first, second) = (ranks(first), ranks(second))
  let mean = Double(first.count + 1) / 2
  let product = zip(first, second).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
  let scale = (first.squaredDeviations * second.squaredDeviations).squareRoot()
  return scale > 0 ? product / scale : 0
}

private func ranks(_ values: [Double]) -> [Double] {
  values.map { value in
    Double(values.count { $0 < value }) + Double(values.count { $0 == value } + 1) / 2
  }
}
