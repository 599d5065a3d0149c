import Decisions
import Ensembles
import Formatting
import Predictions

extension ReportPage {
  private static let mostPairs = 15
  /// The most classes whose whole matrix can be read.
  private static let mostMatrixClasses = 20

  /// The classes' names, of the matrices' rows.
  private func names(_ errors: ErrorAnalysis, _ matrix: ConfusionMatrix) -> [String] {
    errors.classNames ?? ImageGroups.numbered(matrix.classes)
  }

  /// The pairs of classes that are confused most.
  func confusions(_ errors: ErrorAnalysis, _ decision: Decision) -> HTML {
    guard let own = errors.test.deployed.confusion, let other = errors.test.reference.confusion
    else { return "" }
    let confusions = own.confusions
    guard !confusions.isEmpty else { return "" }
    let (names, totals) = (names(errors, own), own.imageCounts)
    let others = Dictionary(
      other.cells.map { ([$0.label, $0.predicted], $0.count) }, uniquingKeysWith: +)
    let isCompared = !decision.isBestSingleChosen
    let single: HTML = isCompared ? "<th scope=\"col\">Best single, images</th>" : ""
    let head: HTML = """
      <th scope="col">Class</th><th scope="col" class="word">Taken for</th><th scope="col">Images</th>\
      <th scope="col">Of the class's, %</th>\(single)
      """
    let rows = confusions.prefix(Self.mostPairs).map { cell -> HTML in
      let single: HTML =
        isCompared ? "<td>\((others[[cell.label, cell.predicted]] ?? 0).grouped)</td>" : ""
      let share = Double(cell.count) / Double(max(1, totals[cell.label]))
      return """
        <tr><th scope="row"><span class="name">\(names[cell.label])</span></th>\
        <td class="word"><span class="name">\(names[cell.predicted])</span></td><td>\(cell.count.grouped)</td>\
        <td>\(NumberFormat.percent(share, 1))</td>\(single)</tr>

        """
    }
    let count = confusions.count.counted("pair")
    return """
      <details><summary>The most confused classes (\(count) in all)</summary>
      \(.table("Most confused classes", head: head, rows: rows))
      </details>
      """
  }

  /// The whole matrix of few classes: of each true class, the share of its images that is taken for each.
  func matrix(_ errors: ErrorAnalysis, _ decision: Decision) -> HTML {
    guard let own = errors.test.deployed.confusion,
      (2...Self.mostMatrixClasses).contains(own.classes)
    else { return "" }
    let (names, totals) = (names(errors, own), own.imageCounts)
    var counts = Array(repeating: Array(repeating: 0, count: own.classes), count: own.classes)
    for cell in own.cells { counts[cell.label][cell.predicted] = cell.count }
    let heads = names.map { "<th scope=\"col\">\($0.truncated(to: 14))</th>" as HTML }
    let rows = counts.enumerated().map { label, row -> HTML in
      let cells = row.enumerated().map { predicted, count -> HTML in
        guard count > 0 else { return "<td></td>" }
        let share = Double(count) / Double(totals[label])
        let style = label == predicted ? "" : " class=\"heat\""
        return
          "<td\(HTML(stringLiteral: style)) style=\"--share:\(NumberFormat.percent(share, 0))%\">\(count)</td>"
      }
      return "<tr><th scope=\"row\">\(names[label])</th>\(cells.joined())</tr>\n"
    }
    return """
      <details><summary>Confusion matrix of the \(decision.testName)</summary>
      <p class="small">Rows are the true classes, columns what the deployed candidate predicts; counts of images, errors shaded by \
      their share of the class.</p>
      \(.table("Confusion matrix", head: "<th scope=\"col\">Class</th>\(heads.joined())", rows: rows))
      </details>
      """
  }

  /// What the errors of the candidates on the frontier cost.
  func costTable(_ errors: ErrorAnalysis, _ decision: Decision) -> HTML {
    guard let costs = errors.costs else { return "" }
    let head: HTML = """
      <th scope="col">Candidate</th><th scope="col">Most probable, hold-out</th>\
      <th scope="col">Least cost, hold-out</th><th scope="col">Most probable, test</th>\
      <th scope="col">Least cost, test</th>
      """
    let rows = ([costs.deployed, costs.reference] + costs.candidates).enumerated()
      .compactMap { place, row -> HTML? in
        guard let candidate = decision.candidate(row.id) else { return nil }
        // Those two stand first, as they are deployed and compared.
        if place > 1, [costs.deployed.id, costs.reference.id].contains(row.id) { return nil }
        if place == 1, row.id == costs.deployed.id { return nil }
        let cells = [
          row.holdOut.mostProbable, row.holdOut.leastExpectedCost, row.test.mostProbable,
          row.test.leastExpectedCost,
        ].map { "<td>\(NumberFormat.significant($0))</td>" as HTML }
        return """
          <tr><th scope="row"><span class="name">\(candidate.networkNames)</span> \
          <small class="id">\(row.id)</small>\(tag(candidate, decision))</th>\(cells.joined())</tr>

          """
      }
    return """
      <details><summary>What errors cost, an image on average</summary>
      <p class="small">By which class is predicted: the most probable one, or the one with the least expected cost as the \
      calibrated probabilities have it.</p>
      \(.table("Costs of errors", head: head, rows: rows))
      </details>
      """
  }
}
