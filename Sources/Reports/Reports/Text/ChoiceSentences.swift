import Decisions
import Formatting
import Predictions

/// How a decision came about: by which images, for which goal, and what else there was.
struct ChoiceSentences {
  let decision: Decision
  private let deployed, reference: Candidate

  init(_ decision: Decision) {
    self.decision = decision
    deployed = decision.deployed
    reference = decision.bestSingle
  }

  private var measure: CostMeasure { decision.options.cost }
  private var alternatives: DecisionAlternatives { DecisionAlternatives(decision) }

  /// Which images chose and which judged.
  var images: String {
    let sample = decision.isSampled ? " (of some sizes a random sample)" : ""
    let hasCascades = decision.candidates.contains { $0.kind == .cascade }
    let cascades = hasCascades ? ", and cascades of them" : ""
    return "\(decision.holdOut.count.counted("image")) of the split "
      + "'\(decision.holdOut.split)' chose among "
      + decision.subsetCount.counted("model or ensemble", "models and ensembles")
      + "\(sample)\(cascades); \(decision.test.count.counted("image")) of "
      + "'\(decision.test.split)', which chose nothing, judge."
  }

  /// What was wanted, and how the chosen candidate meets it.
  var goal: String {
    let least = decision.options.minimumAccuracy.map { "\(NumberFormat.percent($0)) %" }
    if let budget = decision.options.maximumCost {
      let limit = "for at most \(measure.amount(budget))\(perImage)\(bounded)"
      let needed = least.map { " with at least \($0)" } ?? ""
      return
        "Wanted: the most accurate \(limit)\(needed), by the way to choose that does best on images that it "
        + "did not choose on, the simplest of equals\(way). On the hold-out it has \(onHoldOut) for "
        + "\(holdOutPrice)\(passedOver).\(overBudget(budget))"
    }
    if let least {
      return "Wanted: the least \(measure.name) with at least \(least) on the hold-out. "
        + "There it has \(onHoldOut) for \(holdOutPrice).\(missed)"
    }
    let promise = PromiseSentences(decision)
    let instead =
      decision.promise.map { $0.shown == nil } ?? false
      ? " Nothing is: this is what is likely to lose least." : ""
    return
      "Wanted: the least \(measure.name) that is shown to lose \(promise.tolerance) of accuracy against the best "
      + "single model (\(percent(reference))).\(instead) On the hold-out it has \(onHoldOut) for \(holdOutPrice)."
  }

  /// What the budget bounds of a cascade's cost.
  private var bounded: String {
    guard deployed.kind == .cascade, measure != .parameters else { return "" }
    switch decision.options.costQuantile {
    case .mean: return " on average"
    case .percentile(let percent): return " for \(percent) % of the images"
    case .worst: return " for every image"
    }
  }

  /// How it was chosen for a budget, and what that way is worth.
  private var way: String {
    let row = decision.crossFitting?.rows.first {
      $0.candidate == decision.chosen && $0.budget == decision.options.maximumCost
    }
    guard let row else { return "" }
    let estimate = row.estimate
    return " (\(row.procedure.name): \(NumberFormat.percent(estimate.accuracy)) %, 95 % interval "
      + "\(estimate.interval.percentText), where what it shows on the hold-out itself is flattered by "
      + "\(NumberFormat.points(estimate.flattery)) points)"
  }

  private var perImage: String { measure == .multiplyAccumulates ? " an image" : "" }

  /// Its accuracy on the hold-out.
  private func percent(_ candidate: Candidate) -> String {
    "\(NumberFormat.percent(candidate.holdOut.metrics.top1Accuracy)) %"
  }

  private var onHoldOut: String { percent(decision.withoutTemperatures) }

  private var holdOutPrice: String {
    deployed.holdOut.cost[measure].map { measure.amount($0) + perImage } ?? "an unknown cost"
  }

  /// A cascade's cost differs from images to images.
  private func overBudget(_ budget: Double) -> String {
    guard let cost = deployed.test.cost[measure], cost > budget * DecisionAlternatives.tolerance
    else { return "" }
    return " On the \(decision.testName) it costs \(measure.amount(cost)), more than the budget."
  }

  /// The accuracy that was asked for, where the test images show less.
  private var missed: String {
    guard let least = decision.options.minimumAccuracy, deployed.testInterval.upperBound < least
    else { return "" }
    return
      " The \(decision.testName) show less than was asked for: what just reaches it on the hold-out is the one "
      + "that was lucky there."
  }

  // MARK: What else there was

  private var passedOver: String {
    guard let best = alternatives.moreAccurate else { return "" }
    return "; there \(best.id), \(best.kind.noun) of \(best.members.count.counted("member")), has "
      + "\(percent(best)), or --candidate \(best.id) when it is built"
  }
}
