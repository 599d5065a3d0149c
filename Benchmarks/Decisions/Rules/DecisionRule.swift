import Decisions
import Ensembles
import Predictions

/// What `Decision` chooses.
struct DecisionRule: Rule {
  let name = "decision"

  func choose(_ draw: Draw) throws -> Choice {
    let sets = try PredictionSets(holdOut: draw.holdOut, test: draw.standIn)
    let decision = try Decision(sets)
    let names = draw.holdOut.map(\.name)
    guard let chosen = decision.candidate(decision.chosen) else { throw RuleError.noChoice }
    return Choice(
      members: chosen.members.compactMap(names.firstIndex), .combination(chosen.combination))
  }
}

/// What a rule failed at.
enum RuleError: Error {
  case noChoice
}
