import Decisions

extension Decision {
  /// The best single model; the deployed candidate where a file lacks it.
  var bestSingle: Candidate { candidate(reference) ?? deployed }

  /// Whether the best single model is what was chosen.
  var isBestSingleChosen: Bool { chosen == reference }

  /// The chosen candidate without the calibration that the deployed one has.
  var uncalibrated: Candidate { candidate(chosen) ?? deployed }
}

/// What else there was to choose on the hold-out.
struct DecisionAlternatives {
  let decision: Decision

  init(_ decision: Decision) { self.decision = decision }

  /// How far a cost may exceed a budget by rounding.
  static let tolerance = 1 + 1e-9

  private func cost(_ candidate: Candidate) -> Double? {
    candidate.holdOut.cost[decision.options.cost]
  }

  private func accuracy(_ candidate: Candidate) -> Double { candidate.holdOut.metrics.top1Accuracy }

  /// The most accurate, of equals the cheapest.
  private func best(_ candidates: [Candidate]) -> Candidate? {
    func rank(_ candidate: Candidate) -> (Double, Double) {
      (accuracy(candidate), -(cost(candidate) ?? .infinity))
    }
    return candidates.max { rank($0) < rank($1) }
  }

  /// The best single model that costs no more than `budget`.
  func single(within budget: Double) -> Candidate? {
    best(
      decision.candidates.filter {
        $0.kind == .single && (cost($0) ?? .infinity) <= budget * Self.tolerance
      })
  }

  /// The most accurate within the budget, where something simpler was chosen.
  var moreAccurate: Candidate? {
    let budget = decision.options.maximumCost ?? .infinity
    let best = best(decision.candidates.filter { (cost($0) ?? .infinity) <= budget })
    return best.flatMap {
      $0.id != decision.chosen && accuracy($0) > accuracy(decision.uncalibrated) ? $0 : nil
    }
  }

  /// The most accurate of what costs more than the best single model, where that is chosen without a goal.
  var moreExpensive: Candidate? {
    let reference = decision.bestSingle
    guard decision.isBestSingleChosen, decision.options.minimumAccuracy == nil,
      decision.options.maximumCost == nil, let cost = cost(reference)
    else { return nil }
    return best(
      decision.candidates.filter {
        $0.isOnFrontier && (self.cost($0) ?? 0) > cost && accuracy($0) > accuracy(reference)
      })
  }

  /// What costs less and is as accurate as the best single model, but not above it by the margin.
  var cheaper: Candidate? {
    guard decision.options.minimumAccuracy == nil, decision.options.margin > 0,
      let cost = cost(decision.deployed)
    else { return nil }
    return decision.candidates.filter {
      $0.id != decision.chosen && $0.id != decision.reference
        && accuracy($0) >= accuracy(decision.bestSingle) - 1e-9
        && (self.cost($0) ?? .infinity) < cost
    }.min { (self.cost($0) ?? 0) < (self.cost($1) ?? 0) }
  }
}
