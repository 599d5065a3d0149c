import Decisions
import Ensembles
import Formatting
import Statistics

extension ReportPage {
  /// About which classes and groups the deployed candidate errs; the answer first, and what is long folded.
  var errorsSection: Section? {
    guard let decision = content.decision, let errors = decision.errors,
      let sentences = ErrorSentences(decision)?.sentences
    else { return nil }
    let paragraphs = sentences.map { "<p>\($0.unbroken)</p>\n" as HTML }
    return Section(
      id: "errors", title: "Where it errs",
      body: """
        \(paragraphs.joined())
        \(classTables(errors, decision))
        \(groupTable(errors, decision))
        \(confusions(errors, decision))
        \(matrix(errors, decision))
        \(costTable(errors, decision))
        <p class="small">Intervals hold together for all classes, or all groups, with 95 %: exact ones with \
        Bonferroni's correction. p: McNemar's exact test with Holm's correction. Points: \
        accuracy less that of the best single model. Files: classes.csv, confusion.csv\
        \(errors.test.byGroup == nil ? "" : ", groups.csv")\(errors.costs == nil ? "" : ", error-costs.csv").</p>
        """)
  }

  /// The most classes whose table is not folded, and of how many one is shown at all.
  private static let fewClasses = 12
  private static let mostClasses = 100

  /// All classes where they are few; else those that are worst and those that differ most.
  private func classTables(_ errors: ErrorAnalysis, _ decision: Decision) -> HTML {
    let comparison = errors.test.byClass
    let places = comparison.deployed.indices
    func table(_ label: String, _ shown: [Int]) -> HTML {
      groupTable(
        label, "Class", comparison, shown, decision, precisions: errors.test.deployed.precisions)
    }
    guard places.count > Self.fewClasses else { return table("Classes", Array(places)) }
    let worst = places.sorted {
      (comparison.deployed[$0].accuracy, $0) < (comparison.deployed[$1].accuracy, $1)
    }.prefix(6)
    let losses =
      decision.isBestSingleChosen
      ? []
      : places.filter { comparison.differences[$0].difference < 0 }.sorted {
        (comparison.differences[$0].difference, $0) < (comparison.differences[$1].difference, $1)
      }.prefix(6)
    let lost: HTML =
      losses.isEmpty
      ? ""
      : """
      <h3>The largest losses</h3>
      \(table("Classes with the largest losses", Array(losses)))
      """
    let all: HTML =
      places.count > Self.mostClasses
      ? ""
      : "<details><summary>All \(places.count) classes</summary>\n\(table("All classes", Array(places)))\n</details>"
    return """
      <h3>The worst classes</h3>
      \(table("Worst classes", Array(worst)))
      \(lost)
      \(all)
      """
  }

  private func groupTable(_ errors: ErrorAnalysis, _ decision: Decision) -> HTML {
    guard let comparison = errors.test.byGroup else { return "" }
    let places = comparison.deployed.indices.sorted {
      (comparison.deployed[$0].accuracy, $0) < (comparison.deployed[$1].accuracy, $1)
    }
    let shown = Array(places.prefix(Self.mostClasses))
    let table = groupTable("Groups", "Group", comparison, shown, decision, precisions: nil)
    let isLong = places.count > Self.fewClasses
    return isLong
      ? "<details><summary>\(places.count) groups, from the worst</summary>\n\(table)\n</details>"
      : "<h3>Groups, from the worst</h3>\n\(table)"
  }

  /// - Parameter shown: Places of the groups, in the order of the rows.
  private func groupTable(
    _ label: String, _ noun: String, _ comparison: GroupComparison, _ shown: [Int],
    _ decision: Decision, precisions: [GroupAccuracy]?
  ) -> HTML {
    let isCompared = !decision.isBestSingleChosen
    let against: HTML =
      isCompared
      ? """
      <th scope="col">Best single, %</th><th scope="col">Points (95 %)</th><th scope="col">p</th>\
      <th scope="col" class="word">Verdict</th>
      """ : ""
    let precision: HTML = precisions == nil ? "" : "<th scope=\"col\">Precision, %</th>"
    let head: HTML = """
      <th scope="col">\(noun)</th><th scope="col">Images</th><th scope="col">Right, % (95 %)</th>\
      \(precision)\(against)
      """
    let known = Dictionary((precisions ?? []).map { ($0.name, $0.accuracy) }) { first, _ in first }
    let rows = shown.map { place -> HTML in
      let own = comparison.deployed[place]
      let share: HTML =
        precisions == nil
        ? "" : "<td>\(known[own.name].map { NumberFormat.percent($0) } ?? "–")</td>"
      return """
        <tr><th scope="row"><span class="name">\(own.name)</span></th><td>\(own.images.grouped)</td>\
        <td>\(NumberFormat.percent(own.accuracy)) <small>(\(own.interval.percentText))</small></td>\
        \(share)\(isCompared ? self.against(comparison, place) : "")</tr>

        """
    }
    return .table(label, head: head, rows: rows)
  }

  private func against(_ comparison: GroupComparison, _ place: Int) -> HTML {
    let difference = comparison.differences[place]
    let (style, word) =
      difference.isShownGain
      ? ("better", "gains") : difference.isShownLoss ? ("worse", "loses") : ("", "not shown")
    return """
      <td>\(NumberFormat.percent(comparison.reference[place].accuracy))</td>\
      <td>\(NumberFormat.points(difference.difference)) <small>(\(difference.interval.pointsText))</small></td>\
      <td>\(NumberFormat.probability(difference.correctedPValue))</td>\
      <td class="word"><span class="badge \(style)">\(word)</span></td>
      """
  }
}
