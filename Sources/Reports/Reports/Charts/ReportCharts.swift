import Ensembles
import Schemas

/// The charts that there is something to draw for.
struct ReportCharts {
  let content: ReportContent

  static let names = ["frontier", "tradeoff", "reliability", "risk", "diversity", "forecast"]

  var tradeoff: TradeoffChart? { content.decision.map { TradeoffChart(decision: $0) } }

  var reliability: ReliabilityChart? {
    guard let decision = content.decision else { return nil }
    let choice = decision.calibration
    var summaries: [(String, ReliabilitySummary)] = []
    if let reference = content.referenceReliability {
      summaries.append(("Best single model", reference))
    }
    summaries.append(("Deployed, not calibrated", choice.uncalibrated))
    if choice.method != .none { summaries.append(("Deployed, calibrated", choice.calibrated)) }
    return ReliabilityChart(summaries: summaries)
  }

  var risk: RiskChart? { content.decision?.limits.map(RiskChart.init) }

  var diversity: DiversityChart? {
    content.diversity.members.count > 1 ? DiversityChart(diversity: content.diversity) : nil
  }

  var forecast: ForecastChart? {
    content.forecasts.isEmpty ? nil : ForecastChart(forecasts: content.forecasts)
  }

  /// By name, complete, in light colours.
  var files: [String: JSONValue] {
    let title = content.context.title
    var charts: [String: JSONValue] = [:]
    charts["tradeoff"] = tradeoff?.specification(
      title: "\(title): accuracy against cost", width: .pixels(720), isInteractive: false)
    charts["reliability"] = reliability?.specification(title: "\(title): reliability")
    charts["risk"] = risk?.specification(
      title: "\(title): errors by share of answers", width: .pixels(560))
    charts["diversity"] = diversity?.picture(title: "\(title): diversity")
    charts["forecast"] = forecast?.specification(title: "\(title): what more members would bring")
    charts = charts.mapValues { ChartTheme(isDark: false).complete($0) }
    charts["frontier"] = FrontierChart(frontier: content.frontier)
      .file(title: title, dataset: content.context.dataset)
    return charts
  }

  /// By name, without colours, for the page.
  var interactive: [String: JSONValue] {
    var charts = [
      "frontier": FrontierChart(frontier: content.frontier)
        .specification(title: nil, width: .container)
    ]
    charts["tradeoff"] = tradeoff?.specification(
      title: nil, width: .container, isInteractive: true)
    charts["reliability"] = reliability?.specification(title: nil)
    charts["risk"] = risk?.specification(title: nil, width: .container)
    charts["diversity"] = diversity?.single
    charts["forecast"] = forecast?.specification(title: nil)
    return charts
  }
}
