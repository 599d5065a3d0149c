import Decisions
import Ensembles
import Files
import Formatting
import Predictions

extension ReportPage {
  /// The decision in words and its key figures; without one, what the fixed ensembles show.
  var heading: HTML {
    """
    <header>
    <p class="kicker">Consort · one larger model, or several smaller ones?</p>
    <h1>\(context.title)</h1>
    \(content.decision.map(answer) ?? noAnswer)
    </header>
    """
  }

  private func answer(_ decision: Decision) -> HTML {
    let text = DecisionText(decision)
    let reasons = [
      text.measured, text.otherCosts, text.images, text.goal, text.temperatures, text.shifted,
    ]
    let further = (text.cautions + reasons.compactMap { $0 }).map {
      "<li>\(Self.unbroken($0))</li>\n" as HTML
    }
    let comparison: HTML =
      text.comparison.map { "<p class=\"second\">\(Self.unbroken($0))</p>\n" } ?? ""
    return """
      <p class="lede">\(Self.unbroken(text.deploy))</p>
      \(comparison)\(cards(decision))
      <ul class="grounds">
      \(further.joined())</ul>
      \(buildLine(decision.deployed))
      <p class="small">\(text.caveat)</p>
      """
  }

  private var noAnswer: HTML {
    """
    <p class="lede">Nothing could be chosen: there are no hold-out predictions.</p>
    <p>An ensemble chosen by the images that also judge it would look better than it is. To choose, \
    predict images that neither training nor this report has used: set <code>"holdOut"</code> in the \
    experiment's <code>"data"</code> and train, or give predictions of a hold-out for the same members. \
    Below is what ensembles of every size do, none of them chosen.</p>
    """
  }

  private func cards(_ decision: Decision) -> HTML {
    let cards = KeyFigure.of(decision).map { figure -> HTML in
      """
      <div class="card"><dt>\(figure.name)</dt><dd><b>\(figure.value)</b>\
      <span>\(figure.note)</span></dd></div>

      """
    }
    return "<dl class=\"cards\">\n\(cards.joined())</dl>"
  }
}

/// A figure in large type.
struct KeyFigure {
  let name, value, note: String

  /// Three to five.
  static func of(_ decision: Decision) -> [KeyFigure] {
    let deployed = decision.deployed
    let reference = decision.candidate(decision.reference) ?? deployed
    return [accuracy(decision, deployed), difference(decision, reference)].compactMap { $0 }
      + costs(decision, deployed, reference).prefix(2)
      + [likelihood(decision), shifted(deployed, reference)].compactMap { $0 }.prefix(1)
  }

  private static func accuracy(_ decision: Decision, _ deployed: Candidate) -> KeyFigure {
    KeyFigure(
      name: "Accuracy on the \(Words.testName(decision))",
      value: "\(Figures.percent(deployed.test.metrics.top1Accuracy)) %",
      note: "95 % interval \(Words.range(deployed.testInterval))")
  }

  private static func difference(_ decision: Decision, _ reference: Candidate) -> KeyFigure? {
    guard decision.chosen != decision.reference, let comparison = decision.deployed.comparison
    else { return nil }
    return KeyFigure(
      name: "Against the best single model",
      value: "\(Figures.points(comparison.difference))",
      note: "points; 95 % interval \(Words.points(comparison.interval))")
  }

  private static func costs(
    _ decision: Decision, _ deployed: Candidate, _ reference: Candidate
  ) -> [KeyFigure] {
    let first = decision.options.cost
    let others: [CostMeasure] = [.multiplyAccumulates, .latency, .parameters].filter { $0 != first }
    return ([first] + others).compactMap { measure in
      let measured = measure.isTime ? decision.measured : nil
      guard let own = measured?.deployed.median ?? deployed.test.cost[measure],
        let single = measured?.reference.median ?? reference.test.cost[measure], single > 0
      else { return nil }
      let name = label(of: measure, deployed, isMeasured: measured != nil)
      if decision.chosen == decision.reference {
        return KeyFigure(name: name, value: Words.cost(own, measure), note: "the best single model")
      }
      let share = own / single
      return KeyFigure(
        name: name,
        value: share < 1.995
          ? "\(Figures.percent(share, 0)) %" : "\(Figures.fixed(share, share < 10 ? 1 : 0)) ×",
        note: "of the best single model's: \(amount(own, measure)) against "
          + amount(single, measure))
    }
  }

  /// A cascade's time that was not measured follows from those of its members.
  private static func label(
    of measure: CostMeasure, _ deployed: Candidate, isMeasured: Bool
  ) -> String {
    guard measure.isTime, deployed.kind == .cascade else { return Words.label(of: measure) }
    return isMeasured ? "Measured time" : "Expected time"
  }

  /// Without the name that the card has already.
  private static func amount(_ value: Double, _ measure: CostMeasure) -> String {
    switch measure {
    case .multiplyAccumulates, .parameters: ReportPage.unbroken(Words.scaled(value))
    case .latency, .parallelLatency: Words.milliseconds(value) + "\u{a0}ms"
    }
  }

  private static func likelihood(_ decision: Decision) -> KeyFigure? {
    guard decision.calibration.place != nil else { return nil }
    let (before, after) = (
      decision.calibration.uncalibrated.metrics, decision.calibration.calibrated.metrics
    )
    return KeyFigure(
      name: "Calibration error",
      value: "\(Figures.percent(after.expectedCalibrationError, 1)) %",
      note: "ECE with temperatures; "
        + "\(Figures.percent(before.expectedCalibrationError, 1)) % without")
  }

  private static func shifted(_ deployed: Candidate, _ reference: Candidate) -> KeyFigure? {
    guard let own = deployed.shifted, let single = reference.shifted else { return nil }
    return KeyFigure(
      name: "On shifted images",
      value: "\(Figures.percent(own.metrics.top1Accuracy)) %",
      note: "the best single model \(Figures.percent(single.metrics.top1Accuracy)) %")
  }
}
