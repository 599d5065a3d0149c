import Ensembles
import Predictions

/// Makes candidates of members and combinations.
struct CandidateBuilder {
  let sets: PredictionSets
  let options: Decision.Options

  private var places: [String: Int] {
    Dictionary(uniqueKeysWithValues: sets.test.enumerated().map { ($1.name, $0) })
  }

  /// Plain ensembles, all evaluated at once.
  ///
  /// - Parameter subsets: Places of members, each ascending.
  func ensembles(_ subsets: [[Int]]) -> [Candidate] {
    guard !subsets.isEmpty else { return [] }
    func metrics(_ members: [Predictions]) -> [Metrics] {
      SubsetEvaluator(members: members, rule: options.rule, subsets: subsets).metrics()
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
        metrics: try combination.metrics(of: members),
        cost: Cost(of: members, latencies: latencies), exitFractions: nil)
    }
    let exits = try combination.exits(members)
    let fractions = members.indices.map { stage in
      Double(exits.count { $0 == stage }) / Double(exits.count)
    }
    let combined = try combination.combine(members, exits: exits, name: "cascade")
    return Candidate.Evaluation(
      metrics: try Metrics(of: [combined]),
      cost: Cost(ofCascade: members, exitFractions: fractions, latencies: latencies),
      exitFractions: fractions)
  }

  /// `[N]` of a set of images: 1 where the candidate is right, else 0.
  func correctness(
    of candidate: Candidate, in set: [Predictions]
  ) throws(EnsembleError) -> [Double] {
    let members = try Predictions.of(candidate.members, in: set)
    let combination = candidate.combination
    guard combination == Combination(rule: combination.rule) else {
      let combined = try combination.combine(members, name: candidate.id)
      return zip(combined.predictedClasses(), combined.labels).map { $0 == Int($1) ? 1 : 0 }
    }
    let all = [Array(members.indices)]
    return SubsetEvaluator(members: members, rule: combination.rule, subsets: all)
      .correctness()[members.count]
  }

  /// The candidate with the temperatures that make the hold-out's likelihood best.
  ///
  /// - Parameter keepsAnswers: Whether no image may get another answer, as where something is shown of the answers.
  func calibrate(
    _ candidate: Candidate, keepsAnswers: Bool = false
  ) throws(EnsembleError) -> (Candidate, TemperatureChoice) {
    let holdOut = try Predictions.of(candidate.members, in: sets.holdOut)
    let fitted = try FittedTemperatures(
      candidate.combination, to: holdOut, keepsAnswers: keepsAnswers)
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
    let choice = TemperatureChoice(
      place: fitted.place, memberTemperatures: fitted.memberTemperatures,
      temperature: fitted.temperature, holdOut: fitted.losses, gap: fitted.gap,
      uncalibrated: try ReliabilitySummary(of: candidate.combination.combine(test, name: "plain")),
      calibrated: try ReliabilitySummary(of: fitted.combination.combine(test, name: "calibrated")))
    return (deployed, choice)
  }
}

/// The temperatures of a combination that are best on the hold-out.
private struct FittedTemperatures {
  /// As given, with the chosen temperatures.
  var combination: Combination
  var place: Calibration.TemperaturePlace?
  var memberTemperatures: [Double] = []
  var temperature = 1.0
  var losses: [String: Double] = [:]
  var gap: Temperature.Gap?

  init(
    _ combination: Combination, to holdOut: [Predictions], keepsAnswers: Bool
  ) throws(EnsembleError) {
    self.combination = combination
    let isPlain = combination == Combination(rule: combination.rule)
    if isPlain, combination.rule != .majorityVote, holdOut.count > 1,
      holdOut.allSatisfy({ $0.ruledOutCount == 0 })
    {
      try fitPlain(holdOut, keepsAnswers: keepsAnswers)
    } else {
      try fitCombined(combination.combine(holdOut, name: "combined"), holdOut)
    }
    switch place {
    case .afterCombining: self.combination.temperature = temperature
    case .beforeCombining: self.combination.memberTemperatures = memberTemperatures
    case nil: break
    }
  }

  private mutating func fitCombined(
    _ combined: Predictions, _ holdOut: [Predictions]
  ) throws(EnsembleError) {
    guard let fitted = try Temperature.fitted(to: combined, of: holdOut) else {
      gap = .roundedToZero
      losses["without"] = try Metrics(of: [combined]).negativeLogLikelihood
      return
    }
    temperature = fitted.value
    gap = fitted.gap
    place = fitted.value == 1 ? nil : .afterCombining
    losses = ["without": fitted.before, "afterCombining": fitted.after]
  }

  private mutating func fitPlain(
    _ holdOut: [Predictions], keepsAnswers: Bool
  ) throws(EnsembleError) {
    let calibration = try Calibration(fittedTo: holdOut, rule: combination.rule)
    place = calibration.chosen
    memberTemperatures = calibration.memberTemperatures.map(\.value)
    temperature = calibration.ensembleTemperature.value
    gap = calibration.ensembleTemperature.gap
    losses = [
      "without": calibration.uncalibrated, "beforeCombining": calibration.before,
      "afterCombining": calibration.after,
    ]
    if place == .beforeCombining, keepsAnswers ? true : try losesHits(holdOut) {
      place = calibration.after < calibration.uncalibrated ? .afterCombining : nil
    }
  }

  /// Whether the members' temperatures cost accuracy, for which the candidate was chosen. One that acts on the combined
  /// predictions never does.
  private func losesHits(_ holdOut: [Predictions]) throws(EnsembleError) -> Bool {
    var scaled = combination
    scaled.memberTemperatures = memberTemperatures
    let before = try combination.metrics(of: holdOut).top1Accuracy
    return try scaled.metrics(of: holdOut).top1Accuracy < before
  }
}
