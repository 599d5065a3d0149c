import Decisions
import Formatting
import Statistics

/// A decision as plain text for a terminal.
package enum DecisionSummary {
  /// What was chosen, the candidates that are best for their cost, and the ways to combine all members.
  package static func text(_ decision: Decision) -> String {
    let tried = decision.subsetCount.grouped + (decision.isSampled ? " (sampled)" : "")
    var text = lines(
      "Chosen on \(decision.holdOut.count.grouped) hold-out images, reported on "
        + "\(decision.test.count.grouped) \(decision.test.split) images; \(tried) ensembles tried.")
    text += "\n" + candidates(decision) + "\n"
    text += lines(
      "The best for their cost on the hold-out, in ascending cost; costs shown are of the test images. > marks the chosen one, = the best single "
        + "member, with which the others are compared: difference with its 95 % interval and McNemar's test, on "
        + "the test images; \"p, all\" is corrected for all that are compared.\(among(decision))")
    if let rules = decision.rules {
      text += "\nAll \(rules.weights.members.count) members, combined in other ways:\n\n"
      text += self.rules(rules)
    }
    return text
  }

  /// How many may be the most accurate.
  private static func among(_ decision: Decision) -> String {
    guard let best = decision.amongBest else { return "" }
    let compared = decision.candidates.count { $0.comparison != nil } + 1
    return
      " Of \(compared.grouped) that are compared, \(best.count.grouped) may be the most accurate: the test images rule "
      + "out the others, with a confidence of 95 %."
  }

  /// The candidates to show, ascending in cost: those on the frontier, the best single member and the chosen one.
  private static func shown(_ decision: Decision) -> [Candidate] {
    let measure = decision.options.cost
    return decision.candidates.filter {
      $0.isOnFrontier || $0.id == decision.reference || $0.id == decision.chosen
    }.sorted { ($0.holdOut.cost[measure] ?? 0) < ($1.holdOut.cost[measure] ?? 0) }
  }

  private static func candidates(_ decision: Decision) -> String {
    let measure = decision.options.cost
    var table = TextTable(columns: [
      .init("", isKept: true), .init("candidate", isKept: true), .init("members"),
      .init(measure.columnTitle, .right, isKept: true), .init("hold-out %", .right),
      .init("test %", .right, isKept: true), .init("95 % interval", .right),
      .init("difference", .right), .init("95 % interval", .right), .init("p", .right),
      .init("p, all", .right),
    ])
    for candidate in shown(decision) {
      let mark =
        candidate.id == decision.chosen ? ">" : candidate.id == decision.reference ? "=" : ""
      table.append(
        [
          mark, candidate.id, members(candidate),
          candidate.test.cost[measure].map(measure.number) ?? "–",
          NumberFormat.percent(candidate.holdOut.metrics.top1Accuracy),
          NumberFormat.percent(candidate.test.metrics.top1Accuracy),
          share(candidate.testInterval),
        ] + comparison(candidate.comparison))
    }
    return table.text()
  }

  /// Such as "2 x wide-resnet-16-1", or "wide-resnet-16-1 > wide-resnet-16-2" for a cascade.
  private static func members(_ candidate: Candidate) -> String {
    candidate.kind == .cascade
      ? candidate.network.replacing(" + ", with: " > ") : candidate.network
  }

  private static func share(_ interval: ConfidenceInterval) -> String {
    NumberFormat.percent(interval.lowerBound, to: interval.upperBound)
  }

  private static func comparison(_ comparison: Candidate.Comparison?) -> [String] {
    guard let comparison else { return [] }
    return [
      NumberFormat.points(comparison.difference), comparison.interval.pointsText,
      NumberFormat.probability(comparison.mcNemarPValue),
      comparison.adjustedPValue.map { NumberFormat.probability($0) } ?? "–",
    ]
  }

  private static func rules(_ rules: RuleComparison) -> String {
    var table = TextTable(columns: [
      .init("combination", isKept: true), .init("members", .right),
      .init("MACs", .right, isKept: true), .init("test %", .right, isKept: true),
      .init("NLL", .right), .init("difference", .right),
      .init("95 % interval", .right), .init("p", .right),
    ])
    for row in rules.rows {
      let isVote = row.method == .rule(.majorityVote)
      table.append([
        row.method.name, "\(row.memberCount)", NumberFormat.scaled(row.multiplyAccumulates),
        NumberFormat.percent(row.test.top1Accuracy),
        isVote ? "–" : NumberFormat.fixed(row.test.negativeLogLikelihood, 4),
        NumberFormat.points(row.difference),
        NumberFormat.points(row.lowerBound, to: row.upperBound),
        NumberFormat.probability(row.mcNemarPValue),
      ])
    }
    return table.text()
  }

  private static func lines(_ text: String) -> String {
    Terminal.wrapped(Terminal.printable(text), width: Terminal.textWidth).map { $0 + "\n" }.joined()
  }
}
