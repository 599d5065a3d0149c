import Predictions

/// What predictions are judged by: how many are wrong, or what their errors cost.
public enum Objective: Hashable, Sendable {
  /// Every error counts alike, and the most probable class is predicted.
  case accuracy
  /// Errors cost what the table says.
  case errorCosts(ErrorCosts, DecisionRule = .leastExpectedCost)

  /// Which class is predicted where errors cost differently.
  public enum DecisionRule: String, Codable, CaseIterable, Hashable, Sendable {
    /// The most probable one.
    case mostProbable
    /// The one whose expected cost is least, as the probabilities have it: Bayes' decision. It is as good as they are.
    case leastExpectedCost
  }

  /// `[N]`: the predicted class of each image.
  public func decisions(of predictions: Predictions) -> [Int] {
    switch self {
    case .accuracy, .errorCosts(_, .mostProbable): predictions.predictedClasses()
    case .errorCosts(let costs, .leastExpectedCost): costs.decisions(of: predictions)
    }
  }

  /// `[N]`: what each image's prediction loses, in `0...1`, the less the better: 1 for an error and 0 for none, or its cost
  /// as `ErrorCosts.loss` scales it.
  public func losses(of predictions: Predictions) -> [Double] {
    losses(of: decisions(of: predictions), labels: predictions.labels)
  }

  /// `[N]`: the same of predicted classes.
  ///
  /// - Parameters:
  ///   - decisions: `[N]`, in `0..<C`.
  ///   - labels: `[N]`, in `0..<C`.
  public func losses(of decisions: [Int], labels: [Int64]) -> [Double] {
    zip(labels, decisions).map { label, predicted in
      switch self {
      case .accuracy: Int(label) == predicted ? 0 : 1
      case .errorCosts(let costs, _): costs.loss(label: Int(label), predicted: predicted)
      }
    }
  }

  /// The mean over images of what a prediction costs, in the table's unit; the share of errors where they count alike.
  public func meanCost(of predictions: Predictions) -> Double {
    let losses = losses(of: predictions)
    let mean = losses.reduce(0, +) / Double(losses.count)
    return switch self {
    case .accuracy: mean
    case .errorCosts(let costs, _): costs.cost(ofLoss: mean)
    }
  }
}
