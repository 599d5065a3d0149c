import CLI
import Ensembles

/// A decision in words, for a page and a terminal.
public struct DecisionText: Hashable, Sendable {
  /// What to deploy, how accurate it is and what it costs beside the best single model.
  public let deploy: String
  /// How clear the difference from the best single model is; nil where the chosen one is that.
  public let comparison: String?
  /// Measured times, or MACs where time is what counts; nil where they are not known.
  public let otherCosts: String?
  /// Which images chose and which judged.
  public let images: String
  /// What was wanted.
  public let goal: String
  /// What temperatures do.
  public let temperatures: String
  /// How it stands on further images; nil without any.
  public let shifted: String?
  /// What none of the figures covers.
  public let caveat: String

  /// All of it, a sentence or two each.
  public var sentences: [String] {
    [deploy] + [comparison, otherCosts].compactMap { $0 } + [images, goal, temperatures]
      + [shifted].compactMap { $0 } + [caveat]
  }

  /// Lines for a terminal, `width` characters at most where words allow.
  public func lines(width: Int = Terminal.textWidth) -> String {
    sentences.flatMap { sentence in
      Terminal.wrapped(Terminal.printable(sentence), width: width)
    }.map { $0 + "\n" }.joined()
  }

  /// Says what was decided.
  public init(_ decision: Decision) {
    let writer = DecisionWriter(decision)
    deploy = writer.deploy
    comparison = writer.comparison
    otherCosts = writer.otherCosts
    images = writer.images
    goal = writer.goal
    temperatures = writer.temperatures
    shifted = writer.shifted
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
      return "One model is enough: deploy \(referenceName): \(figures), for "
        + "\(price(deployed)) an image. It is the best single model on the hold-out."
    }
    let start =
      deployed.kind == .single
      ? "One model is enough: deploy \(deployed.members.joined(separator: ", "))" : "Deploy \(what)"
    return "\(start): \(figures), \(share) the best single model, \(referenceName) "
      + "(\(Figures.percent(reference.test.metrics.top1Accuracy)) %).\(warning)"
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
    return "at \(Words.share(costs.own, of: costs.single)) the \(Words.name(of: measure)) of"
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
    return (isTime ? "Measured, an image takes " : "An image takes ") + Words.list(said) + "."
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
      let limit = "for at most \(Words.cost(budget, measure))\(perImage)"
      let needed = least.map { " with at least \($0)" } ?? ""
      return "Wanted: the most accurate on the hold-out \(limit)\(needed). There it has "
        + "\(onHoldOut) for \(holdOutPrice)."
    }
    let needed =
      least.map { "at least \($0)" } ?? "\(margin) of the best single model "
      + "(\(Figures.percent(reference.holdOut.metrics.top1Accuracy)) %)"
    return "Wanted: the least \(Words.name(of: measure)) with \(needed) on the hold-out. "
      + "There it has \(onHoldOut) for \(holdOutPrice)."
  }

  private var margin: String {
    let errors = decision.options.margin
    guard errors > 0 else { return "at least the accuracy" }
    let text = errors == errors.rounded() ? Figures.fixed(errors, 0) : Figures.fixed(errors, 2)
    return errors == 1
      ? "an accuracy by one standard error above that"
      : "an accuracy by \(text) standard errors above that"
  }

  private var perImage: String { measure == .multiplyAccumulates ? " an image" : "" }

  private var onHoldOut: String {
    let plain = decision.candidate(decision.chosen) ?? deployed
    return "\(Figures.percent(plain.holdOut.metrics.top1Accuracy)) %"
  }

  private var holdOutPrice: String {
    deployed.holdOut.cost[measure].map { Words.cost($0, measure) + perImage } ?? "an unknown cost"
  }

  var temperatures: String {
    let choice = decision.calibration
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
    return "\(subject) the probabilities \(choice.isWorse ? "worse" : "better") on the "
      + "\(Words.testName(decision)): NLL \(Figures.fixed(before.negativeLogLikelihood, 3)) → "
      + "\(Figures.fixed(after.negativeLogLikelihood, 3)) nats, ECE "
      + "\(Figures.fixed(before.expectedCalibrationError, 3)) → "
      + "\(Figures.fixed(after.expectedCalibrationError, 3))."
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
