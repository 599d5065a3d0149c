import ArchitectureSearch
import Ensembles
import Formatting
import Networks

/// The report on a search as one page that opens without a network.
struct SearchPage {
  let content: SearchContent
  let drawn: ChartRenderer.Charts
  /// Where the found networks' files lie, as seen from the page.
  let networksPath = "../networks"

  private var text: SearchText { SearchText(content) }

  /// The whole document.
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
    let figures = text.figures.map { "<li>\(ReportPage.unbroken($0))</li>\n" as HTML }
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
      text.deploy.map { "<p class=\"second\">\(ReportPage.unbroken($0))</p>" } ?? ""
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
      <td>\(finalist.multiplyAccumulates.map { Figures.scaled($0) } ?? "–")</td>\
      <td>\(finalist.milliseconds.map { Words.milliseconds($0) } ?? "–")</td>\
      <td>\(trained.map { Figures.percent($0.meanAccuracy) } ?? "–")\
      \(trained?.standardDeviation.map { " ± \(Figures.percent($0))" } ?? "")</td>\
      <td>\(trained?.accuracies.count ?? 0)</td>\
      <td>\(comparison.map { Figures.points($0.difference) } ?? "")</td>\
      <td>\(comparison.map { Words.points($0.interval) } ?? "")</td>\
      <td>\(comparison?.seedInterval.map { Words.points($0) } ?? "")</td>\
      <td>\(comparison.map { Self.pValue($0.mcNemarPValue) } ?? "")</td>\
      <td class="word">\(comparison.map { HTML.badge($0.verdict) } ?? "")</td></tr>

      """
  }

  private static func pValue(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : Figures.fixed(value, 3)
  }

  // MARK: Charts

  private func figure(_ name: String, label: String, caption: HTML) -> HTML {
    guard let picture = drawn.pictures[name] else { return "" }
    return .figure(name, label: label, picture: picture, caption: caption)
  }

  private var chartsSection: PageFrame.Section? {
    let time = figure(
      "pareto", label: "Chart of test accuracy against latency; the table has its numbers.",
      caption: """
        Filled: ensembles, means over seeds; bars: ± one standard deviation over seeds. Hollow, tied by a \
        line: one member of it alone, at its own cost. Dashed: the most accurate for that cost or less.
        """)
    let compute = figure(
      "pareto-macs", label: "Chart of test accuracy against multiply-accumulates.",
      caption: "The same against multiply-accumulates of one image through all members.")
    guard !time.markup.isEmpty || !compute.markup.isEmpty else { return nil }
    let heading: HTML = time.markup.isEmpty ? "" : "<h3>Against latency</h3>\n"
    return PageFrame.Section(
      id: "charts", title: "Accuracy against cost",
      body: "\(heading)\(time)\n<h3>Against compute</h3>\n\(compute)")
  }

  // MARK: What was found

  private var networksSection: PageFrame.Section? {
    let settings = content.settings.filter { !$0.networks.isEmpty }
    guard !settings.isEmpty else { return nil }
    let networks = settings.flatMap(\.networks).map(\.network)
    let widest = networks.compactMap { try? NetworkSketch($0).widest }.max() ?? 1
    let parts = settings.map { setting -> HTML in
      let pictures = setting.networks.map { picture($0, widest: widest) }
      return """
        <h3>\(SearchText.title(setting.setting))</h3>
        <div class="founds">
        \(pictures.joined())</div>

        """
    }
    return PageFrame.Section(
      id: "networks", title: "What was found",
      body: """
        <p class="small">A bar is a convolution, as high as the root of its channels: grey 1 × 1, blue \
        3 × 3, orange larger; hollow where it takes each channel by itself, with a dot where \
        squeeze-and-excitation follows. Arcs are skips, dashed through a convolution of 1 × 1. Below: the \
        size of the map. Point at a bar for its figures.</p>
        \(parts.joined())
        """)
  }

  private func picture(_ found: SearchContent.FoundNetwork, widest: Int) -> HTML {
    let name = found.network.name
    let macs = (try? found.network.totals().multiplyAccumulates).map { Figures.scaled($0) }
    let sketch = (try? NetworkSketch(found.network))?.svg(
      label: "Layers of \(name)", widest: widest)
    return """
      <div class="found">
      <p><b>\(found.count > 1 ? "\(found.count) × " : "")\(name)</b> \
      <span class="small">\(macs.map { "\($0) MACs, " } ?? "")\
      <a href="\(networksPath)/\(name).json" aria-label="\(name) as JSON">JSON</a></span></p>
      <div class="strip" tabindex="0" role="region" aria-label="Picture of \(name)">\(sketch ?? "")</div>
      <p class="small">\(found.choices.joined(separator: "; "))</p>
      </div>

      """
  }

  private var searchSection: PageFrame.Section? {
    let reward = figure(
      "reward", label: "Chart of rewards over evaluations, a panel a stage of the search.",
      caption: """
        A dot is a candidate; faint ones were stopped early, crosses failed. The line is the best so far of \
        those trained as far as any.
        """)
    let frontier = figure(
      "search-frontier", label: "Chart of hold-out accuracy against cost of all candidates.",
      caption: """
        All candidates, with the members found before them where there are such; faint ones were stopped \
        early. Lines: the most accurate for that cost, for each number of networks. Dotted: the cost target \
        of an ensemble and of one of its members. These accuracies are of short trainings, on images that \
        chose: they are no final ones.
        """)
    return PageFrame.Section(
      id: "search", title: "The search",
      body: """
        \(spent)
        \(facts(content.plan))
        \(reward)
        \(frontier)
        """)
  }

  private var spent: HTML {
    let head: HTML = """
      <th scope="col">Setting</th><th scope="col">Evaluations</th><th scope="col">Failed</th>\
      <th scope="col">Stopped early</th><th scope="col">Training images</th>\
      <th scope="col">Hours</th><th scope="col">Hold-out in the search, %</th>
      """
    let rows = content.settings.map { setting -> HTML in
      let names = Set(setting.setting.stages(memberCount: content.memberCount).map(\.name))
      let records = content.evaluations.filter { names.contains($0.stage) }
      let hours = records.reduce(0) { $0 + $1.seconds } / 3600
      return """
        <tr><th scope="row">\(SearchText.title(setting.setting))</th>\
        <td>\(records.count.grouped)</td><td>\(records.count { $0.failure != nil }.grouped)</td>\
        <td>\(records.count { $0.failure == nil && !$0.isComplete }.grouped)</td>\
        <td>\(Figures.scaled(records.reduce(0) { $0 + $1.trainingImages }))</td>\
        <td>\(Figures.fixed(hours, hours < 1 ? 3 : 1))</td>\
        <td>\(setting.holdOutAccuracy.map { Figures.percent($0) } ?? "–")</td></tr>

        """
    }
    return .table("What each setting spent", head: head, rows: rows)
  }

  private func facts(_ facts: [ReportContext.Fact]) -> HTML {
    guard !facts.isEmpty else { return "" }
    let lines = facts.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>\n" as HTML }
    return "<h3>What was asked</h3>\n<dl>\n\(lines.joined())</dl>\n<h3>How it went</h3>"
  }

  // MARK: Limits and sources

  private var unknownSection: PageFrame.Section? {
    PageFrame.Section(
      id: "unknown", title: "What is not known",
      body: """
        <ul>
        <li>What another search would find: this one has one seed, and its candidates' accuracies are \
        noisy.</li>
        <li>Whether what looked best in short trainings is best after full ones. \(correlation)</li>
        <li>Whether more seeds, a larger budget, another space or other images would turn the answer. The \
        intervals hold for these trained members.</li>
        </ul>
        """)
  }

  private var correlation: String {
    guard let correlation = content.rankCorrelation else {
      return "There are too few networks to tell how well the one goes with the other."
    }
    return
      "Over the \(content.proxies.count) networks that were found, the rank correlation of their own "
      + "accuracy in the search with that after full training is \(Figures.fixed(correlation, 2)): so few, "
      + "of different costs and all chosen, tell little."
  }

  private var dataSection: PageFrame.Section? {
    var facts: [(String, HTML)] = []
    if let dataset = content.context.dataset { facts.append(("Data", "\(dataset)")) }
    if let command = content.context.command {
      facts.append(("Command", "<code>\(command)</code>"))
    }
    let lines = facts.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>\n" as HTML }
    return PageFrame.Section(
      id: "data", title: "Data and machine",
      body: """
        <dl>
        \(lines.joined())</dl>
        \(.details("Images", content.context.data))
        \(.details("Plan", content.context.experiment))
        \(.details("Environment", content.context.environment))
        """)
  }
}
