import Formatting

extension ReportPage {
  /// Ensembles of every size of one network, as in the paper: none of them chosen.
  var curvesSection: Section? {
    let findings = Findings(frontier)
    let items = findings.findings.map(item)
    let caveat: HTML = findings.findings.isEmpty ? "" : "<p>\(Findings.caveat)</p>"
    let label =
      "Chart of accuracy against multiply-accumulates; the table of points has its numbers."
    return Section(
      id: "curves", title: "Nothing chosen: ensembles of every size",
      body: """
        <p class="second">\(findings.headline)</p>
        <ul class="findings">
        \(items.joined())</ul>
        \(caveat)
        <p class="small">Each line takes the most members that cost no more than the larger network, \
        whatever their accuracy; nothing is chosen by the figures shown.</p>
        \(figure("frontier", label: label, caption: """
          The number beside a point is the number of members. Bars: ± one standard deviation over subsets \
          of members. Rings and the dashed line: the Pareto frontier, the most accurate for that compute or \
          less. Point at a mark, or tap it, for its figures.
          """))
        \(points)
        \(comparisons)
        """)
  }

  private func item(_ finding: Findings.Finding) -> HTML {
    let (kind, word) = finding.verdict.badge
    let beyond: HTML =
      finding.beyond.map { "\n<p class=\"small\">\($0.unbroken)</p>" } ?? ""
    return """
      <li class="finding \(kind)"><span class="badge">\(word)</span> <div><p><b>\(finding.claim)</b>: \
      \(finding.figures.unbroken).</p>\(beyond)</div></li>

      """
  }

  private var points: HTML {
    let rows = frontier.curves.flatMap { curve in
      curve.points.map { point -> HTML in
        let spread =
          point.subsetCount > 1 ? "± " + NumberFormat.percent(point.top1StandardDeviation) : ""
        let range =
          point.subsetCount > 1
          ? "\(NumberFormat.percent(point.top1Minimum)) – \(NumberFormat.percent(point.top1Maximum))"
          : ""
        let subsets = point.subsetCount.grouped + (point.isSampled ? " (sampled)" : "")
        return """
          <tr\(point.isOnParetoFrontier ? HTML(" class=\"pareto\"") : "")><th scope="row">\
          \(curve.network)</th><td>\(point.memberCount)</td>\
          <td title="\(point.multiplyAccumulates.grouped)">\(NumberFormat.scaled(point.multiplyAccumulates))</td>\
          <td>\(NumberFormat.scaled(point.floatingPointOperations))</td>\
          <td>\(NumberFormat.scaled(point.parameters))</td>\
          <td>\(NumberFormat.percent(point.accuracy))</td><td>\(spread)</td><td>\(range)</td>\
          <td>\(FrontierSummary.likelihood(point, frontier.rule))</td>\
          <td>\(NumberFormat.fixed(point.mean.expectedCalibrationError, 4))</td>\
          <td>\(NumberFormat.fixed(point.mean.brierScore, 4))</td><td>\(subsets)</td>\
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
    return "<h3>Points</h3>\n\(.table("Points", head: head, rows: rows))"
  }

  private var comparisons: HTML {
    guard !frontier.comparisons.isEmpty else { return "" }
    let rows = frontier.comparisons.map { comparison -> HTML in
      let share =
        Double(comparison.smallMultiplyAccumulates)
        / Double(max(1, comparison.largeMultiplyAccumulates))
      return """
        <tr><th scope="row">\(comparison.smallCount) × \(comparison.smallNetwork)</th>\
        <th scope="row">\(comparison.largeNetwork)</th><td>\(NumberFormat.percent(share, 0)) %</td>\
        <td>\(NumberFormat.percent(comparison.smallAccuracy))</td>\
        <td>\(NumberFormat.percent(comparison.largeAccuracy))</td>\
        <td>\(NumberFormat.points(comparison.difference))</td>\
        <td>\(NumberFormat.points(comparison.lowerBound, to: comparison.upperBound))</td>\
        <td>\(comparison.trainingInterval?.pointsText ?? "–")</td>\
        <td>\(NumberFormat.points(comparison.pairDifference)), \
        \(NumberFormat.probability(comparison.mcNemarPValue))</td>\
        <td class="word">\(badge(comparison.verdict))</td></tr>

        """
    }
    let head: HTML = """
      <th scope="col">Ensemble</th><th scope="col" class="word">against one</th>\
      <th scope="col">its MACs</th><th scope="col">Ensemble, %</th><th scope="col">Larger, mean, %</th>\
      <th scope="col">Points</th><th scope="col">95 % interval</th>\
      <th scope="col">trained again</th><th scope="col">One pair, McNemar</th>\
      <th scope="col" class="word">Verdict</th>
      """
    return "<h3>Comparisons</h3>\n\(.table("Comparisons", head: head, rows: rows))"
  }
}
