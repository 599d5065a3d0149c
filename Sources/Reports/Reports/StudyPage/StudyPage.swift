import Decisions
import Formatting

/// The report on a study as one page that opens without a network.
struct StudyPage {
  let content: StudyContent
  let drawn: ChartRenderer.Drawings

  private var text: StudyText { StudyText(content) }
  private var sizes: [StudyAnalysis.Size] { content.analysis.sizes }

  /// The whole document.
  ///
  /// - Throws: `EncodingError` where a number of the charts is not finite.
  func html() throws -> String {
    try PageFrame(
      title: "\(content.context.title): when do several small networks beat a large one?",
      heading: heading,
      sections: [
        borderSection, curvesSection, returnsSection, comparisonsSection, trainingsSection,
        dataSection,
      ].compactMap { $0 },
      data: .object(PageFrame.data(charts: StudyCharts(content: content).interactive)),
      drawn: drawn
    ).html()
  }

  // MARK: The answer

  private var heading: HTML {
    let missing: HTML = text.missing.map { "<p class=\"second\">\($0)</p>" } ?? ""
    let borders = text.borders.map { border -> HTML in
      let lines = border.lines.map { "<li>\($0.unbroken)</li>\n" as HTML }
      return "<h3>\(border.heading)</h3>\n<ul class=\"grounds\">\n\(lines.joined())</ul>\n"
    }
    return """
      <header>
      <p class="kicker">Consort · when do several small networks beat a large one?</p>
      <h1>\(content.context.title)</h1>
      <p class="lede">\(text.lede)</p>
      \(missing)
      \(borders.joined())
      <p class="small">\(StudyText.caveat)</p>
      </header>
      """
  }

  // MARK: Charts

  private var borderSection: PageFrame.Section? {
    let map = drawn.figure(
      "border",
      label: "Map of verdicts by training images and members; a table has its numbers.",
      caption: """
        Points by which n members, combined, are more accurate than the larger network. Blue: better, orange: worse, by an \
        interval of 95 % over images and trainings; grey: undecided. Framed: the number of members whose compute comes nearest to \
        the larger network's, and within a fifth of it. Beside n stands the share of the larger network's MACs.
        """)
    guard !map.markup.isEmpty else { return nil }
    let gap = drawn.figure(
      "gap", label: "Chart of the lead at about equal compute against training images.",
      caption: "The framed cells of the map. Bars: intervals of 95 % over images and trainings.")
    let trends = text.trends.map { "<li>\($0.unbroken)</li>\n" as HTML }
    let list: HTML =
      trends.isEmpty
      ? ""
      : """
      <h3>Does it grow with the networks, or with the images?</h3>
      <ul>
      \(trends.joined())</ul>
      """
    return PageFrame.Section(
      id: "border", title: "The border",
      body: "\(map)\n<h3>At about equal compute</h3>\n\(gap)\n\(list)")
  }

  private var curvesSection: PageFrame.Section? {
    let compute = drawn.figure(
      "figure1", label: "Charts of accuracy against compute, one a number of training images.",
      caption: """
        Figure 1 of arXiv:2005.00570, once for each number of training images: a line a network, the number of members beside \
        each point. A single network's point is the median of those trained, an ensemble's the mean over all subsets. Bars: \
        intervals of 95 % over images and trainings.
        """)
    let time = drawn.figure(
      "figure1-latency", label: "The same against latency.",
      caption: """
        The same against milliseconds: \(content.latencyConditions ?? ""); an ensemble's members in turn.
        """)
    return PageFrame.Section(
      id: "curves", title: "Accuracy against cost", body: "\(compute)\n\(time)")
  }

  // MARK: Tables

  private var returnsSection: PageFrame.Section? {
    let most = sizes.flatMap(\.curves).map(\.members).max() ?? 1
    guard most > 1 else { return nil }
    let counts = (2...most).map { "<th scope=\"col\">\($0)</th>" as HTML }
    let head: HTML = """
      <th scope="col">Images</th><th scope="col" class="word">Network</th><th scope="col">One, %</th>\(counts.joined())\
      <th scope="col" title="The fewest members of which it is not shown that all are better">Enough</th>
      """
    let rows = sizes.flatMap { size in
      size.curves.map { curve -> HTML in
        let gains = (2...most).map { count -> HTML in
          guard count <= curve.points.count, let gain = curve.points[count - 1].gain else {
            return "<td></td>"
          }
          let interval = curve.points[count - 1].gainInterval?.pointsText ?? ""
          return "<td title=\"\(interval)\">\(NumberFormat.points(gain))</td>"
        }
        return """
          <tr><th scope="row">\(size.trainingImages.grouped)</th><td class="word">\(curve.network)</td>\
          <td>\(curve.points.first.map { NumberFormat.percent($0.accuracy) } ?? "")</td>\(gains.joined())\
          <td>\(curve.members > 1 ? "\(curve.enoughMembers) of \(curve.members)" : "")</td></tr>

          """
      }
    }
    return PageFrame.Section(
      id: "returns", title: "Where returns end",
      body: """
        \(.table("What each further member adds", head: head, rows: rows))
        <p class="small">What the n-th member adds to the mean accuracy, in points; its interval shows where the pointer rests. \
        “Enough”: the fewest members of which it is not shown that all that were trained are better.</p>
        """)
  }

  private var comparisonsSection: PageFrame.Section? {
    let rows = sizes.flatMap { size in size.comparisons.map { row($0, size) } }
    guard !rows.isEmpty else { return nil }
    let head: HTML = """
      <th scope="col">Images</th><th scope="col" class="word">Ensemble</th><th scope="col" class="word">Against one</th>\
      <th scope="col">MACs, %</th><th scope="col">Difference</th><th scope="col">95 %</th>\
      <th scope="col">95 %, images alone</th><th scope="col" class="word">Verdict</th>
      """
    return PageFrame.Section(
      id: "comparisons", title: "All comparisons",
      body: """
        <details><summary>\(rows.count) comparisons</summary>
        \(.table("Ensembles against larger networks", head: head, rows: rows))
        </details>
        <p class="small">Differences of mean accuracies, in points. The first interval is over images and trainings: it says what \
        would come of training again and judging by other images. The other holds for these trainings. The verdict is that of \
        the first.</p>
        """)
  }

  private func row(
    _ comparison: StudyAnalysis.Comparison, _ size: StudyAnalysis.Size
  ) -> HTML {
    """
    <tr><th scope="row">\(size.trainingImages.grouped)</th>\
    <td class="word">\(comparison.smallCount) × \(comparison.smallNetwork)</td>\
    <td class="word">\(comparison.largeNetwork)</td><td>\(NumberFormat.percent(comparison.costShare, 0))</td>\
    <td>\(NumberFormat.points(comparison.difference))</td>\
    <td>\(comparison.interval?.pointsText ?? "–")</td><td>\(comparison.imageInterval.pointsText)</td>\
    <td class="word">\(HTML.badge(comparison.verdict))</td></tr>

    """
  }

  private var trainingsSection: PageFrame.Section? {
    let head: HTML = """
      <th scope="col">Images</th><th scope="col" class="word">Network</th><th scope="col">Members</th>\
      <th scope="col">Training accuracy, %</th><th scope="col">Minutes each</th><th scope="col">ms</th>
      """
    let rows = content.trainings.map { line -> HTML in
      """
      <tr><th scope="row">\(line.trainingImages.grouped)</th><td class="word">\(line.network)</td>\
      <td>\(line.members)</td><td>\(line.trainingAccuracy.map { NumberFormat.percent($0) } ?? "–")</td>\
      <td>\(line.seconds.map { NumberFormat.fixed($0 / 60, 1) } ?? "–")</td>\
      <td>\(content.milliseconds[line.network].map { NumberFormat.milliseconds($0) } ?? "–")</td></tr>

      """
    }
    return PageFrame.Section(
      id: "trainings", title: "What was trained",
      body: """
        \(.table("Trainings", head: head, rows: rows))
        <p class="small">Means over members. Training accuracy: of the last epoch's augmented images, while the weights moved.</p>
        """)
  }

  private var dataSection: PageFrame.Section? {
    var facts: [(name: String, value: HTML)] = [
      ("Judged by", "\(content.analysis.images.grouped) images of '\(content.analysis.split)'"),
      ("Combined by", "the \(content.analysis.rule.name)"),
    ]
    if let dataset = content.context.dataset { facts.append(("Data", "\(dataset)")) }
    if let command = content.context.command {
      facts.append(("Command", "<code>\(command)</code>"))
    }
    return PageFrame.Section(
      id: "data", title: "Data and machine",
      body: """
        \(.facts(facts))
        \(.details("Images", content.context.data))
        \(.details("Plan", content.context.experiment))
        \(.details("Environment", content.context.environment))
        """)
  }
}
