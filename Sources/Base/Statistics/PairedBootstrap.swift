import Randomness

/// The bootstrap over images of several mean accuracies, with the same resampled images for all of them, so that the
/// difference of any two is a paired one.
///
/// Over more than `mostResampledImages` its limit is taken, the normal distribution: the two differ by less than the chance
/// of the resamples.
///
/// Complexity: O(R N M) for R resamples of N images and M columns, O(R (N + D M)) where things are right or wrong and images
/// differ in D ways; O(N M) for the limit.
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
    let rows = ResampledRows(columns, images: images)
    var means = Array(
      repeating: Array(repeating: 0.0, count: resampleCount), count: width)
    var generator = RandomStream(seed: seed)
    var sums = [Double](repeating: 0, count: width)
    for resample in 0..<resampleCount {
      rows.sum(drawnBy: &generator, into: &sums)
      for column in 0..<width { means[column][resample] = sums[column] / Double(images) }
    }
    self.means = means
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

/// Images as rows, so that the innermost loop runs over columns.
private struct ResampledRows {
  /// `[D, M]`.
  private let rows: [Double]
  /// `[N]`: of each image its row.
  private let rowOf: [Int32]
  private let rowCount: Int

  /// - Parameter columns: `[M][N]`.
  init(_ columns: [[Double]], images: Int) {
    // Sums of zeros and ones are exact in any order: images that are alike need one row.
    let isCounted = columns.allSatisfy { $0.allSatisfy { $0 == 0 || $0 == 1 } }
    var rows: [Double] = []
    var rowOf: [Int32] = []
    var known: [[UInt64]: Int32] = [:]
    for image in 0..<images {
      if isCounted {
        let key = Self.bits(of: image, in: columns)
        if let row = known[key] {
          rowOf.append(row)
          continue
        }
        known[key] = Int32(known.count)
      }
      rowOf.append(isCounted ? Int32(known.count - 1) : Int32(image))
      for column in columns { rows.append(column[image]) }
    }
    self.rows = rows
    self.rowOf = rowOf
    rowCount = isCounted ? known.count : images
  }

  private static func bits(of image: Int, in columns: [[Double]]) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: (columns.count + 63) / 64)
    for (place, column) in columns.enumerated() where column[image] == 1 {
      words[place / 64] |= 1 << UInt64(place % 64)
    }
    return words
  }

  /// Sets `sums` to the columns' sums over as many images, drawn with replacement.
  func sum(drawnBy generator: inout RandomStream, into sums: inout [Double]) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowCount) { draws in
      draws.initialize(repeating: 0)
      rowOf.withUnsafeBufferPointer { rowOf in
        for _ in rowOf.indices { draws[Int(rowOf[generator.integer(below: rowOf.count)])] += 1 }
      }
      sum(weightedBy: UnsafeBufferPointer(draws), into: &sums)
    }
  }

  private func sum(weightedBy draws: UnsafeBufferPointer<Int32>, into sums: inout [Double]) {
    rows.withUnsafeBufferPointer { rows in
      sums.withUnsafeMutableBufferPointer { sums in
        sums.update(repeating: 0)
        let width = sums.count
        for row in draws.indices where draws[row] > 0 {
          let weight = Double(draws[row])
          for column in 0..<width { sums[column] += weight * rows[row * width + column] }
        }
      }
    }
  }
}
