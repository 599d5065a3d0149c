import Formatting

extension ReportPage {
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
    let items = forecasts.map { "<li>\(Self.words($0).unbroken)</li>\n" as HTML }
    return items.isEmpty ? "" : "<ul>\n\(items.joined())</ul>"
  }

  /// Those whose interval leaves open whether a further member brings anything.
  private func roughForecasts(_ forecasts: [NetworkForecast], isAll: Bool) -> HTML {
    guard !forecasts.isEmpty else { return "" }
    let networks = forecasts.map(\.network).listed
    return """
      <p>There are too few members of \(networks) to say whether a further one would bring anything.</p>
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
    else { return "Nothing is known of \(forecast.network)." }
    let gain = next.accuracy - known
    let start =
      "A further \(forecast.network), the \(ordinal(next.memberCount)), would bring about "
      + "\(NumberFormat.points(gain)) points (\(NumberFormat.points(next.lowerBound - known)) to "
      + "\(NumberFormat.points(next.upperBound - known)))"
    guard let last = forecast.forecast.points.last, last.memberCount > next.memberCount else {
      return start + "."
    }
    return start + "; \(last.memberCount) in all, \(NumberFormat.points(last.accuracy - known)) "
      + "(\(NumberFormat.points(last.lowerBound - known)) to "
      + "\(NumberFormat.points(last.upperBound - known))).\(checked(forecast))"
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
}
