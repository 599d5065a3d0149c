import Decisions
import Ensembles
import Formatting
import Predictions

extension ReportPage {
  /// What each stage of the deployed cascade does, or of the best there is.
  var cascadeSection: Section? {
    guard let decision = content.decision, let cascade = shownCascade(decision),
      let stops = cascade.combination.cascade
    else { return nil }
    let head: HTML = """
      <th scope="col">Stage</th><th scope="col" class="word">Member</th>\
      <th scope="col">MACs so far</th><th scope="col">Stops where at least</th>\
      <th scope="col">Stop, hold-out, %</th><th scope="col">Stop, test, %</th>
      """
    let rows = cascade.members.indices.map { stage(cascade, stops, $0, decision) }
    let which =
      cascade.id == decision.chosen
      ? "The deployed cascade" : "The most accurate cascade on the frontier"
    return Section(
      id: "cascade", title: "The cascade",
      body: """
        <p>\(which), \(cascade.id): an image stops after the first member at which the combination of the \
        members so far is sure enough, by \(stops.confidence.name). \(allStages(cascade, decision))</p>
        \(.table("Stages of the cascade", head: head, rows: rows))
        """)
  }

  private func shownCascade(_ decision: Decision) -> Candidate? {
    if let chosen = decision.candidate(decision.chosen), chosen.kind == .cascade { return chosen }
    return decision.candidates.filter { $0.kind == .cascade && $0.isOnFrontier }.max {
      $0.holdOut.metrics.top1Accuracy < $1.holdOut.metrics.top1Accuracy
    }
  }

  private func stage(
    _ cascade: Candidate, _ stops: CascadeStops, _ stage: Int, _ decision: Decision
  ) -> HTML {
    let threshold =
      stops.confidenceThresholds.indices.contains(stage)
      ? stops.confidenceThresholds[stage].map { NumberFormat.fixed($0, 4) } ?? "never" : "always"
    let costs = cascade.members.prefix(stage + 1).compactMap { name in
      decision.candidates.first { $0.kind == .single && $0.members == [name] }
    }.map(\.test.cost.multiplyAccumulates)
    func share(_ evaluation: Candidate.Evaluation) -> HTML {
      guard let fractions = evaluation.exitFractions, fractions.indices.contains(stage) else {
        return "<td></td>"
      }
      let percent = NumberFormat.percent(fractions[stage], 1)
      return
        "<td class=\"bar\" style=\"--share:\(NumberFormat.percent(fractions[stage], 0))%\">\(percent)</td>"
    }
    return """
      <tr><th scope="row">\(stage + 1)</th><td class="word">\(cascade.members[stage])</td>\
      <td>\(costs.count == stage + 1 ? NumberFormat.scaled(costs.reduce(0, +)) : "–")</td>\
      <td>\(threshold)</td>\(share(cascade.holdOut))\(share(cascade.test))</tr>

      """
  }

  /// The same members without stopping, where that was kept.
  private func allStages(_ cascade: Candidate, _ decision: Decision) -> String {
    let price =
      "On the \(decision.testName) it has "
      + "\(NumberFormat.percent(cascade.test.metrics.top1Accuracy)) % for "
      + "\(CostMeasure.multiplyAccumulates.amount(cascade.test.cost.multiplyAccumulates)) an image on average"
    let all = decision.candidates.first {
      [.ensemble, .mixed].contains($0.kind) && Set($0.members) == Set(cascade.members)
        && $0.combination.rule == cascade.combination.rule
    }
    guard let all else { return price + "." }
    return price + "; all its members on every image have "
      + "\(NumberFormat.percent(all.test.metrics.top1Accuracy)) % for "
      + "\(CostMeasure.multiplyAccumulates.amount(all.test.cost.multiplyAccumulates))."
  }
}
