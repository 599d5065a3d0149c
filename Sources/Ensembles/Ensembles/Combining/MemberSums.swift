import CKernels
import Predictions
import Statistics

/// What a combination rule sums over members, and what it makes of the sums.
///
/// CKernels has the same rules as vectors over eight images, which score thousands of subsets without keeping what they
/// predict. This is where predictions are kept: all classes of one image, in the order in which they are written. The tests
/// hold the two to the same fixtures.
///
/// Vectors of a block of images are `[images, C]`; the vote sums two of them, the votes and behind them the
/// log-probabilities that break ties.
struct MemberSums {
  let rule: CombinationRule

  /// What minus infinity counts as in sums of log-probabilities.
  static let leastLogProbability = CONSORT_LEAST_LOGARITHM

  /// How many vectors are summed.
  var vectors: Int { rule == .majorityVote ? 2 : 1 }

  /// Fills `row`, of `vectors` equal parts, with what one member adds to the sums.
  ///
  /// - Parameters:
  ///   - values: `[images, C]`, log-probabilities, no more than fit.
  ///   - classes: C.
  ///   - row: Filled at the beginning of each part, and with 0 behind.
  func load(
    _ values: UnsafeBufferPointer<Float>, classes: Int, into row: UnsafeMutableBufferPointer<Double>
  ) {
    row.update(repeating: 0)
    switch rule {
    case .geometricMean, .logitMean:
      loadLogarithms(values, into: row, at: 0)
    case .arithmeticMean:
      for (index, value) in values.enumerated() { row[index] = exponential(Double(value)) }
    case .majorityVote:
      loadLogarithms(values, into: row, at: row.count / 2)
      for start in stride(from: 0, to: values.count, by: classes) {
        row[start + argmax(values, start..<start + classes)] = 1
      }
    }
  }

  private func loadLogarithms(
    _ values: UnsafeBufferPointer<Float>, into row: UnsafeMutableBufferPointer<Double>,
    at start: Int
  ) {
    for (index, value) in values.enumerated() {
      row[start + index] = max(Double(value), Self.leastLogProbability)
    }
  }
}
