import CEnsembles

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
    let lanes = Int(CONSORT_LANES)
    let width = (members[0].classes + lanes - 1) / lanes * lanes
    let parts = ImageBlocks(members).map(
      initial: {
        Sums(
          gradient: Array(repeating: 0, count: count),
          hessian: Array(repeating: 0, count: count * count))
      },
      { sums, _, images in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width * (count + 1) + count) {
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
