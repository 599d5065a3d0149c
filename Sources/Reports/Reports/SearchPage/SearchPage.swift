import Formatting

/// The report on a search as one page that opens without a network.
struct SearchPage {
  let content: SearchContent
  let drawn: ChartRenderer.Drawings
  /// Where the found networks' files lie, as seen from the page.
  let networksPath = "../networks"

  private var text: SearchText { SearchText(content) }

  /// The whole document.
  ///
  /// - Throws: `EncodingError` where a number of the charts is not finite.
  func html() throws -> String {
    try PageFrame(
      title: "\(content.context.title): do different architectures beat one, repeated?",
      heading: heading,
      sections: [
        comparisonSection, chartsSection, networksSection, searchSection, unknownSection,
        dataSection,
      ].compactMap { $0 },
      data: .object(PageFrame.data(charts: SearchCharts(content: content).interactive)),
      drawn: drawn
    ).html()
  }

  // MARK: The answer

  private var heading: HTML {
    let figures = text.figures.map { "<li>\($0.unbroken)</li>\n" as HTML }
    let reach: HTML = text.reach.map { "<p class=\"small\">\($0)</p>" } ?? ""
    let gaps = text.gaps.map { "<li>\($0)</li>\n" as HTML }
    let missing: HTML =
      gaps.isEmpty
      ? ""
      : """
      <h3>What is missing</h3>
      <ul>
      \(gaps.joined())</ul>
      """
    let deploy: HTML =
      text.deploy.map { "<p class=\"second\">\($0.unbroken)</p>" } ?? ""
    return """
      <header>
      <p class="kicker">Consort · do different architectures for the members beat one, repeated?</p>
      <h1>\(content.context.title)</h1>
      <p class="lede">\(text.lede)</p>
      \(deploy)
      <ul class="grounds">
      \(figures.joined())</ul>
      \(reach)
      \(missing)
      </header>
      """
  }

  private var comparisonSection: PageFrame.Section? {
    let trained = content.finalists.filter { $0.trained != nil }
    guard !trained.isEmpty else { return nil }
    let head: HTML = """
      <th scope="col">Ensemble</th><th scope="col" class="word">Networks</th>\
      <th scope="col">MACs</th><th scope="col">ms</th><th scope="col">Test, % ± sd</th>\
      <th scope="col" title="Seeds">n</th><th scope="col">Difference</th><th scope="col">95 %, images</th>\
      <th scope="col">95 %, seeds</th><th scope="col">p</th><th scope="col" class="word">Verdict</th>
      """
    return PageFrame.Section(
      id: "comparison", title: "Trained in full",
      body: """
        \(.table("Ensembles that were trained in full", head: head, rows: trained.map(row)))
        <p class="small">Means over seeds, each seed with members of its own. The difference, in points, is that of \
        the means from the duplicated architecture's. One interval is over images, for these trained members: a \
        paired bootstrap. The other is over seeds, for these images: Student's. p is McNemar's, for the \
        ensembles of the first seeds. “Better” and “worse” need all three; n is the number of seeds. Nothing is corrected for the number \
        of comparisons.\(latencyNote)</p>
        """)
  }

  private var latencyNote: HTML {
    content.latencyConditions.map { " Milliseconds: \($0); an ensemble's members in turn." } ?? ""
  }

  private func row(_ finalist: SearchContent.Finalist) -> HTML {
    let trained = finalist.trained
    let comparison = finalist.comparison
    return """
      <tr><th scope="row">\(SearchText.title(finalist))</th>\
      <td class="word names">\(SearchText.networks(finalist.members.map(\.network)))</td>\
      <td>\(finalist.multiplyAccumulates.map { NumberFormat.scaled($0) } ?? "–")</td>\
      <td>\(finalist.milliseconds.map { NumberFormat.milliseconds($0) } ?? "–")</td>\
      <td>\(trained.map { NumberFormat.percent($0.meanAccuracy) } ?? "–")\
      \(trained?.standardDeviation.map { " ± \(NumberFormat.percent($0))" } ?? "")</td>\
      <td>\(trained?.accuracies.count ?? 0)</td>\
      <td>\(comparison.map { NumberFormat.points($0.difference) } ?? "")</td>\
      <td>\(comparison.map { $0.interval.pointsText } ?? "")</td>\
      <td>\(comparison?.seedInterval.map { $0.pointsText } ?? "")</td>\
      <td>\(comparison.map { Self.pValue($0.mcNemarPValue) } ?? "")</td>\
      <td class="word">\(comparison.map { HTML.badge($0.verdict) } ?? "")</td></tr>

      """
  }

  private static func pValue(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : NumberFormat.fixed(value, 3)
  }

  // MARK: Charts

  private var chartsSection: PageFrame.Section? {
    let time = drawn.figure(
      "pareto", label: "Chart of test accuracy against latency; the table has its numbers.",
      caption: """
        Filled: ensembles, means over seeds; bars: ± one standard deviation over seeds. Hollow, tied by a \
        line: one member of it alone, at its own cost. Dashed: the most accurate for that cost or less.
        """)
    let compute = drawn.figure(
      "pareto-macs", label: "Chart of test accuracy against multiply-accumulates.",
      caption: "The same against multiply-accumulates of one image through all members.")
    guard !time.markup.isEmpty || !compute.markup.isEmpty else { return nil }
    let heading: HTML = time.markup.isEmpty ? "" : "<h3>Against latency</h3>\n"
    return PageFrame.Section(
      id: "charts", title: "Accuracy against cost",
      body: "\(heading)\(time)\n<h3>Against compute</h3>\n\(compute)")
  }

  // MARK: Limits and sources

  private var unknownSection: PageFrame.Section? {
    PageFrame.Section(
      id: "unknown", title: "What is not known",
      body: """
        <ul>
        <li>What another search would find: this one has one seed, and its \
        accuracies are noisy.</li>
        <li>Whether what looked best in short trainings is best after full ones. \(correlation)</li>
        <li>Whether more seeds, a larger budget, another space or other images would turn the answer. The \
        intervals hold for these trained members.</li>
        </ul>
        """)
  }

  private var correlation: String {
    guard let correlation = content.proxyRankCorrelation else {
      return "There are too few networks to say how well the one goes with the other."
    }
    return
      "Over the \(content.proxies.count) networks that were found, the rank correlation of their own "
      + "accuracy in the search with that after full training is \(NumberFormat.fixed(correlation, 2)): so few, "
      + "of different costs and all chosen, say little."
  }

  private var dataSection: PageFrame.Section? {
    var facts: [(name: String, value: HTML)] = []
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
