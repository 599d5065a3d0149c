import Predictions

/// A geometric mean whose members have weights, fitted on hold-out predictions.
///
/// The combined distribution is softmax(sum over members of weight x log-probability); the weights are at least 0 and sum
/// to 1. Log-probabilities count as no less than `Metrics.leastLogProbability`.
public struct WeightedGeometricMean: Codable, Hashable, Sendable {
  /// The members' names.
  public let members: [String]
  /// Of each member.
  public let weights: [Double]
  /// The mean negative log-likelihood on the hold-out, in nats.
  public let negativeLogLikelihood: Double
  /// Which images the weights were fitted on.
  public let validation: DataIdentity

  private enum CodingKeys: String, CodingKey {
    case members, weights, negativeLogLikelihood
    case validation = "chosenOn"
  }

  /// Finds the weights of the least negative log-likelihood: the minimum of a convex function, the same in every run.
  ///
  /// The hold-out counts one image more, which equal weights fit: few images move the weights little, and of thousands it
  /// is not noticed (`DrawnLikelihood`).
  ///
  /// - Parameter holdOut: Hold-out predictions by all K members, never those of a test set.
  /// - Throws: `EnsembleError` where there are no members, or where they predict different data or share a name.
  ///
  /// Complexity: O(N C K^2) an iteration, of which it takes about ten.
  public init(fittedTo holdOut: [Predictions]) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    members = holdOut.map(\.name)
    validation = holdOut[0].identity
    let equal = Array(repeating: 1 / Double(holdOut.count), count: holdOut.count)
    let likelihood = DrawnLikelihood(holdOut, start: equal)
    var current = likelihood.startingPoint(equal)
    for _ in 0..<Self.mostIterations where holdOut.count > 1 {
      let step = SimplexStep(from: current.weights, current.drawn.gradient, current.drawn.hessian)
      guard step.slope < -Self.smallestSlope else { break }
      guard let next = Self.descend(likelihood, along: step, from: current) else { break }
      current = next
    }
    weights = current.weights
    negativeLogLikelihood = current.value
  }

  private static let mostIterations = 100
  /// Where Newton's step promises less, in nats, the weights stay.
  private static let smallestSlope = 1e-14

  /// Goes along a step until the likelihood gets better by a part of what the slope promises.
  private static func descend(
    _ likelihood: DrawnLikelihood, along step: SimplexStep, from current: DrawnLikelihood.Point
  ) -> DrawnLikelihood.Point? {
    var length = 1.0
    for _ in 0..<40 {
      let found = likelihood(zip(current.weights, step.direction).map { max(0, $0 + length * $1) })
      if found.drawn.value <= current.drawn.value + 1e-4 * length * step.slope { return found }
      length /= 2
    }
    return nil
  }

  /// Combines predictions of the same members, perhaps of other data, found by their names.
  ///
  /// - Throws: `EnsembleError` where a member is missing, or where they predict different data.
  public func combine(_ predictions: [Predictions], name: String) throws(EnsembleError)
    -> Predictions
  {
    let given = try Predictions.of(members, in: predictions)
    let used = zip(given, weights).filter { $0.1 > 0 }
    return try Predictions(weighting: used.map(\.0), by: used.map(\.1), name: name)
  }
}

/// Newton's step for weights that are at least 0 and keep their sum: the minimum of the quadratic model on the simplex.
struct SimplexStep {
  /// What to add to the weights.
  let direction: [Double]
  /// The derivative along the direction; negative, or 0 at the optimum.
  let slope: Double

  /// Moves weight between the two members that gain most by it, until none gain.
  init(from weights: [Double], _ gradient: [Double], _ hessian: [[Double]]) {
    var moved = weights
    var slopes = gradient
    for _ in 0..<10_000 {
      guard let target = slopes.indices.min(by: { slopes[$0] < slopes[$1] }),
        let source = slopes.indices.filter({ moved[$0] > 0 }).max(by: { slopes[$0] < slopes[$1] }),
        slopes[source] - slopes[target] > 1e-15
      else { break }
      let curvature =
        hessian[source][source] + hessian[target][target] - 2 * hessian[source][target]
      let amount = min(moved[source], (slopes[source] - slopes[target]) / max(curvature, 1e-12))
      moved[source] = amount == moved[source] ? 0 : moved[source] - amount
      moved[target] += amount
      for index in slopes.indices {
        slopes[index] += amount * (hessian[index][target] - hessian[index][source])
      }
    }
    let direction = zip(moved, weights).map { $0 - $1 }
    self.direction = direction
    slope = zip(direction, gradient).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
