/// A table of text for people: columns padded with spaces.
public struct TextTable: Sendable {
  /// To which side a column's cells are pushed.
  public enum Alignment: Hashable, Sendable {
    /// Words.
    case left
    /// Numbers.
    case right
  }

  /// A column's head and how its cells stand.
  public struct Column: Hashable, Sendable {
    /// The head; an empty one is allowed.
    public let title: String
    /// How the head and the cells stand.
    public let alignment: Alignment

    /// Creates a column.
    public init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// The columns, from left to right.
  public let columns: [Column]
  /// The cells, a row each; a row may be shorter than the columns.
  public private(set) var rows: [[String]] = []

  /// Creates a table without rows.
  public init(columns: [Column]) {
    self.columns = columns
  }

  /// Appends a row of at most as many cells as there are columns.
  public mutating func append(_ cells: [String]) {
    precondition(cells.count <= columns.count, "more cells than columns")
    rows.append(cells.map { Terminal.printable($0) })
  }

  /// The table: a line of heads where there is one, a line a row, two spaces between columns, none at a line's end.
  public func text() -> String {
    let heads = columns.map(\.title)
    let hasHeads = heads.contains { !$0.isEmpty }
    let lines = (hasHeads ? [heads] : []) + rows
    var widths = Array(repeating: 0, count: columns.count)
    for line in lines {
      for (index, cell) in line.enumerated() { widths[index] = max(widths[index], cell.count) }
    }
    return lines.map { self.line($0, widths: widths) + "\n" }.joined()
  }

  private func line(_ cells: [String], widths: [Int]) -> String {
    var text = ""
    for (index, cell) in cells.enumerated() {
      let space = String(repeating: " ", count: widths[index] - cell.count)
      if index > 0 { text += "  " }
      text += columns[index].alignment == .left ? cell + space : space + cell
    }
    while text.last == " " { text.removeLast() }
    return text
  }
}
