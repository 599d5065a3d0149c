import Decisions
import Ensembles
import Predictions
import Schemas

extension ReportPage {
  /// The chart of all candidates with its controls, and the panel of the one that is looked at.
  var explorer: Section? {
    guard let tradeoff = charts.tradeoff else { return nil }
    let label = "Chart of test accuracy against cost; the table of candidates has its numbers."
    return Section(
      id: "candidates", title: "Accuracy against cost",
      body: """
        \(controls(tradeoff))
        <div class="explorer">
        <div>
        \(figure("tradeoff", label: label, caption: caption(tradeoff.decision)))
        \(budget)
        </div>
        <aside class="panel" id="panel" aria-live="polite" aria-label="The pinned candidate"></aside>
        </div>
        """)
  }

  private func controls(_ tradeoff: TradeoffChart) -> HTML {
    let buttons = tradeoff.measures.map { measure -> HTML in
      """
      <button type="button" data-measure="\(measure.rawValue)" \
      aria-pressed="\(measure == tradeoff.decision.options.cost ? "true" : "false")">\
      \(measure.title)</button>

      """
    }
    return """
      <div class="controls choice" role="group" aria-label="Cost"><span>Cost</span>
      \(buttons.joined())</div>
      """
  }

  private var budget: HTML {
    """
    <div class="controls budget">
    <label for="budget">Budget <output id="budget-amount" for="budget"></output></label>
    <input type="range" id="budget" min="0" max="400" step="1" value="400">
    <p id="budget-words" aria-live="polite"></p>
    </div>
    """
  }

  private func caption(_ decision: Decision) -> HTML {
    """
    A mark is a candidate: its accuracy on the \(decision.testName), which chose nothing, and \
    what one image costs. Lines: what the hold-out chooses for each budget \
    (\(decision.options.cost.name)); solid among all candidates, dashed among single models \
    and ensembles of one network. Small dots: other ensembles. Rings and bars: the deployed candidate and \
    the best single model, with 95 % intervals. \
    <span class="controls-note">Point at a mark for its figures; click, tap, or press Enter on a row of the \
    table below, to keep it.</span>
    """
  }

  /// What the script needs of the decision.
  func decisionData(_ tradeoff: TradeoffChart) -> JSONValue {
    let decision = tradeoff.decision
    let measures = tradeoff.measures.map { measure -> JSONValue in
      let scale = tradeoff.scale(measure)
      return [
        "key": .string(measure.rawValue), "name": .string(measure.name),
        "isTime": .bool(measure.isTime),
        "unit": .string(measure.unitPerImage), "x": tradeoff.xEncoding(measure),
        "least": .number(scale.low), "most": .number(scale.high),
      ]
    }
    return [
      "measures": .array(measures), "measure": .string(decision.options.cost.rawValue),
      "budget": decision.options.maximumCost.map { .number($0) } ?? .null,
      "chosen": .string(decision.chosen), "reference": .string(decision.reference),
      "rows": .array(decision.candidates.map { row($0, tradeoff) }),
      "testName": .string(decision.testName),
      "topK": .integer(Metrics.topK(classes: decision.classes)),
    ]
  }

  private func row(_ candidate: Candidate, _ tradeoff: TradeoffChart) -> JSONValue {
    guard
      case .object(var row) = CandidateRow(candidate: candidate, decision: tradeoff.decision).json
    else { return .null }
    row["command"] = .string(build.command(for: candidate))
    if let advice = build.advice(for: candidate) { row["advice"] = .string(advice) }
    return .object(row)
  }
}
