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
  public let chosenOn: DataIdentity

  /// The temperatures that are tried.
  public static let range = 0.01...100.0

  /// Finds the temperature of the least negative log-likelihood.
  ///
  /// The likelihood is convex in the inverse of the temperature. Where no temperature is better than 1, it is 1.
  ///
  /// - Parameter holdOut: Hold-out predictions, of a member or an ensemble; never those of a test set.
  /// - Throws: `EnsembleError` where the scaled predictions cannot be made.
  ///
  /// Complexity: O(N C) an iteration, of which it takes about ten.
  public init(fittedTo holdOut: Predictions) throws(EnsembleError) {
    chosenOn = holdOut.identity
    before = try Metrics(of: [holdOut]).negativeLogLikelihood
    let fitted = 1 / Self.inverse(holdOut)
    let after = try Metrics(of: [Self.scaled(holdOut, by: fitted)]).negativeLogLikelihood
    let isBetter = after < before
    value = isBetter ? fitted : 1
    self.after = isBetter ? after : before
  }

  /// Newton's method between bounds that close in on the minimum.
  private static func inverse(_ holdOut: Predictions) -> Double {
    var (low, high) = (1 / range.upperBound, 1 / range.lowerBound)
    var inverse = 1.0
    for _ in 0..<200 {
      let found = WeightedLikelihood([holdOut], weights: [inverse])
      if found.gradient[0] > 0 { high = inverse } else { low = inverse }
      let newton = inverse - found.gradient[0] / found.hessian[0][0]
      let next = newton > low && newton < high ? newton : (low * high).squareRoot()
      if abs(next - inverse) <= 1e-12 * inverse { return next }
      inverse = next
    }
    return inverse
  }

  /// The predictions with this temperature.
  public func scale(_ predictions: Predictions) throws(EnsembleError) -> Predictions {
    try Self.scaled(predictions, by: value)
  }

  static func scaled(
    _ predictions: Predictions, by temperature: Double
  ) throws(EnsembleError) -> Predictions {
    guard temperature != 1 else { return predictions }
    let scaled = predictions.withLogProbabilities { values in
      values.map { max(Double($0), Metrics.leastLogProbability) / temperature }
    }
    return try predictions.replacing(Predictions.normalised(scaled, classes: predictions.classes))
  }
}

extension Predictions {
  /// The same member's predictions with other log-probabilities.
  func replacing(_ logProbabilities: [Float]) throws(EnsembleError) -> Predictions {
    try Predictions(
      source: source, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split, fingerprint: fingerprint,
      values: .resident(logProbabilities), labels: labels, classes: classes)
  }
}
