import Decisions
import Ensembles
import Formatting

extension ReportPage {
  /// Those on a frontier, the chosen one and the best single model; a row shows its candidate in the panel.
  var candidatesSection: Section? {
    guard let decision = content.decision else { return nil }
    let measure = decision.options.cost
    let shown = shownCandidates(decision)
    let hasTimes = shown.contains { $0.test.cost.latencyMilliseconds != nil }
    let time: HTML = hasTimes ? "<th scope=\"col\">ms</th>" : ""
    let head: HTML = """
      <th scope="col">Candidate</th><th scope="col" class="word">Kind</th><th scope="col">MACs</th>\
      <th scope="col">Parameters</th>\(time)<th scope="col">Hold-out, %</th>\
      <th scope="col">Test, % (95 %)</th><th scope="col">Points (95 %)</th>\
      <th scope="col">McNemar</th><th scope="col" class="word">Verdict</th>
      """
    return Section(
      id: "frontier", title: "Frontier",
      body: """
        <p>Candidates that nothing else beats on the hold-out for their \
        \(measure.name), by cost. Costs are of the test images. Points: test accuracy less that of the best single model. \
        ● among all, ○ among single models and ensembles of one network.\
        \(hasTimes ? " \(Self.ensembleTimes)" : "")</p>
        \(.table("Candidates on the frontier", style: "rows", head: head,
          rows: shown.map { row($0, decision, among: shown, hasTimes: hasTimes) }))
        """)
  }

  /// Those of the table, by cost.
  func shownCandidates(_ decision: Decision) -> [Candidate] {
    let measure = decision.options.cost
    return decision.candidates.filter {
      $0.isOnFrontier || $0.isOnSameNetworkFrontier || $0.id == decision.chosen
        || $0.id == decision.reference
    }.sorted { ($0.holdOut.cost[measure] ?? 0, $0.id) < ($1.holdOut.cost[measure] ?? 0, $1.id) }
  }

  /// The id, where another row has the same networks.
  func identity(_ candidate: Candidate, among shown: [Candidate]) -> HTML {
    let name = candidate.networkNames
    let alike = shown.count { $0.networkNames == name }
    return alike > 1 ? " <small class=\"id\">\(candidate.id)</small>" : ""
  }

  /// Marks the deployed candidate and the best single model.
  func tag(_ candidate: Candidate, _ decision: Decision) -> HTML {
    candidate.id == decision.chosen
      ? " <span class=\"tag\">deploy</span>"
      : candidate.id == decision.reference ? " <span class=\"tag\">best single</span>" : ""
  }

  private func row(
    _ candidate: Candidate, _ decision: Decision, among shown: [Candidate], hasTimes: Bool
  ) -> HTML {
    let comparison = candidate.comparison
    let time: HTML =
      hasTimes
      ? "<td>\(candidate.test.cost.latencyMilliseconds.map { milliseconds($0, of: candidate) } ?? "–")</td>"
      : ""
    let verdict: HTML = comparison.map { badge($0.verdict) } ?? ""
    let frontiers =
      (candidate.isOnFrontier ? "●" : "") + (candidate.isOnSameNetworkFrontier ? "○" : "")
    return """
      <tr tabindex="0" data-candidate="\(candidate.id)"\
      \(candidate.id == decision.chosen ? HTML(" class=\"pareto\"") : "")>\
      <th scope="row" title="\(candidate.members.joined(separator: ", "))">\
      <span class="name">\(candidate.networkNames)</span>\u{a0}\(frontiers)\(identity(candidate, among: shown))\
      \(tag(candidate, decision))</th>\
      <td class="word" title="\(candidate.kind.title)">\(candidate.kind.rawValue)</td>\
      <td>\(NumberFormat.scaled(candidate.test.cost.multiplyAccumulates))</td>\
      <td>\(NumberFormat.scaled(candidate.test.cost.parameters))</td>\(time)\
      <td>\(NumberFormat.percent(candidate.holdOut.metrics.top1Accuracy))</td>\
      <td>\(NumberFormat.percent(candidate.test.metrics.top1Accuracy)) \
      <small>(\(candidate.testInterval.percentText))</small></td>\
      <td>\(comparison.map { NumberFormat.points($0.difference) } ?? "") \
      <small>\(comparison.map { "(\($0.interval.pointsText))" } ?? "")</small></td>\
      <td>\(comparison.map { NumberFormat.probability($0.mcNemarPValue) } ?? "")</td>\
      <td class="word">\(verdict)</td></tr>

      """
  }

  /// Of what was not timed as a whole, with "≈".
  private func milliseconds(_ value: Double, of candidate: Candidate) -> String {
    (candidate.kind == .single ? "" : "≈ ") + NumberFormat.milliseconds(value)
  }

  /// Every way to combine all members.
  var rulesSection: Section? {
    guard let rules = content.decision?.rules else { return nil }
    let rows = rules.rows.enumerated().map { index, row -> HTML in
      """
      <tr><th scope="row">\(row.method.name)</th><td>\(row.memberCount)</td>\
      <td>\(NumberFormat.scaled(row.multiplyAccumulates))</td>\
      <td>\(NumberFormat.percent(row.holdOut.top1Accuracy))</td>\
      <td>\(NumberFormat.percent(row.test.top1Accuracy))</td>\
      <td>\(Self.likelihood(row))</td><td>\(NumberFormat.fixed(row.test.expectedCalibrationError, 4))</td>\
      \(index == 0 ? "<td></td><td></td><td></td><td></td>" : against(row))</tr>

      """
    }
    let head: HTML = """
      <th scope="col">All members, by</th><th scope="col">Members</th><th scope="col">MACs</th>\
      <th scope="col">Hold-out, %</th><th scope="col">Test, %</th><th scope="col">NLL, nats</th>\
      <th scope="col">ECE</th><th scope="col">Points</th><th scope="col">95 % interval</th>\
      <th scope="col">McNemar</th><th scope="col" class="word">Verdict</th>
      """
    return Section(
      id: "rules", title: "Combination rules",
      body: """
        <p>The same members, combined in different ways; each beside the geometric mean of all, on the \
        same test images. Weights and the greedy choice were fitted on the hold-out.</p>
        \(.table("Combination rules", head: head, rows: rows))
        """)
  }

  private static func likelihood(_ row: RuleComparison.Row) -> String {
    row.method == .rule(.majorityVote) ? "–" : NumberFormat.fixed(row.test.negativeLogLikelihood, 4)
  }

  private func against(_ row: RuleComparison.Row) -> HTML {
    """
    <td>\(NumberFormat.points(row.difference))</td>\
    <td>\(NumberFormat.points(row.lowerBound, to: row.upperBound))</td>\
    <td>\(NumberFormat.probability(row.mcNemarPValue))</td><td class="word">\(badge(row.verdict))</td>
    """
  }
}
