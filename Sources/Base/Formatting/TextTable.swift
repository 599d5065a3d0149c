/// A table of text for people: columns padded with spaces.
public struct TextTable: Sendable {
  /// To which side a column's cells are pushed.
  public enum Alignment: Hashable, Sendable {
    /// For text.
    case left
    /// For numbers, whose digits then stand below each other.
    case right
  }

  /// A column's head and how its cells stand.
  public struct Column: Hashable, Sendable {
    /// The head; an empty one is allowed.
    public let title: String
    /// How the head and the cells stand.
    public let alignment: Alignment
    /// Whether other columns go before it where the terminal is narrow.
    public let isKept: Bool

    /// Creates a column; one that is kept is never left out of a narrow terminal.
    public init(_ title: String, _ alignment: Alignment = .left, isKept: Bool = false) {
      self.title = title
      self.alignment = alignment
      self.isKept = isKept
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
  ///
  /// - Parameter width: Columns of text; where they do not suffice, the last ones that are not kept are left out, which a
  ///   line below says, and long words are shortened. Nil for as many as it takes.
  public func text(width: Int? = Terminal.tableWidth) -> String {
    let heads = columns.map(\.title)
    let hasHeads = heads.contains { !$0.isEmpty }
    let lines = (hasHeads ? [heads] : []) + rows
    var widths = Array(repeating: 0, count: columns.count)
    for line in lines {
      for (index, cell) in line.enumerated() { widths[index] = max(widths[index], cell.columns) }
    }
    let shown = fitting(widths, width)
    shorten(&widths, shown, width)
    let text = lines.map { self.line($0, shown, widths: widths) + "\n" }.joined()
    let leftOut = heads.indices.filter { !shown.contains($0) && !heads[$0].isEmpty }.map {
      heads[$0]
    }
    guard let width, !leftOut.isEmpty else { return text }
    let note = "(too narrow for: \(leftOut.joined(separator: ", ")))"
    return text + Terminal.wrapped(note, width: width).map { $0 + "\n" }.joined()
  }

  private static let fewestColumns = 2
  /// Words are shortened to no less.
  private static let fewestLetters = 8

  /// The columns that fit, in order.
  private func fitting(_ widths: [Int], _ width: Int?) -> [Int] {
    var shown = Array(columns.indices)
    guard let width else { return shown }
    while shown.count > Self.fewestColumns, Self.total(widths, shown) > width {
      // The columns of a table that keeps none go from the right.
      if let place = shown.lastIndex(where: { !columns[$0].isKept && $0 > 0 }) {
        shown.remove(at: place)
      } else if Self.total(widths.indices.map { least(widths[$0], of: $0) }, shown) > width {
        shown.removeLast()
      } else {
        return shown
      }
    }
    return shown
  }

  /// What a column may be shortened to.
  private func least(_ width: Int, of column: Int) -> Int {
    columns[column].alignment == .left ? min(width, Self.fewestLetters) : width
  }

  private static func total(_ widths: [Int], _ shown: [Int]) -> Int {
    shown.reduce(2 * (shown.count - 1)) { $0 + widths[$1] }
  }

  /// Takes from the widest columns of words what the shown ones are too wide.
  private func shorten(_ widths: inout [Int], _ shown: [Int], _ width: Int?) {
    guard let width else { return }
    let words = shown.filter { columns[$0].alignment == .left }
    while true {
      let excess = Self.total(widths, shown) - width
      let widest = words.max { widths[$0] < widths[$1] }
      guard excess > 0, let widest, widths[widest] > Self.fewestLetters else { return }
      // Down to the next widest, so that none gives all of it.
      let next = words.filter { widths[$0] < widths[widest] }.map { widths[$0] }.max() ?? 0
      let least = max(Self.fewestLetters, min(next, widths[widest] - 1))
      widths[widest] = max(least, widths[widest] - excess)
    }
  }

  private func line(_ cells: [String], _ shown: [Int], widths: [Int]) -> String {
    let parts = shown.filter(cells.indices.contains).map { index in
      let cell = cells[index].shortened(columns: widths[index])
      let space = String(repeating: " ", count: widths[index] - cell.columns)
      return columns[index].alignment == .left ? cell + space : space + cell
    }
    var text = parts.joined(separator: "  ")
    while text.last == " " { text.removeLast() }
    return text
  }
}
