import Decisions

extension Decision {
  /// The best single model; the deployed candidate where a file lacks it.
  var bestSingle: Candidate { candidate(reference) ?? deployed }

  /// Whether the best single model is what was chosen.
  var isBestSingleChosen: Bool { chosen == reference }

  /// The chosen candidate without temperatures, which the deployed one has.
  var withoutTemperatures: Candidate { candidate(chosen) ?? deployed }
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
      $0.id != decision.chosen && accuracy($0) > accuracy(decision.withoutTemperatures) ? $0 : nil
    }
  }
}
