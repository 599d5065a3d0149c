import Decisions
import Schemas

/// The charts of a study that there is something to draw for.
struct StudyCharts {
  let content: StudyContent

  static let names = ["border", "gap", "figure1", "figure1-latency"]

  /// By name, complete, in light colours.
  var files: [String: JSONValue] {
    let title = content.context.title
    return all(width: .pixels(680)) { "\(title): \($0)" }
      .mapValues { ChartTheme(isDark: false).complete($0) }
  }

  /// By name, without colours, for the page.
  var interactive: [String: JSONValue] { all(width: .container) { _ in nil } }

  private func all(width: ChartWidth, title: (String) -> String?) -> [String: JSONValue] {
    let analysis = content.analysis
    var charts: [String: JSONValue] = [:]
    charts["border"] = BorderChart(analysis: analysis)
      .specification(title: title("where several small networks beat a large one"))
    charts["gap"] = GapChart(analysis: analysis)
      .specification(title: title("the lead at about equal compute"), width: width)
    charts["figure1"] = StudyCurvesChart(analysis: analysis, milliseconds: nil)
      .specification(title: title("accuracy against compute"))
    let isTimed = analysis.sizes.flatMap(\.curves).allSatisfy {
      content.milliseconds[$0.network] != nil
    }
    if isTimed {
      charts["figure1-latency"] = StudyCurvesChart(
        analysis: analysis, milliseconds: content.milliseconds
      ).specification(title: title("accuracy against latency"))
    }
    return charts
  }
}
