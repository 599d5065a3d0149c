import Randomness

/// The bootstrap over images of several mean accuracies, with the same resampled images for all of them, so that the
/// difference of any two is a paired one.
///
/// Over more than `mostResampledImages` its limit is taken, the normal distribution: the two differ by less than the chance
/// of the resamples.
///
/// Complexity: O(R N M) for R resamples of N images and M columns; O(N M) for the limit.
package struct PairedBootstrap {
  /// `[M][R]`: each column's mean over each resample.
  private let means: [[Double]]
  /// The columns, where the limit is taken.
  private let columns: [[Double]]

  /// The most images that are resampled.
  package static let mostResampledImages = 200_000

  /// - Parameters:
  ///   - columns: `[M][N]`: for each of M things, its accuracy on each image, in `0...1`.
  ///   - resampleCount: R.
  ///   - seed: Of the resamples.
  package init(columns: [[Double]], resampleCount: Int = 2000, seed: UInt64) {
    let width = columns.count
    let images = columns.first?.count ?? 0
    guard images <= Self.mostResampledImages else {
      (self.columns, means) = (columns, [])
      return
    }
    self.columns = []
    let rows = Self.rows(of: columns, images: images)
    var means = Array(
      repeating: Array(repeating: 0.0, count: resampleCount), count: width)
    var generator = RandomStream(seed: seed)
    var draws = [Int32](repeating: 0, count: images)
    var sums = [Double](repeating: 0, count: width)
    for resample in 0..<resampleCount {
      draws.withUnsafeMutableBufferPointer { draws in
        draws.update(repeating: 0)
        for _ in 0..<images { draws[generator.integer(below: images)] += 1 }
      }
      Self.sum(rows, weightedBy: draws, into: &sums)
      for column in 0..<width { means[column][resample] = sums[column] / Double(images) }
    }
    self.means = means
  }

  /// `[N, M]`, so that the innermost loop runs over columns.
  private static func rows(of columns: [[Double]], images: Int) -> [Double] {
    var rows = [Double](repeating: 0, count: images * columns.count)
    for (index, column) in columns.enumerated() {
      for image in 0..<images { rows[image * columns.count + index] = column[image] }
    }
    return rows
  }

  private static func sum(
    _ rows: [Double], weightedBy draws: [Int32], into sums: inout [Double]
  ) {
    rows.withUnsafeBufferPointer { rows in
      sums.withUnsafeMutableBufferPointer { sums in
        sums.update(repeating: 0)
        let width = sums.count
        for image in draws.indices where draws[image] > 0 {
          let weight = Double(draws[image])
          let start = image * width
          for column in 0..<width { sums[column] += weight * rows[start + column] }
        }
      }
    }
  }

  /// The central 95 % of the resampled differences of column `first` from column `second`, by linear interpolation
  /// between order statistics.
  package func interval(_ first: Int, minus second: Int) -> ClosedRange<Double> {
    guard columns.isEmpty else { return limit(columns[first], minus: columns[second]) }
    let differences = zip(means[first], means[second]).map { $0 - $1 }.sorted()
    let lower = [Double].quantile(0.025, ofSorted: differences)
    return lower...max(lower, [Double].quantile(0.975, ofSorted: differences))
  }

  /// The central 95 % of the normal distribution that the resampled differences have in the limit.
  private func limit(_ first: [Double], minus second: [Double]) -> ClosedRange<Double> {
    let count = Double(first.count)
    let mean = zip(first, second).reduce(0) { $0 + $1.0 - $1.1 } / count
    let squares = zip(first, second).reduce(0) { sum, pair in
      let deviation = pair.0 - pair.1 - mean
      return sum + deviation * deviation
    }
    let half = NormalDistribution.quantile975 * (squares / count / count).squareRoot()
    return mean - half...mean + half
  }
}
