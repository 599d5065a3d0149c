import Decisions
import Formatting
import Statistics

extension ReportPage {
  /// What ways to choose are worth on images that they did not choose on, and all candidates beside each other at once.
  var choosingSection: Section? {
    guard let decision = content.decision else { return nil }
    let tables = [crossFitting(decision), atOnce(decision)].compactMap { $0 }
    guard !tables.isEmpty else { return nil }
    return Section(
      id: "choosing", title: "How sure the choice is",
      body: """
        <p>\((CrossFittingSentences(decision)?.sentence ?? "").unbroken) \(amongBest(decision).unbroken)</p>
        \(tables.joined())
        """)
  }

  private func crossFitting(_ decision: Decision) -> HTML? {
    guard let found = CrossFittingSentences(decision), let folds = decision.crossFitting else {
      return nil
    }
    let measure = decision.options.cost
    let head: HTML = """
      <th scope="col">Way to choose</th><th scope="col">Right, % (95 %)</th><th scope="col">Points</th>\
      <th scope="col">Standard error</th><th scope="col">Flattered by, points</th><th scope="col">Cost</th>\
      <th scope="col" class="word">Chooses</th>
      """
    let rows = found.groups.flatMap { group in
      group.rows.map { row -> HTML in
        let estimate = row.estimate
        return """
          <tr\(row.name == found.groups[0].rows[0].name && decision.crossFitting?.firstAnswer != nil
            ? HTML(" class=\"pareto\"") : "")><th scope="row">\(row.name)<br><small>\(group.budget)</small></th>\
          <td>\(NumberFormat.percent(estimate.accuracy)) <small>(\(estimate.interval.percentText))</small></td>\
          <td>\(NumberFormat.points(estimate.difference))</td>\
          <td>\(NumberFormat.percent(estimate.differenceError))</td>\
          <td>\(NumberFormat.points(estimate.flattery))</td><td>\(measure.amount(estimate.cost))</td>\
          <td class="word"><span class="id">\(row.candidate)</span></td></tr>

          """
      }
    }
    return """
      <details><summary>What each way to choose is worth</summary>
      <p class="small">Each way chooses anew on all but one of \(folds.folds) parts of the hold-out and is judged on that \
      one, \(folds.repeats.counted("time")); fitted ones and cascades on all but one of \
      \(folds.fittedFolds), \(folds.fittedRepeats.counted("time")), the first answer once. Points: less the best single model chosen so. Flattered: \
      what its choice shows on the whole hold-out, less this. Each estimate is of choices by fewer images than choose in the end.</p>
      \(.table("What each way to choose is worth", head: head, rows: rows))
      </details>
      """
  }

  // MARK: All at once

  private func compared(_ decision: Decision) -> [Candidate] {
    decision.candidates.filter { $0.comparison?.simultaneousInterval != nil }
  }

  private func amongBest(_ decision: Decision) -> String {
    guard let best = decision.amongBest, decision.candidates.count > 1 else { return "" }
    let count = compared(decision).count + 1
    let isDeployed = best.contains(decision.chosen)
    return
      "Of \(count.counted("candidate")) that are compared on the \(decision.testName), \(best.count.grouped) "
      + "\(best.count == 1 ? "is" : "are") not shown to be less accurate than the best of them, all at once with 95 % "
      + "confidence; what is deployed is \(isDeployed ? "" : "not ")among them."
  }

  /// Intervals and p-values that hold for all that are compared, beside those that hold one by one.
  private func atOnce(_ decision: Decision) -> HTML? {
    let shown = compared(decision).sorted {
      ($0.comparison?.difference ?? 0, $1.id) > ($1.comparison?.difference ?? 0, $0.id)
    }
    guard !shown.isEmpty else { return nil }
    let best = Set(decision.amongBest ?? [])
    let head: HTML = """
      <th scope="col">Candidate</th><th scope="col">Points (95 %)</th><th scope="col">All at once (95 %)</th>\
      <th scope="col">McNemar</th><th scope="col">All at once, p</th><th scope="col" class="word">Not shown to be worse</th>
      """
    let rows = shown.map { candidate -> HTML in
      let comparison = candidate.comparison
      return """
        <tr\(candidate.id == decision.chosen ? HTML(" class=\"pareto\"") : "")><th scope="row">\
        <span class="name">\(candidate.networkNames)</span> <small>\(candidate.id)</small>\
        \(tag(candidate, decision))</th>\
        <td>\(comparison.map { NumberFormat.points($0.difference) } ?? "") \
        <small>\(comparison.map { "(\($0.interval.pointsText))" } ?? "")</small></td>\
        <td>\(comparison?.simultaneousInterval.map { $0.pointsText } ?? "–")</td>\
        <td>\(comparison.map { NumberFormat.probability($0.mcNemarPValue) } ?? "–")</td>\
        <td>\(comparison?.adjustedPValue.map { NumberFormat.probability($0) } ?? "–")</td>\
        <td class="word">\(best.contains(candidate.id) ? "●" : "")</td></tr>

        """
    }
    return """
      <details><summary>All at once: \(shown.count.counted("candidate")) against the best single model</summary>
      <p class="small">Points: accuracy on the \(decision.testName) less that of the best single model, which \
      \(best.contains(decision.reference) ? "is itself" : "is itself not") among those that are not shown to be worse than the \
      best. “All at once”: intervals and p-values hold for all of them together with 95 %, by the greatest studentised \
      difference of resampled images (max-t).</p>
      \(.table("All candidates at once", head: head, rows: rows))
      </details>
      """
  }
}
