import Concurrency
import Predictions
import Statistics

/// The negative log-likelihood, summed over images, of the softmax of an affine function of the log-probabilities, with a
/// quadratic penalty on each number's distance from where it is drawn to.
///
/// The numbers are C slopes, or C x C weights by given class and then by calibrated one, and then C intercepts.
/// Log-probabilities count as no less than `Metrics.leastLogProbability`.
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

  /// The numbers at the minimum.
  ///
  /// - Parameters:
  ///   - start: Where the search begins; where the numbers are drawn to, where nil.
  ///   - tolerance: The distance that may be left, in standard errors.
  func minimum(from start: [Double]?, tolerance: Double) -> [Double] {
    let start = start ?? centre
    return ConvexMinimum(
      from: start, curvature: curvature(at: start), tolerance: tolerance, callAsFunction
    ).point
  }

  /// The value, in nats, and its gradient.
  func callAsFunction(_ numbers: [Double]) -> (value: Double, gradient: [Double]) {
    let found = sums(numbers, areCurvatures: false)
    var (value, gradient) = (found.loss, found.numbers)
    for index in gradient.indices {
      let distance = numbers[index] - centre[index]
      value += strengths[index] * distance * distance / 2
      gradient[index] += strengths[index] * distance
    }
    return (value, gradient)
  }

  /// The second derivative by each number.
  private func curvature(at numbers: [Double]) -> [Double] {
    zip(sums(numbers, areCurvatures: true).numbers, strengths).map { $0 + $1 }
  }

  // MARK: - Blocks of images

  private static let blockValues = 1 << 14
  /// Parts at most, so that what each keeps stays small; how images are divided depends on nothing but their number.
  private static let mostParts = 16

  private struct Sums: Sendable {
    var loss = 0.0
    var numbers: [Double]
  }

  /// The loss of all images, and its first or second derivatives by the numbers.
  private func sums(_ numbers: [Double], areCurvatures: Bool) -> Sums {
    let count = holdOut.count
    let rows = max(1, Self.blockValues / classes)
    let blocks = (count + rows - 1) / rows
    let parts = min(blocks, Self.mostParts)
    let found = parallelMap(parts) { part in
      var sums = Sums(numbers: Array(repeating: 0, count: numbers.count))
      for block in blocks * part / parts..<blocks * (part + 1) / parts {
        let images = block * rows..<min((block + 1) * rows, count)
        var values = holdOut.flooredLogProbabilities(of: images)
        var factors = probabilities(scores(values, numbers), images, loss: &sums.loss)
        if areCurvatures {
          for index in factors.indices { factors[index] *= 1 - factors[index] }
          for index in values.indices { values[index] *= values[index] }
        } else {
          for (row, image) in images.enumerated() {
            factors[row * classes + Int(holdOut.labels[image])] -= 1
          }
        }
        add(factors, times: values, to: &sums.numbers)
      }
      return sums
    }
    return found.reduce(into: Sums(numbers: Array(repeating: 0, count: numbers.count))) {
      $0.loss += $1.loss
      for index in $1.numbers.indices { $0.numbers[index] += $1.numbers[index] }
    }
  }

  /// `[images, C]`, not normalised.
  private func scores(_ values: [Double], _ numbers: [Double]) -> [Double] {
    let (classes, isFull) = (classes, isFull)
    return [Double](unsafeUninitializedCapacity: values.count) { scores, count in
      count = values.count
      numbers.withUnsafeBufferPointer { numbers in
        let intercepts = numbers.count - classes
        for start in stride(from: 0, to: values.count, by: classes) {
          for c in 0..<classes { scores[start + c] = numbers[intercepts + c] }
          if isFull {
            for given in 0..<classes {
              let (value, row) = (values[start + given], given * classes)
              for c in 0..<classes { scores[start + c] += numbers[row + c] * value }
            }
          } else {
            for c in 0..<classes { scores[start + c] += numbers[c] * values[start + c] }
          }
        }
      }
    }
  }

  /// `[images, C]`; adds what the labels cost.
  private func probabilities(
    _ scores: [Double], _ images: Range<Int>, loss: inout Double
  ) -> [Double] {
    let classes = classes
    var shifted = scores
    shifted.withUnsafeMutableBufferPointer { shifted in
      for start in stride(from: 0, to: shifted.count, by: classes) {
        var greatest = -Double.infinity
        for c in 0..<classes { greatest = max(greatest, shifted[start + c]) }
        for c in 0..<classes { shifted[start + c] -= greatest }
      }
    }
    var probabilities = exponentials(shifted)
    probabilities.withUnsafeMutableBufferPointer { probabilities in
      for (row, image) in images.enumerated() {
        let start = row * classes
        var total = 0.0
        for c in 0..<classes { total += probabilities[start + c] }
        loss += naturalLogarithm(total) - shifted[start + Int(holdOut.labels[image])]
        let scale = 1 / total
        for c in 0..<classes { probabilities[start + c] *= scale }
      }
    }
    return probabilities
  }

  /// Adds factor x value to each weight or slope, and the factor to the intercept.
  private func add(_ factors: [Double], times values: [Double], to numbers: inout [Double]) {
    let (classes, isFull) = (classes, isFull)
    numbers.withUnsafeMutableBufferPointer { numbers in
      factors.withUnsafeBufferPointer { factors in
        let intercepts = numbers.count - classes
        for start in stride(from: 0, to: values.count, by: classes) {
          for c in 0..<classes { numbers[intercepts + c] += factors[start + c] }
          if isFull {
            for given in 0..<classes {
              let (value, row) = (values[start + given], given * classes)
              for c in 0..<classes { numbers[row + c] += factors[start + c] * value }
            }
          } else {
            for c in 0..<classes { numbers[c] += factors[start + c] * values[start + c] }
          }
        }
      }
    }
  }
}
