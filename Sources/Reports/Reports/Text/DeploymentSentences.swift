import Decisions
import Formatting
import Predictions

/// What to deploy, and how it stands beside the best single model.
struct DeploymentSentences {
  let decision: Decision
  private let deployed, reference: Candidate

  init(_ decision: Decision) {
    self.decision = decision
    deployed = decision.deployed
    reference = decision.bestSingle
  }

  private var measure: CostMeasure { decision.options.cost }
  private var accuracy: Double { deployed.test.metrics.top1Accuracy }
  private var referenceName: String { reference.members.joined(separator: ", ") }

  // MARK: What to deploy

  var deploy: String {
    if decision.isBestSingleChosen {
      let start =
        decision.promise?.shown == decision.chosen ? "One model is enough: deploy" : "Deploy"
      return "\(start) \(referenceName): \(figures), for "
        + "\(price(deployed)) an image. It is the best single model on the hold-out."
    }
    let start =
      deployed.kind != .single
      ? "Deploy \(deployed.kind.noun) of \(members)"
      : (costsMore ? "Deploy " : "One model is enough: deploy ")
        + deployed.members.joined(separator: ", ")
    return "\(start): \(figures), \(share) the best single model, \(referenceName) "
      + "(\(NumberFormat.percent(reference.test.metrics.top1Accuracy)) %).\(slowestPath)\(warning)\(withinBudget)"
  }

  /// "a, b and c"; of many only their networks.
  private var members: String {
    deployed.members.count > 4
      ? "\(deployed.members.count) members (\(deployed.networkNames))" : deployed.members.listed
  }

  private var figures: String {
    "\(NumberFormat.percent(accuracy)) % on the \(decision.testName) "
      + "(95 % interval \(deployed.testInterval.percentText))"
  }

  private func price(_ candidate: Candidate) -> String {
    candidate.test.cost[measure].map(measure.amount) ?? "an unknown cost"
  }

  private var costs: (own: Double, single: Double)? {
    guard let own = deployed.test.cost[measure], let single = reference.test.cost[measure],
      single > 0
    else { return nil }
    return (own, single)
  }

  /// "at 41 % of the MACs of".
  private var share: String {
    guard let costs else { return "against" }
    // A cascade's follows from those of its members.
    let expected = measure.isTime && deployed.kind == .cascade ? "expected " : ""
    return "at \(NumberFormat.share(costs.own, of: costs.single)) the \(expected)\(measure.name) of"
  }

  /// What an image costs that comes to all members of a cascade, and how many do: the cost is a mean.
  private var slowestPath: String {
    guard let path = decision.slowestPath else { return "" }
    let share = path.testFraction
    let amounts = [CostMeasure.multiplyAccumulates, .latency].compactMap { measure in
      path[measure].map(measure.amount)
    }
    let all = deployed.members.count == 2 ? "both" : "all \(deployed.members.count)"
    return " That is a mean: \(NumberFormat.percent(share, share < 0.1 ? 1 : 0)) % of the "
      + "\(decision.testName) run through \(all) members, for \(amounts.listed) each"
      + "\(beyondBudget(path))."
  }

  /// Where the slowest path costs more than a budget, which is of the mean.
  private func beyondBudget(_ path: SlowestPath) -> String {
    guard let budget = decision.options.maximumCost, let cost = path[measure], cost > budget else {
      return ""
    }
    return ", more than \(measure.amount(budget)), to which the budget holds the mean alone"
  }

  private var costsMore: Bool { costs.map { $0.own > $0.single * 1.005 } ?? false }

  private var warning: String {
    guard costsMore else { return "" }
    return " It costs more: \(price(deployed)) against \(price(reference))."
  }

  /// The best single model that a budget allows, where the best of all costs more.
  private var withinBudget: String {
    guard let budget = decision.options.maximumCost, let cost = reference.holdOut.cost[measure],
      cost > budget * DecisionAlternatives.tolerance
    else { return "" }
    let start = " The best single model costs more than the budget, \(measure.amount(budget))"
    guard let best = DecisionAlternatives(decision).single(within: budget),
      best.id != decision.chosen
    else { return "\(start)." }
    return "\(start); within it the best is \(best.members.joined(separator: ", ")), with "
      + "\(NumberFormat.percent(best.test.metrics.top1Accuracy)) % on the \(decision.testName)."
  }

  // MARK: How clear it is

  var comparison: String? {
    guard !decision.isBestSingleChosen, let comparison = deployed.comparison else { return nil }
    let test = NumberFormat.probability(comparison.mcNemarPValue)
    let numbers =
      "\(NumberFormat.points(comparison.difference)) points "
      + "(\(comparison.interval.pointsText); McNemar \(test)\(corrected(comparison)))"
    let verdict =
      switch comparison.verdict {
      case .better: "is clear: it is better than the best single model"
      case .worse: "is clear: it is worse than the best single model"
      case .undecided: "is not clear"
      }
    return "The difference\(unscaled), \(numbers), \(verdict)."
  }

  /// The p-value that is corrected for all that are compared.
  private func corrected(_ comparison: Candidate.Comparison) -> String {
    comparison.adjustedPValue.map { value in
      let count = decision.candidates.count { $0.comparison != nil }
      return ", corrected for \(count.counted("comparison")) \(NumberFormat.probability(value))"
    } ?? ""
  }

  /// Calibration may turn a prediction, and the comparison is without.
  private var unscaled: String {
    let plain = decision.uncalibrated.test.metrics.top1Accuracy
    return plain == accuracy ? "" : " without calibration (\(NumberFormat.percent(plain)) %)"
  }

  /// How it stands on further images; nil without any.
  var shifted: String? {
    guard let images = decision.shifted, let own = deployed.shifted else { return nil }
    let start =
      "On the shifted images (\(images.count.counted("image")) of '\(images.split)') it has "
      + "\(NumberFormat.percent(own.metrics.top1Accuracy)) %"
    guard !decision.isBestSingleChosen, let single = reference.shifted else { return start + "." }
    return start
      + ", the best single model \(NumberFormat.percent(single.metrics.top1Accuracy)) %."
  }
}
