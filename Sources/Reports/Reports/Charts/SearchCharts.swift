import ArchitectureSearch
import Schemas

/// The charts of a search that there is something to draw for.
struct SearchCharts {
  let content: SearchContent

  static let names = ["pareto", "pareto-macs", "reward", "search-frontier"]

  /// By name, complete, in light colours.
  var files: [String: JSONValue] {
    let title = content.context.title
    return all(width: .pixels(680)) { "\(title): \($0)" }
      .mapValues { ChartTheme(isDark: false).complete($0) }
  }

  /// By name, without colours, for the page.
  var interactive: [String: JSONValue] { all(width: .container) { _ in nil } }

  private func all(
    width: ChartWidth, title: (String) -> String?
  ) -> [String: JSONValue] {
    var charts: [String: JSONValue] = [:]
    charts["pareto"] = FinalistChart(content: content, measure: .milliseconds)
      .specification(title: title("accuracy against latency"), width: width)
    charts["pareto-macs"] = FinalistChart(content: content, measure: .multiplyAccumulates)
      .specification(title: title("accuracy against compute"), width: width)
    charts["reward"] = RewardChart(content: content).specification(title: title("the search"))
    charts["search-frontier"] = SearchFrontierChart(content: content)
      .specification(title: title("evaluations"), width: width)
    return charts
  }
}

extension SearchCharts {
  /// The axes of accuracy, in percent, against a cost.
  ///
  /// - Parameter costs: All that have to fit, in multiply-accumulates or milliseconds.
  static func encoding(
    costs: [Double], in measure: CostTarget.Measure, title: String, accuracies: [Double],
    _ accuracyTitle: String
  ) -> JSONValue {
    [
      "x": [
        "field": "cost", "type": "quantitative", "title": .string(title),
        "scale": ["domain": ChartParts.domain(costs), "zero": false, "nice": false],
        "axis": [
          "format": measure == .multiplyAccumulates ? "~s" : "~r", "labelOverlap": true,
          "tickCount": 8,
          "labelSeparation": 8,
        ],
      ],
      "y": [
        "field": "accuracy", "type": "quantitative", "title": .string(accuracyTitle),
        "scale": [
          "domain": ChartParts.domain(accuracies, within: 0...100), "zero": false, "nice": true,
        ],
        "axis": ["labelOverlap": true],
      ],
    ]
  }
}
