import CLI
import Ensembles

extension FrontierPage {
  /// How differently the members err: two matrices as heat maps, and a line a network.
  func diversitySection() -> HTML {
    guard diversity.members.count > 1 else { return "" }
    return """
      <section>
      <h2>Diversity</h2>
      <p>An ensemble gains where its members err on different images. Disagreement: the share of \
      images on which two members name different classes. Double fault: the share on which both \
      are wrong.</p>
      \(withinNetworks())
      <h3>Disagreement, %</h3>
      \(matrix(diversity.disagreement, label: "Disagreement"))
      <details><summary>Double fault, %</summary>
      \(matrix(diversity.doubleFault, label: "Double fault"))
      </details>
      </section>
      """
  }

  /// Mean disagreement and double fault between the members of one network.
  private func withinNetworks() -> HTML {
    let rows = frontier.curves.compactMap { curve -> HTML? in
      let indices = diversity.members.indices.filter {
        curve.members.contains(diversity.members[$0])
      }
      guard indices.count > 1,
        let disagreement = mean(diversity.disagreement, over: indices),
        let doubleFault = mean(diversity.doubleFault, over: indices)
      else { return nil }
      return """
        <li>Two members of <b>\(curve.network)</b> disagree on \(Figures.percent(disagreement, 1)) % \
        of the images, and both are wrong on \(Figures.percent(doubleFault, 1)) % (means over pairs).</li>

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
    var largest = 0.0
    for (row, cells) in values.enumerated() {
      for (column, value) in cells.enumerated() where row != column {
        largest = max(largest, value)
      }
    }
    let heads = diversity.members.indices.map { "<th scope=\"col\">\($0 + 1)</th>" as HTML }
    let rows = zip(diversity.members, values).enumerated().map { row, line -> HTML in
      let cells = line.1.enumerated().map { column, value -> HTML in
        if row == column { return "<td></td>" }
        let heat = largest > 0 ? max(0, min(1, value / largest)) : 0
        return """
          <td style="--heat:\(Figures.fixed(100 * heat, 0))%" title="\(diversity.members[row]) and \
          \(diversity.members[column])">\(Figures.percent(value, 1))</td>
          """
      }
      return "<tr><th scope=\"row\">\(row + 1) \(line.0)</th>\(cells.joined())</tr>\n"
    }
    return .table(
      label, style: "heat", head: "<th scope=\"col\">Member</th>\(heads.joined())", rows: rows)
  }
}
