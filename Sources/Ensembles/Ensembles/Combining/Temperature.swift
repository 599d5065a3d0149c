import Predictions

/// A number by which log-probabilities are divided, fitted on hold-out predictions: above 1 it makes them less sure.
///
/// Source: arXiv:1706.04599, section 4.2.
public struct Temperature: Codable, Hashable, Sendable {
  /// In `range`; 1 leaves predictions as they are.
  public let value: Double
  /// The mean negative log-likelihood on the hold-out as it was, in nats.
  public let before: Double
  /// The mean negative log-likelihood on the hold-out with the temperature; never more than `before`.
  public let after: Double
  /// Which images the temperature was fitted on.
  public let validation: DataIdentity
  /// Why there was nothing to fit; nil where a temperature was fitted.
  public let gap: Gap?

  private enum CodingKeys: String, CodingKey {
    case value, before, after, gap
    case validation = "chosenOn"
  }

  /// The temperatures that are tried.
  public static let range = 0.01...100.0

  /// Why there was nothing to fit, and the temperature is 1; nil where one was fitted.
  public enum Gap: String, Codable, Hashable, Sendable {
    /// Every image of the hold-out is right: in decisions of earlier versions, which had no prior for it.
    case noError
    /// The optimum is not in `range`: the hold-out's labels say nothing, or the scores have another scale.
    case noOptimum
    /// Images of the hold-out give their own class the probability 0, as rounded scores do: how little it was is not known,
    /// and would decide alone.
    case roundedToZero

    /// One sentence.
    public var reason: String {
      switch self {
      case .noError:
        "no temperature was fitted: every hold-out image is right, which does not show how often such predictions err"
      case .noOptimum:
        "no temperature was fitted: on the hold-out none between \(range.lowerBound) and \(range.upperBound) is the best"
      case .roundedToZero:
        "no temperature was fitted: hold-out images give their own class the probability 0, as rounded scores do"
      }
    }
  }

  /// Finds the inverse temperature of the least negative log-likelihood under a prior.
  ///
  /// The prior of the inverse b is a gamma distribution with the mode 1, of the density b^s e^(-s b), where s is
  /// `priorStrength`: 95 % of it lie in temperatures of 0.39 to 2.46. The summed negative log-likelihood is convex in b and at
  /// least 0; minus the prior's logarithm, s (b - log b), is strictly convex and grows beyond all bounds towards 0 and infinity.
  /// So for any hold-out, of one image, all right or all wrong, there is exactly one optimum, and it is finite. Of N images the
  /// prior counts about as much as s / N of what they say together.
  ///
  /// The temperature never makes the hold-out's likelihood worse than 1 does. Where images rule their own class out, or the
  /// optimum is not in `range`, the temperature is 1 and `gap` says so.
  ///
  /// - Parameter holdOut: Hold-out predictions, of a member or an ensemble; never those of a test set.
  /// - Throws: `EnsembleError` where the scaled predictions cannot be made.
  ///
  /// Complexity: O(N C) an iteration, of which it takes about ten.
  public init(fittedTo holdOut: Predictions) throws(EnsembleError) {
    validation = holdOut.identity
    before = try Metrics(of: [holdOut]).negativeLogLikelihood
    let isRounded = holdOut.ruledOutCount > 0
    let optimum = isRounded ? nil : Self.optimum(holdOut)
    gap = optimum != nil ? nil : isRounded ? .roundedToZero : .noOptimum
    let fitted = optimum ?? 1
    let after = try Metrics(of: [Self.scaled(holdOut, by: fitted)]).negativeLogLikelihood
    let isBetter = after < before
    value = isBetter ? fitted : 1
    self.after = isBetter ? after : before
  }

  /// How strong the prior is, in pseudo-images: s of the density b^s e^(-s b) of the inverse temperature b.
  public static let priorStrength = 4.0

  /// The temperature of what members make together, fitted to the hold-out.
  ///
  /// - Parameters:
  ///   - combined: What they make of the hold-out, without a temperature of its own.
  ///   - members: What they were made of.
  /// - Returns: nil where a member's hold-out is `roundedToZero`: what is made of it says as little.
  package static func fitted(
    to combined: Predictions, of members: [Predictions]
  ) throws(EnsembleError) -> Temperature? {
    guard members.allSatisfy({ $0.ruledOutCount == 0 }) else { return nil }
    return try Temperature(fittedTo: combined)
  }

  /// Newton's method between bounds that close in on the minimum; nil where it does not lie between the first ones.
  private static func optimum(_ holdOut: Predictions) -> Double? {
    let bounds = (low: 1 / range.upperBound, high: 1 / range.lowerBound)
    var (low, high) = bounds
    let strength = priorStrength / Double(holdOut.count)
    var inverse = 1.0
    for _ in 0..<200 {
      let found = WeightedLikelihood([holdOut], weights: [inverse])
      let gradient = found.gradient[0] + strength * (1 - 1 / inverse)
      let curvature = found.hessian[0][0] + strength / (inverse * inverse)
      if gradient > 0 { high = inverse } else { low = inverse }
      let newton = inverse - gradient / curvature
      let next = newton > low && newton < high ? newton : (low * high).squareRoot()
      let isFound = abs(next - inverse) <= 1e-12 * inverse
      inverse = next
      if isFound { break }
    }
    // Where it came to one of the first bounds, the optimum lies beyond.
    let isInside = inverse > bounds.low * 1.001 && inverse < bounds.high * 0.999
    return isInside ? 1 / inverse : nil
  }

  /// The predictions with this temperature.
  public func scale(_ predictions: Predictions) throws(EnsembleError) -> Predictions {
    try Self.scaled(predictions, by: value)
  }

  package static func scaled(
    _ predictions: Predictions, by temperature: Double
  ) throws(EnsembleError) -> Predictions {
    guard temperature != 1 else { return predictions }
    let values = RowBlocks.make(of: [predictions]) { images, result in
      let scaled = predictions.withLogProbabilities(of: images) { values in
        values.map { max(Double($0), Metrics.leastLogProbability) / temperature }
      }
      Predictions.normalize(scaled, classes: predictions.classes, into: result)
    }
    return try predictions.replacing(values)
  }
}
