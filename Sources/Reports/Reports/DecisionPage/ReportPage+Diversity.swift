import Ensembles
import Formatting

extension ReportPage {
  /// How differently the members err: matrices of colours, and a line a network.
  var diversitySection: Section? {
    guard let chart = charts.diversity else { return nil }
    let shown = chart.matrices.filter { !$0.isRare }
    let width = "max-width: \(Int(21 + 3.2 * Double(diversity.members.count)))rem" as HTML
    return Section(
      id: "diversity", title: "Diversity",
      body: """
        <p>An ensemble gains where its members err on different images.</p>
        \(withinNetworks)
        <div class="controls choice" role="group" aria-label="Measure of diversity"><span>Show</span>
        \(buttons(shown))</div>
        \(figure("diversity", label: "Matrices of how differently each two members err.",
          style: width.markup, caption: """
          Each two members on the images of '\(frontier.split)'. Columns have the rows' numbers.
          """))
        \(key)
        \(meanings(shown))
        \(furtherMeasures(chart.matrices.filter(\.isRare)))
        \(numbers)
        """)
  }

  private func buttons(_ matrices: [DiversityChart.Matrix]) -> HTML {
    matrices.map { matrix -> HTML in
      """
      <button type="button" data-matrix="\(matrix.key)" \
      aria-pressed="\(matrix.key == "disagreement" ? "true" : "false")" \
      title="\(matrix.meaning)">\(matrix.title)</button>

      """
    }.joined()
  }

  private func meanings(_ matrices: [DiversityChart.Matrix]) -> HTML {
    let lines = matrices.map { "<li><b>\($0.title)</b>: \($0.meaning).</li>\n" as HTML }
    return "<ul class=\"small\">\n\(lines.joined())</ul>"
  }

  /// The names of the rows' numbers, for narrow screens, where a chart has no room for them.
  private var key: HTML {
    let names = diversity.members.map { "<li>\($0)</li>\n" as HTML }
    return "<ol class=\"key small\">\n\(names.joined())</ol>"
  }

  private func furtherMeasures(_ matrices: [DiversityChart.Matrix]) -> HTML {
    guard !matrices.isEmpty else { return "" }
    return """
      <details><summary>Further measures: \(matrices.map(\.title).listed)</summary>
      \(meanings(matrices))
      <div class="controls choice" role="group" aria-label="Further measures of diversity">\
      <span>Show above</span>
      \(buttons(matrices))</div>
      </details>
      """
  }

  /// The first matrix as a table, for those who cannot see the picture.
  private var numbers: HTML {
    guard diversity.members.count <= 30 else { return "" }
    return """
      <details><summary>Disagreement in numbers</summary>
      \(matrix(diversity.disagreement, label: "Disagreement"))
      </details>
      """
  }

  /// Mean disagreement and double fault between the members of one network.
  private var withinNetworks: HTML {
    let rows = frontier.curves.compactMap { curve -> HTML? in
      let indices = diversity.members.indices.filter {
        curve.members.contains(diversity.members[$0])
      }
      guard indices.count > 1,
        let disagreement = mean(diversity.disagreement, over: indices),
        let doubleFault = mean(diversity.doubleFault, over: indices)
      else { return nil }
      return """
        <li>Two members of <b>\(curve.network)</b> disagree on \(NumberFormat.percent(disagreement, 1)) % \
        of the images, and both are wrong on \(NumberFormat.percent(doubleFault, 1)) % (means over pairs).</li>

        """
    }
    return rows.isEmpty ? "" : "<ul>\n\(rows.joined())</ul>"
  }

  private func mean(_ matrix: [[Double]], over indices: [Int]) -> Double? {
    var (sum, count) = (0.0, 0)
    for row in indices {
      for column in indices where column < row {
        guard matrix.indices.contains(row), matrix[row].indices.contains(column) else { return nil }
        sum += matrix[row][column]
        count += 1
      }
    }
    return count > 0 ? sum / Double(count) : nil
  }

  private func matrix(_ values: [[Double]], label: String) -> HTML {
    let heads = diversity.members.indices.map { "<th scope=\"col\">\($0 + 1)</th>" as HTML }
    let rows = zip(diversity.members, values).enumerated().map { row, line -> HTML in
      let cells = line.1.enumerated().map { column, value -> HTML in
        row == column ? "<td></td>" : "<td>\(NumberFormat.percent(value, 1))</td>"
      }
      return "<tr><th scope=\"row\">\(row + 1) \(line.0)</th>\(cells.joined())</tr>\n"
    }
    return .table(
      label, head: "<th scope=\"col\">Member, %</th>\(heads.joined())", rows: rows)
  }
}
