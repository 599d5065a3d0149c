import Ensembles
import Predictions
import Statistics

/// What errors cost, an image on average, with the most probable class and with the class of the least expected cost.
public struct ErrorCostComparison: Codable, Hashable, Sendable {
  /// An image's mean cost, in the table's unit, by which class is predicted.
  public struct Means: Codable, Hashable, Sendable {
    /// Where the most probable class is predicted.
    public let mostProbable: Double
    /// Where the class with the least expected cost is, as the calibrated probabilities have it.
    public let leastExpectedCost: Double

    /// By that rule.
    public subscript(_ rule: Objective.DecisionRule) -> Double {
      rule == .mostProbable ? mostProbable : leastExpectedCost
    }
  }

  /// A candidate's.
  public struct Row: Codable, Hashable, Sendable {
    /// The candidate's id.
    public let id: String
    /// On the images that choose.
    public let holdOut: Means
    /// On the images that judge.
    public let test: Means
  }

  /// What each error costs.
  public let table: ErrorCosts
  /// Which class the deployed candidate predicts: what cost less on the hold-out, and the most probable where that is equal.
  public let rule: Objective.DecisionRule
  /// The deployed candidate's.
  public let deployed: Row
  /// The best single model's.
  public let reference: Row
  /// Those of the candidates on the frontier, each with one temperature that was fitted on the hold-out.
  public let candidates: [Row]
  /// On the test images, the deployed candidate's mean cost less the best single model's, both by `rule`.
  public let difference: Double
  /// The difference's 95 % interval, by a paired bootstrap over images.
  public let interval: ConfidenceInterval

  init(
    of decision: Decision, _ pair: DecidedPair, _ table: ErrorCosts, _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    guard table.classes == decision.classes else {
      throw .invalidArgument(
        name: "the number of classes with error costs", value: "\(table.classes)",
        expected: "that of the predictions, \(decision.classes)")
    }
    self.table = table
    deployed = Row(
      id: decision.chosen, holdOut: Means(table, pair.holdOut.deployed),
      test: Means(table, pair.test.deployed))
    reference = Row(
      id: decision.reference, holdOut: Means(table, pair.holdOut.reference),
      test: Means(table, pair.test.reference))
    rule =
      deployed.holdOut.leastExpectedCost < deployed.holdOut.mostProbable
      ? .leastExpectedCost : .mostProbable
    var rows: [Row] = []
    for candidate in decision.candidates where candidate.isOnFrontier {
      let (holdOut, test) = try builder.calibrated(candidate)
      rows.append(
        Row(id: candidate.id, holdOut: Means(table, holdOut), test: Means(table, test)))
    }
    candidates = rows
    let objective = Objective.errorCosts(table, rule)
    let losses = [pair.test.deployed, pair.test.reference].map(objective.losses)
    difference = deployed.test[rule] - reference.test[rule]
    let range = PairedBootstrap(columns: losses, seed: decision.options.seed).interval(0, minus: 1)
    interval = ConfidenceInterval(
      table.span * range.lowerBound...table.span * range.upperBound)
  }
}

extension ErrorCostComparison.Means {
  fileprivate init(_ table: ErrorCosts, _ predictions: Predictions) {
    mostProbable = Objective.errorCosts(table, .mostProbable).meanCost(of: predictions)
    leastExpectedCost = Objective.errorCosts(table, .leastExpectedCost).meanCost(of: predictions)
  }
}

extension CandidateBuilder {
  /// What a candidate says about the images that choose and those that judge, with the one temperature that fits the former.
  func calibrated(
    _ candidate: Candidate
  ) throws(EnsembleError) -> (holdOut: Predictions, test: Predictions) {
    let holdOut = try combined(candidate, in: sets.holdOut)
    let temperature = try Temperature(fittedTo: holdOut)
    return (
      try temperature.scale(holdOut), try temperature.scale(combined(candidate, in: sets.test))
    )
  }

  /// `[N]` of the hold-out: what a candidate's prediction of each image loses by an objective, in `0...1`, the less the better.
  ///
  /// Where errors cost, its probabilities are calibrated first: by one temperature, fitted to the hold-out itself.
  func losses(
    of candidate: Candidate, by objective: Objective
  ) throws(EnsembleError) -> [Double] {
    guard objective != .accuracy else {
      return try correctness(of: candidate, in: sets.holdOut).map { 1 - $0 }
    }
    let holdOut = try combined(candidate, in: sets.holdOut)
    return objective.losses(of: try Temperature(fittedTo: holdOut).scale(holdOut))
  }

  private func combined(
    _ candidate: Candidate, in set: [Predictions]
  ) throws(EnsembleError) -> Predictions {
    try candidate.combination.combine(
      Predictions.of(candidate.members, in: set), name: candidate.id)
  }
}
