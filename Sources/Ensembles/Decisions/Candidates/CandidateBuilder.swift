import Ensembles
import Predictions

/// Makes candidates of members and combinations.
struct CandidateBuilder {
  let sets: PredictionSets
  let options: Decision.Options
  /// Whether accuracies are all that is asked for, of candidates that are not shown: they take a fraction of the time.
  var measuresAccuracyAlone = false

  private var places: [String: Int] {
    Dictionary(uniqueKeysWithValues: sets.test.enumerated().map { ($1.name, $0) })
  }

  /// Plain ensembles, all evaluated at once.
  ///
  /// - Parameter subsets: Places of members, each ascending.
  func ensembles(_ subsets: [[Int]]) -> [Candidate] {
    guard !subsets.isEmpty else { return [] }
    func metrics(_ members: [Predictions]) -> [Metrics] {
      let evaluator = SubsetEvaluator(members: members, rule: options.rule, subsets: subsets)
      return measuresAccuracyAlone
        ? evaluator.top1Accuracies().map { Metrics(ofAccuracyAlone: $0) } : evaluator.metrics()
    }
    let holdOut = metrics(sets.holdOut)
    let test = metrics(sets.test)
    let shifted = sets.shifted.map(metrics)
    return subsets.enumerated().map { index, subset in
      let members = subset.map { sets.test[$0] }
      let cost = Cost(of: members, latencies: sets.latencies(of: subset))
      func evaluation(_ metrics: Metrics) -> Candidate.Evaluation {
        Candidate.Evaluation(metrics: metrics, cost: cost, exitFractions: nil)
      }
      return Candidate(
        id: "", kind: Self.kind(of: members), members: members.map(\.name),
        network: Predictions.description(of: members.map(\.network)),
        combination: Combination(rule: options.rule), holdOut: evaluation(holdOut[index]),
        test: evaluation(test[index]), shifted: shifted.map { evaluation($0[index]) },
        testImages: sets.test[0].count)
    }
  }

  static func kind(of members: [Predictions]) -> Candidate.Kind {
    if members.count == 1 { return .single }
    return Set(members.map(\.network)).count == 1 ? .ensemble : .mixed
  }

  /// Members combined in some other way.
  func candidate(
    _ kind: Candidate.Kind, members: [Int], _ combination: Combination
  ) throws(EnsembleError) -> Candidate {
    let chosen = members.map { sets.test[$0] }
    return Candidate(
      id: "", kind: kind, members: chosen.map(\.name),
      network: Predictions.description(of: chosen.map(\.network)), combination: combination,
      holdOut: try evaluation(sets.holdOut, members, combination),
      test: try evaluation(sets.test, members, combination),
      shifted: try sets.shifted.map { (set) throws(EnsembleError) in
        try evaluation(set, members, combination)
      }, testImages: chosen[0].count)
  }

  private func evaluation(
    _ set: [Predictions], _ places: [Int], _ combination: Combination
  ) throws(EnsembleError) -> Candidate.Evaluation {
    let members = places.map { set[$0] }
    let latencies = sets.latencies(of: places)
    guard combination.cascade != nil else {
      return Candidate.Evaluation(
        metrics: try metrics(combination, members),
        cost: Cost(of: members, latencies: latencies), exitFractions: nil)
    }
    let exits = try combination.exits(members)
    let fractions = members.indices.map { stage in
      Double(exits.count { $0 == stage }) / Double(exits.count)
    }
    return Candidate.Evaluation(
      metrics: try metrics(combination, members, exits: exits),
      cost: Cost(ofCascade: members, exitFractions: fractions, latencies: latencies),
      exitFractions: fractions)
  }

  /// - Parameter exits: `[N]`: after which member each image stops; nil where it is not a cascade.
  private func metrics(
    _ combination: Combination, _ members: [Predictions], exits: [Int]? = nil
  ) throws(EnsembleError) -> Metrics {
    if measuresAccuracyAlone {
      let isRight = try combination.rightImages(members, exits: exits)
      return Metrics(ofAccuracyAlone: Double(isRight.count { $0 }) / Double(isRight.count))
    }
    return exits == nil && combination.weights == nil
      ? try combination.metrics(of: members)
      : try combination.evaluate(members, exits: exits).metrics
  }

  /// `[N]` of a set of images: 1 where the candidate is right, else 0.
  func correctness(
    of candidate: Candidate, in set: [Predictions]
  ) throws(EnsembleError) -> [Double] {
    let members = try Predictions.of(candidate.members, in: set)
    let combination = candidate.combination
    guard combination == Combination(rule: combination.rule) else {
      return try combination.rightImages(members).map { $0 ? 1 : 0 }
    }
    let all = [Array(members.indices)]
    return SubsetEvaluator(members: members, rule: combination.rule, subsets: all)
      .correctness()[members.count]
  }

  /// The candidate with the calibration that the hold-out chooses.
  ///
  /// - Parameter keepsAnswers: Whether no image may get another answer, as where something is shown of the answers.
  func calibrate(
    _ candidate: Candidate, keepsAnswers: Bool = false, different: Int? = nil
  ) throws(EnsembleError) -> (Candidate, CalibrationChoice) {
    let holdOut = try Predictions.of(candidate.members, in: sets.holdOut)
    let fitted = try Calibration(
      of: candidate.combination, holdOut: holdOut, different: different, keepsAnswers: keepsAnswers,
      seed: options.seed)
    let places = self.places
    var deployed = try self.candidate(
      candidate.kind, members: candidate.members.compactMap { places[$0] }, fitted.combination)
    deployed.id = candidate.id
    deployed.isOnFrontier = candidate.isOnFrontier
    deployed.isOnSameNetworkFrontier = candidate.isOnSameNetworkFrontier
    deployed.comparison = candidate.comparison
    deployed.origin = candidate.origin
    deployed.expectedService = try ExpectedService(of: fitted.combination, holdOut: holdOut)
    let test = try Predictions.of(candidate.members, in: sets.test)
    let choice = CalibrationChoice(
      fitted,
      uncalibrated: try ReliabilitySummary(of: candidate.combination.combine(test, name: "plain")),
      calibrated: try ReliabilitySummary(of: fitted.combination.combine(test, name: "calibrated")))
    return (deployed, choice)
  }
}
