import Ensembles
import Formatting

extension ReportPage {
  /// What each member adds to the others.
  var membersSection: Section? {
    guard let contributions = content.contributions, contributions.contributions.count > 1 else {
      return nil
    }
    let values = contributions.contributions.sorted { $0.shapleyValue > $1.shapleyValue }
    let largest = values.map { abs($0.gainToAllOthers) }.max() ?? 0
    let rows = values.map { member($0, largest: largest) }
    let head: HTML = """
      <th scope="col">Member</th><th scope="col">Alone, hold-out, %</th><th scope="col">Alone, test, %</th>\
      <th scope="col">To one other, points</th><th scope="col">To all others, points</th>
      """
    let sample = contributions.isSampled ? " Some sizes are a random sample." : ""
    return Section(
      id: "members", title: "What each member adds",
      body: """
        <p>By how much a member raises the accuracy of others, on the hold-out, as a mean over sets of \
        others (\(contributions.rule.name)).\(sample)</p>
        \(.table("What each member adds", head: head, rows: rows))
        \(shapleyValues(values))
        """)
  }

  private func shapleyValues(_ values: [MemberContributions.Contribution]) -> HTML {
    let rows = values.map { value -> HTML in
      """
      <tr><th scope="row">\(value.member)</th><td>\(NumberFormat.percent(value.shapleyValue))</td></tr>

      """
    }
    return """
      <details><summary>Shapley values</summary>
      <p class="small">The accuracy of all members on the hold-out, divided among them: the mean of what each \
      adds over all orders in which they could be added. The values add up to it.</p>
      \(.table("Shapley values", head: """
        <th scope="col">Member</th><th scope="col">Shapley value, %</th>
        """, rows: rows))
      </details>
      """
  }

  private func member(_ value: MemberContributions.Contribution, largest: Double) -> HTML {
    let single = content.decision?.candidates.first {
      $0.kind == .single && $0.members == [value.member]
    }
    let gain = value.gainToAllOthers
    let share = largest > 0 ? max(0, gain) / largest : 0
    let toOne = value.gains.count > 1 ? NumberFormat.points(value.gains[1]) : "–"
    return """
      <tr><th scope="row">\(value.member)</th><td>\(value.gains.first.map { NumberFormat.percent($0) } ?? "–")</td>\
      <td>\(single.map { NumberFormat.percent($0.test.metrics.top1Accuracy) } ?? "–")</td>\
      <td>\(toOne)</td>\
      <td class="bar" style="--share:\(NumberFormat.percent(share, 0))%">\(NumberFormat.points(gain))</td></tr>

      """
  }
}
