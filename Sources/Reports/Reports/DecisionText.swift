import Decisions
import Formatting
import Predictions

/// A decision in words, for a page and a terminal.
public struct DecisionText: Hashable, Sendable {
  /// What to deploy, how accurate it is and what it costs beside the best single model.
  public let deploy: String
  /// How clear the difference from the best single model is; nil where the chosen one is that.
  public let comparison: String?
  /// Expected times, or MACs where time is what counts; nil where they are not known.
  public let otherCosts: String?
  /// How long a cascade takes as a whole; nil where that was not measured.
  public let measured: String?
  /// Which images chose and which judged.
  public let images: String
  /// What was wanted.
  public let goal: String
  /// What temperatures do; nil where there was nothing to fit one to, which `cautions` say.
  public let temperatures: String?
  /// How it stands on further images; nil without any.
  public let shifted: String?
  /// What makes it doubtful; mostly nothing.
  public let cautions: [String]
  /// What none of the figures covers.
  public let caveat: String

  /// What is said in place of a decision where there are no hold-out predictions.
  public static let nothingChosen =
    "Nothing could be chosen: there are no hold-out predictions, and what the test images choose looks better on them "
    + "than it is. Set \"holdOut\" in the experiment's \"data\" and train, or predict other labelled images with every "
    + "member: consort predict MODEL --data IMAGES --split hold-out --out DIR."

  /// All of it, a sentence or two each.
  public var sentences: [String] {
    [deploy] + [comparison].compactMap { $0 } + cautions + [measured, otherCosts].compactMap { $0 }
      + [images, goal] + [temperatures, shifted].compactMap { $0 } + [caveat]
  }

  /// Lines for a terminal, `width` characters at most where words allow.
  public func lines(width: Int = Terminal.textWidth) -> String {
    sentences.flatMap { sentence in
      Terminal.wrapped(Terminal.printable(sentence), width: width)
    }.map { $0 + "\n" }.joined()
  }

  /// `nothingChosen` in lines of `width` characters at most.
  public static func lines(ofNothingChosen width: Int) -> String {
    Terminal.wrapped(nothingChosen, width: width).map { $0 + "\n" }.joined()
  }

  /// Says what was decided.
  public init(_ decision: Decision) {
    let writer = DecisionWriter(decision)
    deploy = writer.deploy
    comparison = writer.comparison
    otherCosts = writer.otherCosts
    measured = writer.measured
    images = writer.images
    goal = writer.goal
    temperatures = writer.temperatures
    shifted = writer.shifted
    cautions = DecisionCautions(decision).sentences
    caveat =
      "All this is of the members that were trained: training again may change it. "
      + "p-values are not corrected for the number of comparisons."
  }
}

/// Finds the words.
private struct DecisionWriter {
  let decision: Decision
  let deployed: Candidate
  /// The best single model; the deployed one where a file lacks it.
  let reference: Candidate

  init(_ decision: Decision) {
    self.decision = decision
    deployed = decision.deployed
    reference = decision.candidate(decision.reference) ?? decision.deployed
  }

  private var measure: CostMeasure { decision.options.cost }
  private var isReference: Bool { decision.chosen == decision.reference }
  private var accuracy: Double { deployed.test.metrics.top1Accuracy }
  private var referenceName: String { reference.members.joined(separator: ", ") }

  /// "a cascade of a, b and c"; of many members only their networks.
  private var what: String {
    let isCounted = deployed.members.count > 4
    let members =
      isCounted
      ? "\(deployed.members.count) members (\(Words.networks(of: deployed)))"
      : Words.list(deployed.members)
    return "\(Words.noun(deployed.kind)) of \(members)"
  }
}

// MARK: - What to deploy

extension DecisionWriter {
  private var figures: String {
    "\(Figures.percent(accuracy)) % on the \(Words.testName(decision)) "
      + "(95 % interval \(Words.range(deployed.testInterval)))"
  }

  var deploy: String {
    if isReference {
      let start =
        dearer == nil
        ? "One model is enough: deploy \(referenceName)" : "Deploy \(referenceName) alone"
      return "\(start): \(figures), for "
        + "\(price(deployed)) an image. It is the best single model on the hold-out."
    }
    let start =
      deployed.kind == .single
      ? "One model is enough: deploy \(deployed.members.joined(separator: ", "))" : "Deploy \(what)"
    return "\(start): \(figures), \(share) the best single model, \(referenceName) "
      + "(\(Figures.percent(reference.test.metrics.top1Accuracy)) %).\(slowestPath)\(warning)\(withinBudget)"
  }

  /// The best single model that a budget allows, where the best of all costs more.
  private var withinBudget: String {
    guard let budget = decision.options.maximumCost, let cost = reference.holdOut.cost[measure],
      cost > budget * (1 + 1e-9)
    else { return "" }
    let start = " The best single model costs more than the budget, \(Words.cost(budget, measure))"
    let singles = decision.candidates.filter {
      $0.kind == .single && ($0.holdOut.cost[measure] ?? .infinity) <= budget * (1 + 1e-9)
    }
    guard let best = singles.max(by: { rank($0) < rank($1) }), best.id != decision.chosen else {
      return "\(start)."
    }
    return "\(start); within it the best is \(best.members.joined(separator: ", ")), with "
      + "\(Figures.percent(best.test.metrics.top1Accuracy)) % on the \(Words.testName(decision))."
  }

  /// What an image costs that comes to all members of a cascade, and how many do: the cost is a mean.
  private var slowestPath: String {
    guard let path = decision.slowestPath else { return "" }
    let share = path.testFraction
    let amounts = [CostMeasure.multiplyAccumulates, .latency].compactMap { measure in
      path[measure].map { Words.cost($0, measure) }
    }
    let all = deployed.members.count == 2 ? "both" : "all \(deployed.members.count)"
    return " That is a mean: \(Figures.percent(share, share < 0.1 ? 1 : 0)) % of the "
      + "\(Words.testName(decision)) run through \(all) members, for \(Words.list(amounts)) each"
      + "\(beyondBudget(path))."
  }

  /// Where the slowest path costs more than a budget, which is of the mean.
  private func beyondBudget(_ path: SlowestPath) -> String {
    guard let budget = decision.options.maximumCost, let cost = path[measure], cost > budget else {
      return ""
    }
    return ", more than \(Words.cost(budget, measure)), to which the budget holds the mean alone"
  }

  private func price(_ candidate: Candidate) -> String {
    candidate.test.cost[measure].map { Words.cost($0, measure) } ?? "an unknown cost"
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
    return
      "at \(Words.share(costs.own, of: costs.single)) the \(expected)\(Words.name(of: measure)) of"
  }

  private var warning: String {
    guard let costs, costs.own > costs.single * 1.005 else { return "" }
    return " It costs more: \(price(deployed)) against \(price(reference))."
  }
}

// MARK: - How clear it is

extension DecisionWriter {
  var comparison: String? {
    guard !isReference, let comparison = deployed.comparison else { return nil }
    let test = Figures.probability(comparison.mcNemarPValue)
    let numbers =
      "\(Figures.points(comparison.difference)) points "
      + "(\(Words.points(comparison.interval)); McNemar \(test))"
    let verdict =
      switch comparison.verdict {
      case .better: "is clear: it is better than the best single model"
      case .worse: "is clear: it is worse than the best single model"
      case .undecided: "is not clear"
      }
    return "The difference\(unscaled), \(numbers), \(verdict)."
  }

  /// Temperatures before combining may turn a prediction, and the comparison is of none.
  private var unscaled: String {
    guard let plain = decision.candidate(decision.chosen),
      plain.test.metrics.top1Accuracy != accuracy
    else { return "" }
    return
      " without temperatures (\(Figures.percent(plain.test.metrics.top1Accuracy)) %)"
  }

  var otherCosts: String? {
    let others: [CostMeasure] =
      measure.isTime
      ? [.multiplyAccumulates] : [.latency, .parallelLatency]
    // What was measured as a whole says more.
    guard measure.isTime || decision.measured == nil else { return nil }
    let parts = others.compactMap { other -> String? in
      guard let own = deployed.test.cost[other], let single = reference.test.cost[other] else {
        return nil
      }
      return isReference ? alone(own, other) : beside(own, single, other)
    }
    guard !parts.isEmpty else { return nil }
    let isTime = others.count > 1
    // Side by side is in turn for a single model.
    let said = isReference || deployed.kind == .cascade ? Array(parts.prefix(1)) : parts
    return (isTime ? start(ofTimes: said) : startOfAmounts) + Words.list(said) + "."
  }

  private var startOfAmounts: String {
    deployed.kind == .cascade ? "On average an image takes " : "An image takes "
  }

  /// Only members are timed, each alone: what they take together is a sum.
  private func start(ofTimes said: [String]) -> String {
    switch deployed.kind {
    case .single: "An image takes "
    case .cascade:
      "Expected of its members' times and of the images that come to each, an image takes on average "
    case .ensemble, .mixed, .weighted, .greedy: "By its members' times, an image takes "
    }
  }

  var measured: String? {
    guard let measured = decision.measured else { return nil }
    func range(_ time: MeasuredTimes.Time) -> String {
      "\(Words.cost(time.median, .latency)) (\(Words.milliseconds(time.least)) to "
        + "\(Words.milliseconds(time.greatest)))"
    }
    return
      "Measured as a whole, an image takes \(range(measured.deployed)) on average, through all members "
      + "\(range(measured.slowestPath)); the best single model's takes \(range(measured.reference)): medians, least and "
      + "greatest of \(measured.rounds) rounds of \(Words.count(measured.imagesPerRound, "image")), in turns, one image at a "
      + "time, stopping as often as the \(Words.testName(decision)) do."
  }

  private func alone(_ own: Double, _ measure: CostMeasure) -> String {
    Words.cost(own, measure)
  }

  private func beside(_ own: Double, _ single: Double, _ measure: CostMeasure) -> String {
    let side = measure == .parallelLatency ? " with members side by side" : ""
    let share = Words.share(own, of: single)
    let amount = share.hasSuffix("of") ? String(share.dropLast(3)) : share
    return "\(Words.cost(own, measure))\(side) (\(amount) of the best single model's "
      + "\(Words.cost(single, measure)))"
  }
}

// MARK: - How it came about

extension DecisionWriter {
  var images: String {
    let sample = decision.isSampled ? " (of some sizes a random sample)" : ""
    let hasCascades = decision.candidates.contains { $0.kind == .cascade }
    let cascades = hasCascades ? ", and cascades of them" : ""
    return "\(Words.count(decision.holdOut.count, "image")) of the split "
      + "'\(decision.holdOut.split)' chose among "
      + Words.count(decision.subsetCount, "model or ensemble", "models and ensembles")
      + "\(sample)\(cascades); \(Words.count(decision.test.count, "image")) of "
      + "'\(decision.test.split)', which chose nothing, judge."
  }

  var goal: String {
    let options = decision.options
    let least = options.minimumAccuracy.map { "\(Figures.percent($0)) %" }
    if let budget = options.maximumCost {
      let mean = deployed.kind == .cascade && measure != .parameters ? " on average" : ""
      let limit = "for at most \(Words.cost(budget, measure))\(perImage)\(mean)"
      let needed = least.map { " with at least \($0)" } ?? ""
      return "Wanted: the most accurate on the hold-out \(limit)\(needed)\(simpler). There it has "
        + "\(onHoldOut) for \(holdOutPrice)\(passedOver).\(overBudget(budget))"
    }
    let needed =
      least.map { "at least \($0)" } ?? "\(margin) of the best single model "
      + "(\(Figures.percent(reference.holdOut.metrics.top1Accuracy)) %)"
    let exception = isReference && least == nil ? ", or else that model itself" : ""
    return
      "Wanted: the least \(Words.name(of: measure)) with \(needed) on the hold-out\(exception). "
      + "There it has \(onHoldOut) for \(holdOutPrice).\(missed)\(cheaper)\(more)"
  }

  /// The accuracy that was asked for, where the test images show less.
  private var missed: String {
    guard let least = decision.options.minimumAccuracy, deployed.testInterval.upperBound < least
    else { return "" }
    return
      " The \(Words.testName(decision)) show less than was asked for: what just reaches it on the hold-out is the one "
      + "that was lucky there."
  }

  /// The most accurate on the hold-out of what costs more than the best single model, where that is chosen without a goal.
  private var dearer: Candidate? {
    guard isReference, decision.options.minimumAccuracy == nil, decision.options.maximumCost == nil,
      let cost = reference.holdOut.cost[measure]
    else { return nil }
    return decision.candidates.filter {
      $0.isOnFrontier && ($0.holdOut.cost[measure] ?? 0) > cost
        && $0.holdOut.metrics.top1Accuracy > reference.holdOut.metrics.top1Accuracy
    }.max { rank($0) < rank($1) }
  }

  private var more: String {
    guard let dearer, let price = dearer.holdOut.cost[measure] else { return "" }
    return
      " What costs more than that model is taken for a budget only: for \(Words.cost(price, measure)), "
      + "\(dearer.id) (\(Words.noun(dearer.kind)) of \(Words.networks(of: dearer))) has "
      + "\(Figures.percent(dearer.holdOut.metrics.top1Accuracy)) % there; --max-cost says what it may cost, or "
      + "--candidate \(dearer.id) when it is built."
  }

  /// A cascade's cost differs from images to images.
  private func overBudget(_ budget: Double) -> String {
    guard let cost = deployed.test.cost[measure], cost > budget * (1 + 1e-9) else { return "" }
    return
      " On the \(Words.testName(decision)) it costs \(Words.cost(cost, measure)), more than the budget."
  }

  private var margin: String {
    decision.options.margin > 0
      ? "an accuracy by \(standardErrors) above that" : "at least the accuracy"
  }

  /// "one standard error", "0.50 standard errors".
  private var standardErrors: String {
    let errors = decision.options.margin
    let text = errors == errors.rounded() ? Figures.fixed(errors, 0) : Figures.fixed(errors, 2)
    return errors == 1 ? "one standard error" : "\(text) standard errors"
  }

  /// What a margin does beside a budget.
  private var simpler: String {
    decision.options.margin > 0 ? ", or a simpler one within \(standardErrors) of it" : ""
  }

  /// The most accurate within the budget, where something simpler was taken.
  private var passedOver: String {
    let budget = decision.options.maximumCost ?? .infinity
    let best = decision.candidates.filter { ($0.holdOut.cost[measure] ?? .infinity) <= budget }
      .max { rank($0) < rank($1) }
    guard let best, best.id != decision.chosen,
      best.holdOut.metrics.top1Accuracy > plain.holdOut.metrics.top1Accuracy
    else { return "" }
    return "; \(best.id), \(Words.noun(best.kind)) of "
      + "\(Words.count(best.members.count, "member")), has "
      + "\(Figures.percent(best.holdOut.metrics.top1Accuracy)) % (--margin 0 takes it)"
  }

  private func rank(_ candidate: Candidate) -> (Double, Double) {
    (candidate.holdOut.metrics.top1Accuracy, -(candidate.holdOut.cost[measure] ?? .infinity))
  }

  /// What costs less and is as accurate on the hold-out, but does not lie above by the margin.
  private var cheaper: String {
    guard decision.options.minimumAccuracy == nil, decision.options.margin > 0,
      let cost = deployed.holdOut.cost[measure]
    else { return "" }
    let other = decision.candidates.filter {
      $0.id != decision.chosen && $0.id != decision.reference
        && $0.holdOut.metrics.top1Accuracy >= reference.holdOut.metrics.top1Accuracy - 1e-9
        && ($0.holdOut.cost[measure] ?? .infinity) < cost
    }.min { ($0.holdOut.cost[measure] ?? 0) < ($1.holdOut.cost[measure] ?? 0) }
    guard let other, let price = other.holdOut.cost[measure] else { return "" }
    return
      " For less there, \(Words.cost(price, measure)), \(other.id) (\(Words.noun(other.kind)) of "
      + "\(Words.networks(of: other))) has "
      + "\(Figures.percent(other.holdOut.metrics.top1Accuracy)) %, which does not exceed the best single "
      + "model by the margin: --margin 0 takes it, or --candidate \(other.id) when it is built."
  }

  private var perImage: String { measure == .multiplyAccumulates ? " an image" : "" }

  private var onHoldOut: String {
    "\(Figures.percent(plain.holdOut.metrics.top1Accuracy)) %"
  }

  /// The chosen one without temperatures.
  private var plain: Candidate { decision.candidate(decision.chosen) ?? deployed }

  private var holdOutPrice: String {
    deployed.holdOut.cost[measure].map { Words.cost($0, measure) + perImage } ?? "an unknown cost"
  }

  var temperatures: String? {
    let choice = decision.calibration
    guard choice.gap == nil || choice.place != nil else { return nil }
    guard let place = choice.place else {
      return "No temperature was better than none on the hold-out, and none is used."
    }
    let subject =
      switch place {
      case .afterCombining where deployed.members.count > 1:
        "A temperature after combining (\(Figures.fixed(choice.temperature, 2))) makes"
      case .afterCombining: "A temperature (\(Figures.fixed(choice.temperature, 2))) makes"
      case .beforeCombining: "Temperatures of the members, before combining, make"
      }
    let before = choice.uncalibrated.metrics
    let after = choice.calibrated.metrics
    let likelihoods = [before, after].map { Figures.fixed($0.negativeLogLikelihood, 3) }
    let errors = [before, after].map { Figures.fixed($0.expectedCalibrationError, 3) }
    let effect = Self.effect(likelihoods, errors, isWorse: choice.isWorse)
    return "\(subject) \(effect) on the \(Words.testName(decision)): NLL \(likelihoods[0]) → "
      + "\(likelihoods[1]) nats, ECE \(errors[0]) → \(errors[1])."
      + (choice.isWorse && likelihoods[0] != likelihoods[1]
        ? " It is deployed nevertheless: the hold-out chose it." : "")
  }

  /// What looks the same is not called better, nor what one figure calls better and the other worse.
  private static func effect(
    _ likelihoods: [String], _ errors: [String], isWorse: Bool
  ) -> String {
    guard likelihoods[0] != likelihoods[1] else { return "hardly any difference" }
    let errorsRise = (Double(errors[1]) ?? 0) > (Double(errors[0]) ?? 0)
    let errorsFall = (Double(errors[1]) ?? 0) < (Double(errors[0]) ?? 0)
    if isWorse {
      return errorsFall
        ? "the likelihood worse and the calibration error less" : "the probabilities worse"
    }
    return errorsRise
      ? "the likelihood better and the calibration error greater" : "the probabilities better"
  }

  var shifted: String? {
    guard let images = decision.shifted, let own = deployed.shifted else { return nil }
    let start = "On the shifted images (\(Words.count(images.count, "image")) of '\(images.split)')"
    let found = "\(Figures.percent(own.metrics.top1Accuracy)) %"
    guard !isReference, let single = reference.shifted else { return "\(start) it has \(found)." }
    return "\(start) it has \(found), the best single model "
      + "\(Figures.percent(single.metrics.top1Accuracy)) %."
  }
}
