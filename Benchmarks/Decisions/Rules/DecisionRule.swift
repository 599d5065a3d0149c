import Decisions
import Ensembles
import Predictions

/// What `Decision` chooses: the cheapest that is shown to be as good as the best single model, or what loses least where nothing
/// is shown.
struct DecisionRule: Rule {
  let name = "decision"

  func choose(_ draw: Draw) throws -> Choice {
    let sets = try PredictionSets(holdOut: draw.holdOut, test: draw.standIn)
    let answer = try CheapestAsGood(sets)
    return Self.choice(answer.candidate, draw, isShown: answer.isShown)
  }

  static func choice(_ candidate: Candidate, _ draw: Draw, isShown: Bool) -> Choice {
    let names = draw.holdOut.map(\.name)
    return Choice(
      members: candidate.members.compactMap(names.firstIndex), .combination(candidate.combination),
      isShown: isShown)
  }
}

/// The same by the whole decision, to see that it is the same: many times slower.
struct WholeDecisionRule: Rule {
  let name = "whole decision"

  func choose(_ draw: Draw) throws -> Choice {
    let sets = try PredictionSets(holdOut: draw.holdOut, test: draw.standIn)
    let decision = try Decision(sets)
    guard let chosen = decision.candidate(decision.chosen), let first = decision.answers?.first
    else { throw RuleError.noChoice }
    return DecisionRule.choice(chosen, draw, isShown: first.isShown)
  }
}

/// What a rule failed at.
enum RuleError: Error {
  case noChoice
}
