import CLI
import Ensembles
import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The report as one page that opens without a network.
struct ReportPage {
  let content: ReportContent
  let charts: ReportCharts
  let drawn: ChartRenderer.Charts
  /// Where the decision's file lies.
  let directory: String

  var frontier: Frontier { content.frontier }
  var diversity: Diversity { content.diversity }
  var context: ReportContext { content.context }

  /// A part of the page.
  struct Section {
    /// Of links to it; what the page's index calls it; what stands in it.
    let id, title: String
    let body: HTML

    var html: HTML {
      "<section id=\"\(id)\">\n<h2>\(title)</h2>\n\(body)\n</section>\n"
    }
  }

  /// The whole document.
  func html() throws -> String {
    let sections = sections
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'">
      <title>\(context.title): one larger model, or several smaller ones?</title>
      <style>
      \(.trusted(Self.style))
      </style>
      <script>document.documentElement.classList.add("live");</script>
      </head>
      <body>
      <main>
      \(heading)
      \(index(sections))
      \(sections.map(\.html).joined())
      </main>
      \(try scripts())
      </body>
      </html>

      """
    return page.markup
  }

  private var sections: [Section] {
    guard content.decision != nil else {
      return [curvesSection, diversitySection, dataSection, notesSection].compactMap { $0 }
    }
    return [
      explorer, candidatesSection, rulesSection, calibrationSection, cascadeSection,
      shiftedSection, diversitySection, membersSection, forecastSection, examplesSection,
      curvesSection, dataSection, notesSection,
    ].compactMap { $0 }
  }

  private func index(_ sections: [Section]) -> HTML {
    let links = sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>\n" as HTML }
    return "<nav aria-label=\"Sections\">\n\(links.joined())</nav>"
  }

  private func scripts() throws -> HTML {
    """
    <script type="application/json" id="report">\(.json(try data.compactText()))</script>
    <script>\(.trusted(String(decoding: drawn.script, as: UTF8.self)))</script>
    <script>\(.trusted(Self.script))</script>
    """
  }

  /// What the script draws.
  private var data: JSONValue {
    var members: [String: JSONValue] = ["charts": .object(charts.interactive)]
    for (name, isDark) in [("light", false), ("dark", true)] {
      let theme = ChartTheme(isDark: isDark)
      members[name] = ["config": theme.configuration, "parameters": theme.parameters]
    }
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
    let picture = Data(drawn.pictures[name]?.svg ?? []).base64EncodedString()
    return """
      <figure aria-label="\(label)">
      <div class="chart" id="chart-\(name)" style="\(style)"></div>
      <img class="still" alt="\(label)" src="data:image/svg+xml;base64,\(picture)">
      <figcaption>\(caption)</figcaption>
      </figure>
      """
  }

  func badge(_ verdict: Frontier.Verdict) -> HTML {
    let (kind, word) = Words.badge(verdict)
    return "<span class=\"badge \(kind)\">\(word)</span>"
  }

  /// The text with a space that no line ends at before each unit and within "p = 0.01".
  static func unbroken(_ text: String) -> String {
    var result = ""
    for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      let sticks = ["%", "M", "G", "k", "ms", "points"].contains {
        word.hasPrefix($0) && word.count < 8
      }
      let follows = ["=", "<"].contains(word) || result.hasSuffix("=") || result.hasSuffix("<")
      if index > 0 { result += sticks && !word.hasPrefix("MACs") || follows ? "\u{a0}" : " " }
      result += word
    }
    return result
  }
}
