import Decisions
import Formatting
import Predictions

/// What ways to choose are worth on hold-out images that they did not choose on, in words.
struct CrossFittingSentences {
  /// One way to choose within one budget.
  struct Row: Hashable {
    /// Such as "The best cascade".
    let name: String
    /// What it chooses on the whole hold-out: a candidate's id.
    let candidate: String
    let estimate: CrossFitting.Estimate
  }

  private let decision: Decision
  private let crossFitting: CrossFitting

  /// - Returns: nil where nothing was judged so.
  init?(_ decision: Decision) {
    guard let crossFitting = decision.crossFitting, !crossFitting.rows.isEmpty else { return nil }
    (self.decision, self.crossFitting) = (decision, crossFitting)
  }

  /// The budgets, none first, each with the ways to choose within it; the way to the first answer before all.
  var groups: [(budget: String, rows: [Row])] {
    let first = crossFitting.firstAnswer.map { [("The first answer", [row($0)])] } ?? []
    let others = crossFitting.rows.filter { $0.procedure != .cheapestAsGood }
    var budgets: [Double?] = []
    for row in others where !budgets.contains(row.budget) { budgets.append(row.budget) }
    return first
      + budgets.sorted { ($0 ?? .infinity) > ($1 ?? .infinity) }.map { budget in
        (title(budget), others.filter { $0.budget == budget }.map(row))
      }
  }

  private func row(_ row: CrossFitting.Row) -> Row {
    Row(
      name: row.procedure.name.capitalizedStart, candidate: row.candidate, estimate: row.estimate)
  }

  private func title(_ budget: Double?) -> String {
    guard let budget else { return "Of all" }
    let single = decision.bestSingle.holdOut.cost[decision.options.cost]
    return budget == single && budget != decision.options.maximumCost
      ? "For the best single model's cost" : "Within \(decision.options.cost.amount(budget))"
  }

  /// What the way to what is shown is worth, and the others in a list.
  var sentence: String {
    let first = crossFitting.firstAnswer.map { row in
      "Chosen anew on parts of the hold-out, the first answer is right on \(value(row.estimate)) of the images that did not "
        + "choose it (95 % interval \(row.estimate.interval.percentText)\(flattery(row.estimate)))."
    }
    let all = crossFitting.rows.filter { $0.budget == nil && $0.procedure != .cheapestAsGood }
      .map { "\($0.procedure.name) \(value($0.estimate))" }
    return ([first].compactMap { $0 } + [all.isEmpty ? "" : "Other ways to choose: \(all.listed)."])
      .filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func flattery(_ estimate: CrossFitting.Estimate) -> String {
    guard estimate.flattery > 0 else { return "" }
    return ", where what it shows on the whole hold-out is flattered by "
      + "\(NumberFormat.percent(estimate.flattery)) points"
  }

  private func value(_ estimate: CrossFitting.Estimate) -> String {
    "\(NumberFormat.percent(estimate.accuracy)) %"
  }
}

extension String {
  /// With a capital letter.
  fileprivate var capitalizedStart: String { prefix(1).uppercased() + dropFirst() }
}
