import Decisions
import Ensembles
import Schemas

/// The report as one page that opens without a network.
struct ReportPage {
  let content: ReportContent
  let charts: ReportCharts
  let drawn: ChartRenderer.Drawings
  /// Where the decision's file lies.
  let directory: String

  var frontier: Frontier { content.frontier }
  var diversity: Diversity { content.diversity }
  var context: ReportContext { content.context }

  typealias Section = PageFrame.Section

  /// The whole document.
  ///
  /// - Throws: `EncodingError` where a number of the charts is not finite.
  func html() throws -> String {
    try PageFrame(
      title: "\(context.title): one larger model, or several smaller ones?", heading: heading,
      sections: sections, data: data, drawn: drawn
    ).html()
  }

  private var sections: [Section] {
    guard content.decision != nil else {
      return [curvesSection, diversitySection, dataSection, notesSection].compactMap { $0 }
    }
    return [
      explorer, candidatesSection, choosingSection, errorsSection, rulesSection, calibrationSection,
      limitsSection,
      cascadeSection, shiftedSection, unlikeSection, diversitySection, membersSection,
      trainingSection, forecastSection, examplesSection,
      curvesSection, dataSection, notesSection,
    ].compactMap { $0 }
  }

  /// What the script draws.
  private var data: JSONValue {
    var members = PageFrame.data(charts: charts.interactive)
    if let tradeoff = charts.tradeoff { members["decision"] = decisionData(tradeoff) }
    return .object(members)
  }

  /// A chart for the script to draw, and a picture of it for print and readers without scripts.
  ///
  /// - Parameters:
  ///   - name: Of the chart.
  ///   - label: What a screen reader calls it.
  ///   - style: Of the element, such as its greatest width.
  func figure(_ name: String, label: String, style: String = "", caption: HTML) -> HTML {
    .figure(name, label: label, style: style, picture: drawn.charts[name], caption: caption)
  }

  func badge(_ verdict: Frontier.Verdict) -> HTML { .badge(verdict) }
}
