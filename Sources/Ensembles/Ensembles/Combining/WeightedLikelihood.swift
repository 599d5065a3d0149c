import CKernels
import Predictions

/// The mean negative log-likelihood of softmax(sum over members of weight x log-probability), with its derivatives by the
/// weights. It is convex in them.
///
/// Log-probabilities count as no less than `Metrics.leastLogProbability`, so that a member's zero leaves it finite.
struct WeightedLikelihood {
  /// In nats.
  let value: Double
  /// `[K]`.
  let gradient: [Double]
  /// `[K][K]`.
  let hessian: [[Double]]

  fileprivate init(value: Double, gradient: [Double], hessian: [[Double]]) {
    self.value = value
    self.gradient = gradient
    self.hessian = hessian
  }

  private struct Sums: Sendable {
    var value = 0.0
    var gradient: [Double]
    var hessian: [Double]
  }

  /// - Parameters:
  ///   - members: Of the same data; K of them, at least one.
  ///   - weights: `[K]`.
  init(_ members: [Predictions], weights: [Double]) {
    let count = members.count
    let scratchCount = consort_weighted_likelihood_scratch(
      Int64(members[0].classes), Int64(count))
    let parts = ImageBlocks(members).map(
      initial: {
        Sums(
          gradient: Array(repeating: 0, count: count),
          hessian: Array(repeating: 0, count: count * count))
      },
      { sums, _, images in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: Int(scratchCount)) {
          scratch in
          sums.gradient.withUnsafeMutableBufferPointer { gradient in
            sums.hessian.withUnsafeMutableBufferPointer { hessian in
              consort_weighted_likelihood(
                images, weights, Metrics.leastLogProbability, scratch.baseAddress, &sums.value,
                gradient.baseAddress, hessian.baseAddress)
            }
          }
        }
      })
    let images = Double(members[0].count)
    value = parts.reduce(0) { $0 + $1.value } / images
    gradient = (0..<count).map { place in parts.reduce(0) { $0 + $1.gradient[place] } / images }
    hessian = (0..<count).map { row in
      (0..<count).map { column in
        parts.reduce(0) { $0 + $1.hessian[row * count + column] } / images
      }
    }
  }
}

// MARK: - A start that it is drawn to

/// A likelihood that is drawn towards the weights where a fit starts, so that it has an optimum on few images and on images
/// without an error: as if `pseudoImages` further images like these were there, labelled by the probabilities at the start.
///
/// Its optimum differs from the likelihood's by about `pseudoImages` in N of its distance from the start: of thousands of
/// images, by less than a thousandth of it.
struct DrawnLikelihood {
  /// How many images the start counts as.
  static let pseudoImages = 1.0

  /// The likelihood of the images alone at the start.
  let start: WeightedLikelihood
  private let members: [Predictions]
  private let share: Double

  /// - Parameters:
  ///   - members: Of the same data; K of them, at least one.
  ///   - weights: `[K]`, where the fit starts.
  init(_ members: [Predictions], start weights: [Double]) {
    self.members = members
    start = WeightedLikelihood(members, weights: weights)
    share = Self.pseudoImages / Double(members[0].count)
  }

  /// One place of a fit.
  struct Point {
    /// `[K]`.
    let weights: [Double]
    /// The likelihood of the images alone, in nats.
    let value: Double
    /// The likelihood that is drawn to the start, with its derivatives.
    let drawn: WeightedLikelihood
  }

  /// Where the fit starts.
  func startingPoint(_ weights: [Double]) -> Point { point(weights, start) }

  /// The likelihood at the weights.
  func callAsFunction(_ weights: [Double]) -> Point {
    point(weights, WeightedLikelihood(members, weights: weights))
  }

  /// The pseudo-images' likelihood is that of the images less what the labels' log-probabilities and those that the start
  /// expects differ by, which is the gradient at the start.
  private func point(_ weights: [Double], _ found: WeightedLikelihood) -> Point {
    let slope = zip(weights, start.gradient).reduce(0) { $0 + $1.0 * $1.1 }
    let drawn = WeightedLikelihood(
      value: found.value * (1 + share) - share * slope,
      gradient: zip(found.gradient, start.gradient).map { $0 * (1 + share) - share * $1 },
      hessian: found.hessian.map { $0.map { $0 * (1 + share) } })
    return Point(weights: weights, value: found.value, drawn: drawn)
  }
}
