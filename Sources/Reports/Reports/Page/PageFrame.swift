import CReportPage
import Decisions
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What every report's page has around its parts: it opens without a network, and its script draws the charts.
struct PageFrame {
  /// Of the browser's tab.
  let title: String
  /// Above the links to the sections.
  let heading: HTML
  let sections: [Section]
  /// What the script draws.
  let data: JSONValue
  let drawn: ChartRenderer.Drawings

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
  ///
  /// - Throws: `EncodingError` where a number of the charts is not finite.
  func html() throws -> String {
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'">
      <title>\(title)</title>
      <style>
      \(.trusted(Self.style))</style>
      <script>document.documentElement.classList.add("live");</script>
      </head>
      <body>
      <main>
      \(heading)
      \(index)
      \(sections.map(\.html).joined())
      </main>
      \(try scripts())
      </body>
      </html>

      """
    return page.markup
  }

  private var index: HTML {
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

  /// The files in CReportPage/Scripts, whose names are seen by one another only.
  private static let script =
    "\"use strict\";\n(() => {\n" + String(cString: consort_report_script()) + "})();\n"
  /// The files in CReportPage/Styles.
  private static let style = String(cString: consort_report_style())

  /// Charts without colours, by name, beside the colours of both themes.
  static func data(charts: [String: JSONValue]) -> [String: JSONValue] {
    var members: [String: JSONValue] = ["charts": .object(charts)]
    for (name, isDark) in [("light", false), ("dark", true)] {
      let theme = ChartTheme(isDark: isDark)
      members[name] = ["config": theme.configuration, "parameters": theme.parameters]
    }
    return members
  }
}

extension ChartRenderer.Drawings {
  /// A chart as a figure of the page; nothing where it is not drawn.
  func figure(_ name: String, label: String, caption: HTML) -> HTML {
    guard let picture = charts[name] else { return "" }
    return .figure(name, label: label, picture: picture, caption: caption)
  }
}

extension HTML {
  /// A chart for the script to draw, and a picture of it for print and readers without scripts.
  ///
  /// - Parameters:
  ///   - name: Of the chart.
  ///   - label: What a screen reader calls it.
  ///   - style: Of the element, such as its greatest width.
  static func figure(
    _ name: String, label: String, style: String = "", picture: ChartRenderer.Drawing?,
    caption: HTML
  ) -> HTML {
    let picture = Data(picture?.svg ?? []).base64EncodedString()
    return """
      <figure aria-label="\(label)">
      <div class="chart" id="chart-\(name)" style="\(style)"></div>
      <img class="still" alt="\(label)" src="data:image/svg+xml;base64,\(picture)">
      <figcaption>\(caption)</figcaption>
      </figure>
      """
  }

  static func badge(_ verdict: Frontier.Verdict) -> HTML {
    let (kind, word) = verdict.badge
    return "<span class=\"badge \(kind)\">\(word)</span>"
  }

  /// Names and what they stand for.
  static func facts(_ facts: [(name: String, value: HTML)]) -> HTML {
    let lines = facts.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>\n" as HTML }
    return "<dl>\n\(lines.joined())</dl>"
  }

  static func facts(_ facts: [ReportContext.Fact]) -> HTML {
    self.facts(facts.map { ($0.name, "\($0.value)") })
  }

  /// Facts that open at a click; nothing where there are none.
  static func details(_ title: String, _ facts: [ReportContext.Fact]) -> HTML {
    facts.isEmpty
      ? ""
      : """
      <details><summary>\(title)</summary>
      \(self.facts(facts))
      </details>
      """
  }
}

extension String {
  /// The text with a space that no line ends at before each unit and within "p = 0.01" and "60 ± 2".
  var unbroken: String {
    var result = ""
    for (index, word) in split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      let sticks = ["%", "M", "G", "k", "ms", "points"].contains {
        word.hasPrefix($0) && word.count < 8
      }
      let follows =
        ["=", "<", "±"].contains(word)
        || ["=", "<", "±"].contains { result.hasSuffix($0) }
      if index > 0 { result += sticks && !word.hasPrefix("MACs") || follows ? "\u{a0}" : " " }
      result += word
    }
    return result
  }
}
