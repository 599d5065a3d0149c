import Files

/// The columns of a table: numbers where a column may be a class, texts elsewhere.
struct TableColumns {
  let path: String
  /// Of every column.
  private(set) var names: [String] = []
  /// N.
  private(set) var count = 0
  /// How numbers were written.
  private(set) var numbers = TableNumbers()
  /// The columns of numbers, in order.
  private(set) var numeric: [Int] = []
  /// `[N, numeric]`.
  private var values: [Double] = []
  /// The other columns, in order, and `[N]` of each.
  private var textual: [Int] = []
  private var cells: [[String]] = []
  /// Whether the rows' names had no name.
  private(set) var hasUnnamedRows = false

  /// - Throws: `EnsembleError.invalidImport` naming the line.
  init(path: String, isOfLabels: Bool) throws(EnsembleError) {
    self.path = path
    let text = try DelimitedText(path: path)
    var lines = text.lines()
    var fields: [DelimitedText.Field] = []
    guard lines.next(into: &fields) != nil, !lines.isBroken else {
      throw .invalidImport(
        source: path, reason: "has no line of column names", fix: "begin it with one")
    }
    names = fields.map(text.text)
    try checkNames(isOfLabels: isOfLabels)
    while let line = lines.next(into: &fields) {
      func refused(_ reason: String, _ fix: String) -> EnsembleError {
        .invalidImport(source: "\(path), line \(line)", reason: reason, fix: fix)
      }
      guard !lines.isBroken else { throw refused("has an unclosed quote", "close it") }
      if count == 0 {
        begin(fields, text, isOfLabels: isOfLabels)
        try reserve(text.lineCount)
      }
      guard fields.count == names.count else {
        throw refused(
          "has \(fields.count) fields where there are \(names.count) columns",
          "give every image all columns")
      }
      for (place, column) in textual.enumerated() {
        cells[place].append(text.text(fields[column]))
      }
      for column in numeric {
        guard let number = numbers.number(text.text(fields[column])) else {
          throw refused(
            "has no number under '\(names[column])'", "give every image a score for each class")
        }
        values.append(number)
      }
      count += 1
    }
  }

  private func checkNames(isOfLabels: Bool) throws(EnsembleError) {
    var seen: Set<String> = []
    if let repeated = names.first(where: { !seen.insert($0).inserted }) {
      throw .invalidImport(
        source: path, reason: "has two columns of one name, '\(repeated.prefix(40))'",
        fix: "name each column once")
    }
    // A table without names begins with an image. Whole numbers may be names.
    let areScores = names.allSatisfy { Double($0) != nil } && names.contains { Int($0) == nil }
    guard !areScores else {
      throw .invalidImport(
        source: path, reason: "begins with a line of numbers, not of column names",
        fix: "put a line of the classes' names before it")
    }
    guard names.count > 1 || isOfLabels || !names[0].contains(" ") else {
      throw .invalidImport(
        source: path, reason: "has one column, '\(names[0].prefix(40))'",
        fix: "separate columns by commas, semicolons, tabs or bars")
    }
  }

  /// Decides by the first image which columns are of numbers.
  private mutating func begin(
    _ fields: [DelimitedText.Field], _ text: DelimitedText, isOfLabels: Bool
  ) {
    // R leaves out the name of the rows' names.
    if fields.count == names.count + 1 {
      names.insert("", at: 0)
      hasUnnamedRows = true
    }
    guard fields.count == names.count else { return }
    for column in names.indices {
      var reader = TableNumbers()
      let first = text.text(fields[column])
      let isNumber = first.isEmpty || reader.number(first) != nil || Self.missing.contains(first)
      if !isOfLabels, isNumber, ColumnRole(name: names[column]) == nil {
        numeric.append(column)
      } else {
        textual.append(column)
        cells.append([])
      }
    }
  }

  /// Makes room for so many lines.
  private mutating func reserve(_ lines: Int) throws(EnsembleError) {
    let row =
      numeric.count * MemoryLayout<Double>.stride + textual.count * MemoryLayout<String>.stride
    try checkMemory(lines, of: row, for: path)
    values.reserveCapacity(lines * numeric.count)
    for place in cells.indices { cells[place].reserveCapacity(lines) }
  }

  private static let missing: Set<String> = ["NA", "N/A", "n/a", "null", "NULL", "None", "-", "?"]

  /// `[N]`: the column as texts; whole numbers as such.
  func texts(_ column: Int) -> [String] {
    if let place = textual.firstIndex(of: column) { return cells[place] }
    guard let place = numeric.firstIndex(of: column) else { return [] }
    return (0..<count).map { row in
      let value = values[row * numeric.count + place]
      return Int64(exactly: value).map(String.init) ?? String(value)
    }
  }

  /// `[N]`: the column's numbers; nil where some are none.
  func column(_ column: Int) -> [Double]? {
    if let place = numeric.firstIndex(of: column) {
      return (0..<count).map { values[$0 * numeric.count + place] }
    }
    var reader = TableNumbers()
    var found: [Double] = []
    for text in texts(column) {
      guard let number = reader.number(text) else { return nil }
      found.append(number)
    }
    return found.count == count && count > 0 ? found : nil
  }

  /// `[N, columns]`: the numbers of some columns.
  ///
  /// - Throws: `EnsembleError.invalidImport` for a column that is of other texts.
  func scores(of columns: [Int]) throws(EnsembleError) -> [Double] {
    if columns == numeric { return values }
    // The columns one by one, and then as rows.
    try checkMemory(count * columns.count, of: 2 * MemoryLayout<Double>.stride, for: path)
    var parts: [[Double]] = []
    for column in columns {
      guard let part = self.column(column) else {
        throw .invalidImport(
          source: path, reason: "has no number under '\(names[column])' in some line",
          fix: "give every image a score for each class")
      }
      parts.append(part)
    }
    var rows: [Double] = []
    rows.reserveCapacity(count * columns.count)
    for row in 0..<count { for part in parts { rows.append(part[row]) } }
    return rows
  }
}
