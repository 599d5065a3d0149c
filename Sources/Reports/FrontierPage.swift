import CLI
import Ensembles
import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The report as one page that opens without a network.
struct FrontierPage {
  let frontier: Frontier
  let diversity: Diversity
  let context: ReportContext
  let chart: ChartRenderer.Chart

  /// The whole document.
  func html() throws -> String {
    let findings = Findings(frontier)
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'">
      <title>\(context.title): accuracy against compute</title>
      <style>
      \(.trusted(Self.style))
      </style>
      </head>
      <body>
      <main>
      \(heading(findings))
      \(try chartSection())
      \(pointsSection())
      \(comparisonsSection())
      \(diversitySection())
      \(dataSection())
      \(notesSection())
      </main>
      </body>
      </html>

      """
    return page.markup
  }

  private func heading(_ findings: Findings) -> HTML {
    let items = findings.findings.map { finding -> HTML in
      let (kind, word) = Self.badge(finding.verdict)
      let beyond: HTML =
        finding.beyond.map { "\n<p class=\"small\">\(Self.unbroken($0))</p>" } ?? ""
      return """
        <li class="finding \(kind)"><span class="badge">\(word)</span> <div><p><b>\(finding.claim)</b>: \
        \(Self.unbroken(finding.figures)).</p>\(beyond)</div></li>

        """
    }
    return """
      <header>
      <p class="kicker">Consort · accuracy against compute</p>
      <h1>\(context.title)</h1>
      <p class="lede">\(findings.headline)</p>
      </header>
      <section aria-label="Findings">
      <ul class="findings">
      \(items.joined())</ul>
      \(findings.findings.isEmpty ? "" : "<p>\(Findings.caveat)</p>" as HTML)
      <p class="small">Each line takes the most members that cost no more than the larger network, \
      whatever their accuracy; nothing is chosen by the figures shown.</p>
      </section>
      """
  }

  /// The text with a space that no line ends at before each unit and within "p = 0.01".
  private static func unbroken(_ text: String) -> String {
    var result = ""
    for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      let sticks = ["%", "M", "G", "k", "points"].contains { word.hasPrefix($0) && word.count < 8 }
      let follows = ["=", "<"].contains(word) || result.hasSuffix("=") || result.hasSuffix("<")
      if index > 0 { result += sticks && !word.hasPrefix("MACs") || follows ? "\u{a0}" : " " }
      result += word
    }
    return result
  }

  static func badge(_ verdict: Frontier.Verdict) -> (kind: String, word: String) {
    switch verdict {
    case .better: ("better", "▲ better")
    case .worse: ("worse", "▼ worse")
    case .undecided: ("undecided", "◆ undecided")
    }
  }

  private func chartSection() throws -> HTML {
    let specification = FrontierChart(frontier: frontier)
      .specification(title: nil, width: .container)
    let picture = Data(chart.svg).base64EncodedString()
    let charts: JSONValue = [
      "specification": specification, "light": FrontierChart.configuration(isDark: false),
      "dark": FrontierChart.configuration(isDark: true),
    ]
    return """
      <section>
      <h2>Accuracy against compute</h2>
      <figure aria-label="Chart of accuracy against multiply-accumulates; the table of points below \
      has its numbers.">
      <div id="chart"></div>
      <img class="still" alt="Chart of accuracy against multiply-accumulates." \
      src="data:image/svg+xml;base64,\(picture)">
      <noscript><img alt="Chart of accuracy against multiply-accumulates." \
      src="data:image/svg+xml;base64,\(picture)"></noscript>
      <figcaption>The number beside a point is the number of members. Bars: ± one standard \
      deviation over subsets of members. Rings and the dashed line: the Pareto frontier, the most \
      accurate for that compute or less. Point at a mark, or tap it, for its figures.</figcaption>
      </figure>
      <script type="application/json" id="charts">\(.json(try FrontierReport.encoded(charts)))</script>
      <script>\(.trusted(String(decoding: chart.script, as: UTF8.self)))</script>
      <script>\(.trusted(Self.script))</script>
      </section>
      """
  }

  private func pointsSection() -> HTML {
    let rows = frontier.curves.flatMap { curve in
      curve.points.map { point -> HTML in
        let spread =
          point.subsetCount > 1 ? "± " + Figures.percent(point.top1StandardDeviation) : ""
        let range =
          point.subsetCount > 1
          ? "\(Figures.percent(point.top1Minimum)) – \(Figures.percent(point.top1Maximum))" : ""
        let subsets = point.subsetCount.grouped + (point.isSampled ? " (sampled)" : "")
        return """
          <tr\(point.isOnParetoFrontier ? HTML(" class=\"pareto\"") : "")><th scope="row">\
          \(curve.network)</th><td>\(point.memberCount)</td>\
          <td title="\(point.multiplyAccumulates.grouped)">\(Figures.scaled(point.multiplyAccumulates))</td>\
          <td>\(Figures.scaled(point.floatingPointOperations))</td>\
          <td>\(Figures.scaled(point.parameters))</td>\
          <td>\(Figures.percent(point.accuracy))</td><td>\(spread)</td><td>\(range)</td>\
          <td>\(FrontierSummary.likelihood(point, frontier.rule))</td>\
          <td>\(Figures.fixed(point.mean.expectedCalibrationError, 4))</td>\
          <td>\(Figures.fixed(point.mean.brierScore, 4))</td><td>\(subsets)</td>\
          <td>\(point.isOnParetoFrontier ? "●" : "")</td></tr>

          """
      }
    }
    let head: HTML = """
      <th scope="col">Network</th><th scope="col">n</th><th scope="col">MACs</th>\
      <th scope="col">FLOPs</th><th scope="col">Parameters</th><th scope="col">Top-1, %</th>\
      <th scope="col">± sd</th><th scope="col">Least – most, %</th><th scope="col">NLL, nats</th>\
      <th scope="col">ECE</th><th scope="col">Brier</th><th scope="col">Subsets</th>\
      <th scope="col">Pareto</th>
      """
    return """
      <section>
      <h2>Points</h2>
      \(.table("Points", head: head, rows: rows))
      </section>
      """
  }

  private func comparisonsSection() -> HTML {
    guard !frontier.comparisons.isEmpty else { return "" }
    let rows = frontier.comparisons.map { comparison -> HTML in
      let (kind, word) = Self.badge(comparison.verdict)
      let share =
        Double(comparison.smallMultiplyAccumulates)
        / Double(max(1, comparison.largeMultiplyAccumulates))
      return """
        <tr class="\(kind)"><th scope="row">\(comparison.smallCount) × \(comparison.smallNetwork)</th>\
        <th scope="row">\(comparison.largeNetwork)</th><td>\(Figures.percent(share, 0)) %</td>\
        <td>\(Figures.percent(comparison.smallAccuracy))</td>\
        <td>\(Figures.percent(comparison.largeAccuracy))</td>\
        <td>\(Figures.points(comparison.difference))</td>\
        <td>\(Figures.points(comparison.lowerBound)) to \(Figures.points(comparison.upperBound))</td>\
        <td>\(Figures.points(comparison.pairDifference)), \
        \(Figures.probability(comparison.mcNemarPValue))</td>\
        <td class="verdict"><span class="badge">\(word)</span></td></tr>

        """
    }
    let head: HTML = """
      <th scope="col">Ensemble</th><th scope="col" class="word">against one</th>\
      <th scope="col">its MACs</th><th scope="col">Ensemble, %</th><th scope="col">Larger, mean, %</th>\
      <th scope="col">Points</th><th scope="col">95 % interval</th><th scope="col">One pair, McNemar</th>\
      <th scope="col">Verdict</th>
      """
    return """
      <section>
      <h2>Comparisons</h2>
      \(.table("Comparisons", head: head, rows: rows))
      </section>
      """
  }
}
