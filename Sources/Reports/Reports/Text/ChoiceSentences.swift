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
      let mean = deployed.kind == .cascade && measure != .parameters ? " on average" : ""
      let limit = "for at most \(measure.amount(budget))\(perImage)\(mean)"
      let needed = least.map { " with at least \($0)" } ?? ""
      return "Wanted: the most accurate on the hold-out \(limit)\(needed)\(simpler). There it has "
        + "\(onHoldOut) for \(holdOutPrice)\(passedOver).\(overBudget(budget))"
    }
    let needed =
      least.map { "at least \($0)" } ?? "\(margin) of the best single model (\(percent(reference)))"
    let exception =
      decision.isBestSingleChosen && least == nil ? ", or else that model itself" : ""
    return
      "Wanted: the least \(measure.name) with \(needed) on the hold-out\(exception). "
      + "There it has \(onHoldOut) for \(holdOutPrice).\(missed)\(forLess)\(forMore)"
  }

  private var perImage: String { measure == .multiplyAccumulates ? " an image" : "" }

  /// Its accuracy on the hold-out.
  private func percent(_ candidate: Candidate) -> String {
    "\(NumberFormat.percent(candidate.holdOut.metrics.top1Accuracy)) %"
  }

  private var onHoldOut: String { percent(decision.uncalibrated) }

  private var holdOutPrice: String {
    deployed.holdOut.cost[measure].map { measure.amount($0) + perImage } ?? "an unknown cost"
  }

  private var margin: String {
    decision.options.margin > 0
      ? "an accuracy by \(standardErrors) above that" : "at least the accuracy"
  }

  /// "one standard error", "0.50 standard errors".
  private var standardErrors: String {
    let errors = decision.options.margin
    let text =
      errors == errors.rounded() ? NumberFormat.fixed(errors, 0) : NumberFormat.fixed(errors, 2)
    return errors == 1 ? "one standard error" : "\(text) standard errors"
  }

  /// What a margin does beside a budget.
  private var simpler: String {
    decision.options.margin > 0 ? ", or a simpler one within \(standardErrors) of it" : ""
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
    return "; \(best.id), \(best.kind.noun) of \(best.members.count.counted("member")), has "
      + "\(percent(best)) (--margin 0 takes it)"
  }

  private var forLess: String {
    offer(
      alternatives.cheaper, start: " For less there, ",
      end: ", which does not exceed the best single model by the margin: --margin 0 takes it")
  }

  private var forMore: String {
    offer(
      alternatives.moreExpensive,
      start: " What costs more than that model is taken for a budget only: for ",
      end: " there; --max-cost says what it may cost")
  }

  /// "120 M MACs, c12 (an ensemble of 3 × a) has 94.10 %, or --candidate c12 when it is built."
  private func offer(_ other: Candidate?, start: String, end: String) -> String {
    guard let other, let price = other.holdOut.cost[measure] else { return "" }
    return "\(start)\(measure.amount(price)), \(other.id) (\(other.kind.noun) of "
      + "\(other.networkNames)) has \(percent(other))\(end), or --candidate \(other.id) when it is "
      + "built."
  }
}
