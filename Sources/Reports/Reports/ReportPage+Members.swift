import Decisions
import Ensembles
import Formatting

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ReportPage {
  /// What each member adds to the others.
  var membersSection: Section? {
    guard let contributions = content.contributions, contributions.contributions.count > 1 else {
      return nil
    }
    let values = contributions.contributions.sorted { $0.shapleyValue > $1.shapleyValue }
    let largest = values.map { abs($0.gainToAllOthers) }.max() ?? 0
    let rows = values.map { member($0, largest: largest) }
    let head: HTML = """
      <th scope="col">Member</th><th scope="col">Alone, hold-out, %</th><th scope="col">Alone, test, %</th>\
      <th scope="col">To one other, points</th><th scope="col">To all others, points</th>
      """
    let sample = contributions.isSampled ? " Some sizes are a random sample." : ""
    return Section(
      id: "members", title: "What each member adds",
      body: """
        <p>By how much a member raises the accuracy of others, on the hold-out, as a mean over sets of \
        others (\(Words.name(of: contributions.rule))).\(sample)</p>
        \(.table("What each member adds", head: head, rows: rows))
        \(shapleyValues(values))
        """)
  }

  private func shapleyValues(_ values: [MemberContributions.Contribution]) -> HTML {
    let rows = values.map { value -> HTML in
      """
      <tr><th scope="row">\(value.member)</th><td>\(Figures.percent(value.shapleyValue))</td></tr>

      """
    }
    return """
      <details><summary>Shapley values</summary>
      <p class="small">The accuracy of all members on the hold-out, divided among them: the mean of what each \
      adds over all orders in which they could be added. The values add up to it.</p>
      \(.table("Shapley values", head: """
        <th scope="col">Member</th><th scope="col">Shapley value, %</th>
        """, rows: rows))
      </details>
      """
  }

  private func member(_ value: MemberContributions.Contribution, largest: Double) -> HTML {
    let single = content.decision?.candidates.first {
      $0.kind == .single && $0.members == [value.member]
    }
    let gain = value.gainToAllOthers
    let share = largest > 0 ? max(0, gain) / largest : 0
    let toOne = value.gains.count > 1 ? Figures.points(value.gains[1]) : "–"
    return """
      <tr><th scope="row">\(value.member)</th><td>\(value.gains.first.map { Figures.percent($0) } ?? "–")</td>\
      <td>\(single.map { Figures.percent($0.test.metrics.top1Accuracy) } ?? "–")</td>\
      <td>\(toOne)</td>\
      <td class="bar" style="--share:\(Figures.percent(share, 0))%">\(Figures.points(gain))</td></tr>

      """
  }

  /// What further members would bring.
  var forecastSection: Section? {
    guard !content.forecasts.isEmpty else { return nil }
    let clear = content.forecasts.filter { !$0.isRough }
    let rough = content.forecasts.filter(\.isRough)
    return Section(
      id: "forecast", title: "What more members would bring",
      body: """
        \(items(clear))
        \(clear.isEmpty ? "" : forecastFigure)
        \(roughForecasts(rough, isAll: clear.isEmpty))
        """)
  }

  private func items(_ forecasts: [NetworkForecast]) -> HTML {
    let items = forecasts.map { "<li>\(Self.unbroken(Self.words($0)))</li>\n" as HTML }
    return items.isEmpty ? "" : "<ul>\n\(items.joined())</ul>"
  }

  /// Those whose interval leaves open whether a further member brings anything.
  private func roughForecasts(_ forecasts: [NetworkForecast], isAll: Bool) -> HTML {
    guard !forecasts.isEmpty else { return "" }
    let networks = Words.list(forecasts.map(\.network))
    return """
      <p>There are too few members of \(networks) to tell whether a further one would bring anything.</p>
      <details><summary>Forecasts with wide intervals</summary>
      \(items(forecasts))
      \(isAll ? forecastFigure : "")
      </details>
      """
  }

  private var forecastFigure: HTML {
    figure(
      "forecast", label: "Chart of mean accuracy by the number of members, and its forecast.",
      caption: """
        Mean accuracy of ensembles of so many members of a network on the images of \
        '\(content.forecasts[0].split)', the fitted law (dashed), and what it says of further members with \
        95 % intervals by the jackknife. Forecasts from fewer members stand beside the means then found. \
        From few members all this is rough.
        """)
  }

  /// "A further x would bring about +0.20 points ...".
  static func words(_ forecast: NetworkForecast) -> String {
    guard let next = forecast.forecast.points.first,
      let known = forecast.forecast.accuracies.last
    else { return "Nothing is told of \(forecast.network)." }
    let gain = next.accuracy - known
    let start =
      "A further \(forecast.network), the \(ordinal(next.memberCount)), would bring about "
      + "\(Figures.points(gain)) points (\(Figures.points(next.lowerBound - known)) to "
      + "\(Figures.points(next.upperBound - known)))"
    guard let last = forecast.forecast.points.last, last.memberCount > next.memberCount else {
      return start + "."
    }
    return start + "; \(last.memberCount) in all, \(Figures.points(last.accuracy - known)) "
      + "(\(Figures.points(last.lowerBound - known)) to "
      + "\(Figures.points(last.upperBound - known))).\(checked(forecast))"
  }

  private static func ordinal(_ n: Int) -> String {
    if (11...13).contains(n % 100) { return "\(n)th" }
    return "\(n)" + (["1": "st", "2": "nd", "3": "rd"][String(n % 10)] ?? "th")
  }

  private static func checked(_ forecast: NetworkForecast) -> String {
    guard !forecast.checks.isEmpty else { return "" }
    let inside = forecast.checks.count(where: \.isInside)
    return
      " Checked on members held back: \(inside) of \(forecast.checks.count) inside the interval."
  }

  /// The candidates that matter on further images.
  var shiftedSection: Section? {
    guard let decision = content.decision, let images = decision.shifted else { return nil }
    let shown = decision.candidates.filter {
      $0.shifted != nil
        && ($0.isOnFrontier || $0.id == decision.chosen || $0.id == decision.reference)
    }
    let head: HTML = """
      <th scope="col">Candidate</th><th scope="col">Test, %</th><th scope="col">Shifted, %</th>\
      <th scope="col">Points lost</th><th scope="col">NLL, test</th><th scope="col">NLL, shifted</th>\
      <th scope="col">ECE, test</th><th scope="col">ECE, shifted</th>
      """
    return Section(
      id: "shifted", title: "Shifted images",
      body: """
        <p>\(Words.count(images.count, "image")) of '\(images.split)' that neither chose nor judge: how far \
        the figures hold where images differ. The deployed candidate is shown with its temperatures.</p>
        \(.table("Test and shifted images", head: head,
          rows: shown.map { shiftedRow($0, decision, among: shown) }))
        """)
  }

  private func shiftedRow(
    _ candidate: Candidate, _ decision: Decision, among candidates: [Candidate]
  ) -> HTML {
    let isChosen = candidate.id == decision.chosen
    let shown = isChosen ? decision.deployed : candidate
    let mark: HTML =
      isChosen
      ? " <span class=\"tag\">deploy</span>"
      : candidate.id == decision.reference ? " <span class=\"tag\">best single</span>" : ""
    let (test, shifted) = (shown.test.metrics, shown.shifted?.metrics ?? shown.test.metrics)
    return """
      <tr\(isChosen ? HTML(" class=\"pareto\"") : "")><th scope="row">\
      <span class="name">\(Words.networks(of: candidate))</span>\
      \(identity(candidate, among: candidates))\(mark)</th>\
      <td>\(Figures.percent(test.top1Accuracy))</td><td>\(Figures.percent(shifted.top1Accuracy))</td>\
      <td>\(Figures.percent(test.top1Accuracy - shifted.top1Accuracy))</td>\
      <td>\(Figures.fixed(test.negativeLogLikelihood, 4))</td>\
      <td>\(Figures.fixed(shifted.negativeLogLikelihood, 4))</td>\
      <td>\(Figures.fixed(test.expectedCalibrationError, 4))</td>\
      <td>\(Figures.fixed(shifted.expectedCalibrationError, 4))</td></tr>

      """
  }

  /// Images that tell the chosen ensemble from the best single model.
  var examplesSection: Section? {
    guard !content.examples.isEmpty else { return nil }
    let figures = content.examples.map { example -> HTML in
      """
      <li><img class="\(Self.isTiny(example.png) ? "tiny" : "photo")" alt="" \
      src="data:image/png;base64,\(Data(example.png).base64EncodedString())">
      <p><b>\(example.label)</b></p>
      <p class="better">✓ \(example.chosen.name) \(Figures.percent(example.chosen.probability, 0)) %</p>
      <p class="worse">✗ \(example.reference.name) \
      \(Figures.percent(example.reference.probability, 0)) %</p></li>

      """
    }
    return Section(
      id: "examples", title: "Example images",
      body: """
        <p>Test images that the deployed candidate gets right (✓) and the best single model wrong (✗), with \
        how sure each is. Chosen to show the difference: there are images the other way round, too.</p>
        <ul class="examples">
        \(figures.joined())</ul>
        """)
  }

  /// Whether the picture is so small that its pixels shall stay sharp: its header says how wide it is.
  static func isTiny(_ png: [UInt8]) -> Bool {
    guard png.count >= 24 else { return false }
    return png[16..<20].reduce(0) { $0 << 8 | Int($1) } <= 128
  }
}
