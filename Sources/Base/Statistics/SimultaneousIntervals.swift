import Randomness

/// Differences of several things from one reference on the same images, looked at together: intervals that hold for all of
/// them at once, p-values corrected for their number, and which of them may be the best.
///
/// A paired bootstrap over images: each resample holds the same images for all. Intervals reach as many standard errors to
/// each side as the greatest of the resamples' studentised differences does in all but the level's share of them; p-values
/// are stepped down in the same resamples. A thing may be the best unless, against some other, it lies further behind than
/// the greatest of such differences in the resamples. All of these hold as the number of images grows. Of more than
/// `PairedBootstrap.mostResampledImages` the resamples are drawn from the normal distribution that they have in the limit.
/// Where few images differ the resamples promise too much: so no p-value is below that of `McNemarTest` of the one
/// difference, which is exact there and in which only images count that differ, no interval is without 0 where its p-value
/// is above the level, and nothing lies behind what it does not differ from by that test.
///
/// Sources: Romano and Wolf, doi:10.1111/j.1468-0262.2005.00615.x; Westfall and Young, Resampling-Based Multiple Testing,
/// 1993; the set of the best: Hansen, Lunde and Nason, doi:10.3982/ECTA5771, in one step with the greatest t.
///
/// Complexity: O(R (N + D M + M^2)) for R resamples of N images, which differ in D ways, and M things; O((D + R) M^2) for the
/// limit.
package struct SimultaneousIntervals {
  /// Of each thing, its mean less the reference's.
  package let differences: [Double]
  /// Of each thing, half the width of its interval; that of 0 for the reference itself, or what never differs from it, is
  /// one image's.
  package let halfWidths: [Double]
  /// Of each thing, two-sided and corrected for all of them, no less than McNemar's; 1 where it never differs.
  package let adjustedPValues: [Double]
  /// Whether each thing, the reference last, may be the best of all.
  package let isAmongBest: [Bool]

  /// - Parameters:
  ///   - differences: `[M][N]`: of each thing, its value less the reference's on each image, in -1, 0, 1.
  ///   - confidence: That intervals hold and that the set of the best holds it, in `0..<1`.
  ///   - resampleCount: R.
  ///   - seed: Of the resamples.
  package init(
    differences columns: [[Int8]], confidence: Double, resampleCount: Int = 2000, seed: UInt64
  ) {
    let sample = DifferingImages(columns)
    let observed = sample.moments()
    var greatest = [Double](repeating: 0, count: resampleCount)
    var studentized = [[Double]](
      repeating: Array(repeating: 0, count: resampleCount), count: columns.count)
    var best = BestSet(observed, sample, level: 1 - confidence)
    var generator = RandomStream(seed: seed, 0x6D61_7874)
    for resample in 0..<resampleCount {
      let drawn = sample.moments(using: &generator, around: observed)
      for column in columns.indices {
        let value = abs(drawn.means[column] - observed.means[column]) / drawn.errors[column]
        studentized[column][resample] = value
        greatest[resample] = max(greatest[resample], value)
      }
      best.add(drawn.means)
    }
    self.differences = observed.means
    let reach = [Double].nearestRank(confidence, ofSorted: greatest.sorted())
    let pValues = zip(Self.stepDown(observed, studentized), columns.indices).map { pValue, column in
      max(pValue, sample.pairPValue(column, columns.count))
    }
    adjustedPValues = pValues
    halfWidths = columns.indices.map { column in
      let half = reach * observed.errors[column]
      return pValues[column] > 1 - confidence ? max(half, abs(observed.means[column])) : half
    }
    isAmongBest = best.members(level: 1 - confidence)
  }

  /// From the clearest down: of the resamples in which what is left is as clear, and no less than of what came before.
  private static func stepDown(_ observed: Moments, _ studentized: [[Double]]) -> [Double] {
    let clearness = observed.means.indices.map { abs(observed.means[$0]) / observed.errors[$0] }
    let ascending = clearness.indices.sorted { (clearness[$0], $0) < (clearness[$1], $1) }
    var values = [Double](repeating: 1, count: clearness.count)
    var greatest = [Double](repeating: 0, count: studentized.first?.count ?? 0)
    for column in ascending {
      for (place, value) in studentized[column].enumerated() {
        greatest[place] = max(greatest[place], value)
      }
      let count = greatest.count { $0 >= clearness[column] }
      values[column] = Double(count + 1) / Double(greatest.count + 1)
    }
    var least = 0.0
    for column in ascending.reversed() {
      least = max(least, values[column])
      values[column] = least
    }
    return values
  }
}

/// Of each thing.
private struct Moments {
  let means: [Double]
  /// Standard errors, as if one image more differed: none is 0.
  let errors: [Double]

  init(means: [Double], errors: [Double]) {
    self.means = means
    self.errors = errors
  }

  init(sums: [Int], squares: [Int], images: Int) {
    let count = Double(max(images, 1))
    means = sums.map { Double($0) / count }
    errors = zip(sums, squares).map { sum, square in
      let mean = Double(sum) / count
      return ((max(0, Double(square) / count - mean * mean) + 1 / count) / count).squareRoot()
    }
  }
}

/// The images on which something differs from the reference; of the others only the number matters.
private struct DifferingImages {
  /// `[D, M]`: those that differ in the same way, once.
  let rows: [Int8]
  /// `[D]`: how many images differ in this way.
  let counts: [Int32]
  let width: Int
  let images: Int
  /// For each image that differs, its row; empty where resamples are of the limit.
  private let rowOf: [Int32]
  /// Of the limit, what makes its differences of independent ones.
  private let factor: [[Double]]

  init(_ columns: [[Int8]]) {
    width = columns.count
    images = columns.first?.count ?? 0
    var rows: [Int8] = []
    var counts: [Int32] = []
    var rowOf: [Int32] = []
    var known: [[Int8]: Int] = [:]
    for image in 0..<images where columns.contains(where: { $0[image] != 0 }) {
      let row = columns.map { $0[image] }
      let place = known[row] ?? counts.count
      if place == counts.count {
        known[row] = place
        rows += row
        counts.append(0)
      }
      counts[place] += 1
      rowOf.append(Int32(place))
    }
    self.rows = rows
    self.counts = counts
    let isLimit = images > PairedBootstrap.mostResampledImages
    self.rowOf = isLimit ? [] : rowOf
    factor = isLimit ? Self.factor(rows, counts, width: width, images: images) : []
  }

  func moments() -> Moments { moments(counts) }

  /// Of as many images, drawn with replacement.
  func moments(using generator: inout RandomStream, around observed: Moments) -> Moments {
    guard images <= PairedBootstrap.mostResampledImages else {
      return limit(using: &generator, around: observed)
    }
    var weights = [Int32](repeating: 0, count: counts.count)
    for _ in 0..<images {
      let drawn = generator.integer(below: images)
      if drawn < rowOf.count { weights[Int(rowOf[drawn])] += 1 }
    }
    return moments(weights)
  }

  /// Normal, with the images' covariances.
  private func limit(using generator: inout RandomStream, around observed: Moments) -> Moments {
    // Of 64 coins, as good as normal.
    let draws = (0..<width).map { _ in Double(generator.next().nonzeroBitCount - 32) / 4 }
    let means = observed.means.indices.map { row in
      observed.means[row] + zip(factor[row], draws).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return Moments(means: means, errors: observed.errors)
  }

  /// Cholesky's factor, row by row, of the covariances of the means; what depends on things before it adds nothing.
  private static func factor(
    _ rows: [Int8], _ counts: [Int32], width: Int, images: Int
  ) -> [[Double]] {
    let total = Double(images)
    var sums = [Double](repeating: 0, count: width)
    var products = [[Double]](repeating: Array(repeating: 0, count: width), count: width)
    for (row, count) in counts.enumerated() {
      let values = rows[row * width..<(row + 1) * width].map { Double($0) }
      for first in 0..<width where values[first] != 0 {
        sums[first] += Double(count) * values[first]
        for second in 0...first {
          products[first][second] += Double(count) * values[first] * values[second]
        }
      }
    }
    var factor = [[Double]]()
    for row in 0..<width {
      var own = [Double](repeating: 0, count: row + 1)
      for column in 0...row {
        let covariance =
          (products[row][column] / total - sums[row] * sums[column] / (total * total)) / total
        let other = column < row ? factor[column] : own
        let rest = covariance - (0..<column).reduce(0) { $0 + own[$1] * other[$1] }
        if column == row {
          own[column] = rest > 1e-9 * covariance ? rest.squareRoot() : 0
        } else {
          own[column] = other[column] > 0 ? rest / other[column] : 0
        }
      }
      factor.append(own)
    }
    return factor
  }

  private func moments(_ weights: [Int32]) -> Moments {
    var sums = [Int](repeating: 0, count: width)
    var squares = sums
    rows.withUnsafeBufferPointer { rows in
      sums.withUnsafeMutableBufferPointer { sums in
        squares.withUnsafeMutableBufferPointer { squares in
          for row in weights.indices where weights[row] > 0 {
            let weight = Int(weights[row])
            for column in 0..<width {
              let value = Int(rows[row * width + column])
              sums[column] += weight * value
              squares[column] += weight * value * value
            }
          }
        }
      }
    }
    return Moments(sums: sums, squares: squares, images: images)
  }

  /// The standard error of the difference of two things, the reference being the last; as if one image more differed.
  func error(_ first: Int, _ second: Int) -> Double {
    let (sum, square) = sums(first, second)
    return Moments(sums: [sum], squares: [square], images: images).errors[0]
  }

  /// Of McNemar's test of whether two things are equal, the reference being the last.
  func pairPValue(_ first: Int, _ second: Int) -> Double {
    let (sum, square) = sums(first, second)
    return McNemarTest(
      onlyFirst: (square + sum) / 2, onlySecond: (square - sum) / 2, images: images
    ).pValue
  }

  /// Of the difference on each image, and of its square.
  private func sums(_ first: Int, _ second: Int) -> (sum: Int, square: Int) {
    var (sum, square) = (0, 0)
    for (row, count) in counts.enumerated() {
      let value =
        (first < width ? Int(rows[row * width + first]) : 0)
        - (second < width ? Int(rows[row * width + second]) : 0)
      sum += Int(count) * value
      square += Int(count) * value * value
    }
    return (sum, square)
  }
}

/// Which things may be the best, the reference being the last.
private struct BestSet {
  /// `[M + 1]` of what was seen.
  private let means: [Double]
  /// `[M + 1][M + 1]`: 1 / the standard error of each difference.
  private let scales: [[Double]]
  /// How far each lies behind the one it lies furthest behind, in standard errors.
  private let behind: [Double]
  private var exceedances: [Int]
  private var resamples = 0

  init(_ observed: Moments, _ sample: DifferingImages, level: Double) {
    let means = observed.means + [0]
    let count = means.count
    let scales = (0..<count).map { first in
      (0..<count).map { 1 / sample.error(first, $0) }
    }
    self.means = means
    self.scales = scales
    behind = (0..<count).map { own in
      (0..<count).filter {
        means[$0] > means[own] && sample.pairPValue(own, $0) <= level
      }.map { (means[$0] - means[own]) * scales[own][$0] }.max() ?? 0
    }
    exceedances = Array(repeating: 0, count: count)
  }

  mutating func add(_ drawn: [Double]) {
    let moved = zip(drawn + [0], means).map { $0 - $1 }
    resamples += 1
    for own in moved.indices {
      var greatest = 0.0
      for other in moved.indices where other != own {
        greatest = max(greatest, (moved[other] - moved[own]) * scales[own][other])
      }
      if greatest >= behind[own] { exceedances[own] += 1 }
    }
  }

  func members(level: Double) -> [Bool] {
    exceedances.map { Double($0 + 1) / Double(resamples + 1) > level }
  }
}
