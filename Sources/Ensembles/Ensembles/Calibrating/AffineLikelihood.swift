import Concurrency
import Predictions
import Statistics

/// The negative log-likelihood, summed over images, of the softmax of an affine function of the log-probabilities, with a
/// quadratic penalty on each number's distance from where it is drawn to.
///
/// The numbers are C slopes, or C x C weights in rows, and then C intercepts. Log-probabilities count as no less than
/// `Metrics.leastLogProbability`.
struct AffineLikelihood: Sendable {
  private let holdOut: Predictions
  private let isFull: Bool
  private let centre: [Double]
  private let strengths: [Double]

  /// - Parameters:
  ///   - isFull: Whether there are weights for all pairs of classes.
  ///   - centre: Where each number is drawn to.
  ///   - strengths: Of the penalty, `strength x distance^2 / 2`; above 0.
  init(_ holdOut: Predictions, isFull: Bool, centre: [Double], strengths: [Double]) {
    self.holdOut = holdOut
    self.isFull = isFull
    self.centre = centre
    self.strengths = strengths
  }

  private var classes: Int { holdOut.classes }
  /// Where the intercepts begin.
  private var intercepts: Int { centre.count - classes }

  /// The numbers at the minimum.
  ///
  /// - Parameter tolerance: The distance that may be left, in standard errors.
  func minimum(tolerance: Double) -> [Double] {
    ConvexMinimum(
      from: centre, curvature: curvature(at: centre), tolerance: tolerance, callAsFunction
    ).point
  }

  /// The value, in nats, and its gradient.
  func callAsFunction(_ numbers: [Double]) -> (value: Double, gradient: [Double]) {
    let parts = sums(numbers) { values, residuals, sums in
      add(residuals, times: values, squared: false, to: &sums)
    }
    var value = parts.reduce(0) { $0 + $1.loss }
    var gradient = [Double](repeating: 0, count: numbers.count)
    for part in parts { for index in gradient.indices { gradient[index] += part.numbers[index] } }
    for index in gradient.indices {
      let distance = numbers[index] - centre[index]
      value += strengths[index] * distance * distance / 2
      gradient[index] += strengths[index] * distance
    }
    return (value, gradient)
  }

  /// The second derivative by each number.
  private func curvature(at numbers: [Double]) -> [Double] {
    let labels = holdOut.labels
    let parts = sums(numbers) { values, residuals, sums in
      // What was taken from the label's probability is given back.
      let variances = residuals.enumerated().map { index, residual in
        let image = sums.images + index / classes
        let p = residual + (labels[image] == Int64(index % classes) ? 1 : 0)
        return p * (1 - p)
      }
      add(variances, times: values, squared: true, to: &sums)
    }
    var curvature = strengths
    for part in parts {
      for index in curvature.indices { curvature[index] += part.numbers[index] }
    }
    return curvature
  }

  // MARK: - Blocks of images

  private struct Sums: Sendable {
    /// How many images before the block.
    var images: Int
    var loss = 0.0
    var numbers: [Double]
  }

  private static let blockValues = 1 << 14
  /// Parts at most, so that what each keeps stays small; how images are divided depends on nothing but their number.
  private static let mostParts = 16

  /// What `body` makes of each block's log-probabilities and of its probabilities less the label's 1, both `[images, C]`.
  private func sums(
    _ numbers: [Double],
    _ body: @Sendable (_ values: [Double], _ residuals: [Double], inout Sums) -> Void
  ) -> [Sums] {
    let count = holdOut.count
    let rows = max(1, Self.blockValues / classes)
    let blocks = (count + rows - 1) / rows
    let parts = min(blocks, Self.mostParts)
    return parallelMap(parts) { part in
      var sums = Sums(images: 0, numbers: Array(repeating: 0, count: numbers.count))
      for block in blocks * part / parts..<blocks * (part + 1) / parts {
        let images = block * rows..<min((block + 1) * rows, count)
        sums.images = images.lowerBound
        let values = holdOut.flooredLogProbabilities(of: images)
        let residuals = residuals(scores(values, numbers), images, loss: &sums.loss)
        body(values, residuals, &sums)
      }
      return sums
    }
  }

  private func scores(_ values: [Double], _ numbers: [Double]) -> [Double] {
    let classes = classes
    return [Double](unsafeUninitializedCapacity: values.count) { scores, count in
      count = values.count
      for start in stride(from: 0, to: values.count, by: classes) {
        for c in 0..<classes {
          var score = numbers[intercepts + c]
          if isFull {
            for other in 0..<classes {
              score += numbers[c * classes + other] * values[start + other]
            }
          } else {
            score += numbers[c] * values[start + c]
          }
          scores[start + c] = score
        }
      }
    }
  }

  /// Probabilities less 1 for the label.
  private func residuals(
    _ scores: [Double], _ images: Range<Int>, loss: inout Double
  ) -> [Double] {
    var shifted = scores
    for start in stride(from: 0, to: shifted.count, by: classes) {
      let row = start..<start + classes
      let greatest = shifted[row].reduce(-.infinity, max)
      for place in row { shifted[place] -= greatest }
    }
    var residuals = exponentials(shifted)
    for image in images {
      let start = (image - images.lowerBound) * classes
      let row = start..<start + classes
      let label = start + Int(holdOut.labels[image])
      let total = residuals[row].reduce(0, +)
      loss += naturalLogarithm(total) - shifted[label]
      for place in row { residuals[place] /= total }
      residuals[label] -= 1
    }
    return residuals
  }

  /// Adds factor x value (or its square) to each number that it belongs to.
  private func add(
    _ factors: [Double], times values: [Double], squared: Bool, to sums: inout Sums
  ) {
    let (classes, intercepts) = (classes, intercepts)
    let values = squared ? values.map { $0 * $0 } : values
    sums.numbers.withUnsafeMutableBufferPointer { numbers in
      for start in stride(from: 0, to: values.count, by: classes) {
        for c in 0..<classes {
          let factor = factors[start + c]
          numbers[intercepts + c] += factor
          if isFull {
            for other in 0..<classes {
              numbers[c * classes + other] += factor * values[start + other]
            }
          } else {
            numbers[c] += factor * values[start + c]
          }
        }
      }
    }
  }
}
