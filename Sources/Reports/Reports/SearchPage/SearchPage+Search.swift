import Formatting

extension SearchPage {
  /// How the search went, and what it spent.
  var searchSection: PageFrame.Section? {
    let reward = drawn.figure(
      "reward", label: "Chart of rewards over evaluations, a panel a stage of the search.",
      caption: """
        A dot is an evaluation; faint ones were stopped early, crosses failed. The line is the best so far of \
        those trained as far as any.
        """)
    let frontier = drawn.figure(
      "search-frontier", label: "Chart of hold-out accuracy against cost of all evaluations.",
      caption: """
        All evaluations, with the members found before them where there are such; faint ones were stopped \
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
        <td>\(NumberFormat.scaled(records.reduce(0) { $0 + $1.trainingImages }))</td>\
        <td>\(NumberFormat.fixed(hours, hours < 1 ? 3 : 1))</td>\
        <td>\(setting.holdOutAccuracy.map { NumberFormat.percent($0) } ?? "–")</td></tr>

        """
    }
    return .table("What each setting spent", head: head, rows: rows)
  }

  private func facts(_ facts: [ReportContext.Fact]) -> HTML {
    guard !facts.isEmpty else { return "" }
    return "<h3>What was asked</h3>\n\(.facts(facts))\n<h3>How it went</h3>"
  }
}
