extension Collection<Double> {
  /// The arithmetic mean; NaN of nothing.
  package var mean: Double { reduce(0, +) / Double(count) }

  /// The standard deviation with one degree of freedom taken for the mean; 0 of fewer than two.
  package var sampleStandardDeviation: Double {
    guard count > 1 else { return 0 }
    let mean = mean
    let squares = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(count - 1)).squareRoot()
  }

  /// The middle of the sorted values, or the mean of the two in the middle; there must be at least one.
  package var median: Double {
    let sorted = sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// The value that a share of the sorted values does not exceed, by linear interpolation between order statistics, as NumPy has it; there
  /// must be at least one.
  ///
  /// - Parameter share: In `0...1`.
  package static func quantile(_ share: Double, ofSorted sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = Swift.min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The least of the sorted values that at least a share of them does not exceed: the nearest rank; there must be at least
  /// one.
  ///
  /// - Parameter share: In `0...1`.
  package static func nearestRank(_ share: Double, ofSorted sorted: [Double]) -> Double {
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[Swift.min(Swift.max(rank, 1), sorted.count) - 1]
  }
}

/// Spearman's rank correlation of paired values, in `-1...1`; 0 where all values of one list are equal.
///
/// Equal values share the mean of their ranks.
package func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
  let (first, second) = (ranks(first), ranks(second))
  let mean = Double(first.count + 1) / 2
  var (product, firstSquares, secondSquares) = (0.0, 0.0, 0.0)
  for (first, second) in zip(first, second) {
    product += (first - mean) * (second - mean)
    firstSquares += (first - mean) * (first - mean)
    secondSquares += (second - mean) * (second - mean)
  }
  let scale = (firstSquares * secondSquares).squareRoot()
  return scale > 0 ? product / scale : 0
}

private func ranks(_ values: [Double]) -> [Double] {
  values.map { value in
    Double(values.count { $0 < value }) + Double(values.count { $0 == value } + 1) / 2
  }
}
