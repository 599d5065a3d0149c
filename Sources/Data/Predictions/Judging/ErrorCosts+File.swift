import Files
import Formatting

extension ErrorCosts {
  /// A table of costs as a file has it, whose classes are yet to be found among those of predictions.
  public struct File: Sendable {
    /// What errors call it.
    let path: String
    /// In the order of the columns.
    let names: [String]
    /// The names at the lines, in their order.
    private let lineNames: [String]
    /// Of each line, in the order of the columns.
    private let lineCosts: [[Double]]
    /// Whether the corner says that the lines are the true classes.
    private let saysLines: Bool

    /// Reads a table whose first line names the predicted classes and whose first column names the true ones.
    ///
    /// - Throws: `EnsembleError` naming the file, the line and the fix: for a class that is missing, given twice or without a
    ///   name, a cost that is no finite number, a right answer that costs more than an error.
    public init(path: String) throws(EnsembleError) {
      self.path = path
      let text = try DelimitedText(path: path)
      var lines = text.lines()
      var fields: [DelimitedText.Field] = []
      guard let head = lines.next(into: &fields), !lines.isBroken, fields.count > 1 else {
        throw .invalidImport(
          source: path, reason: "has no line of class names",
          fix: "begin it with a line of an empty field and the predicted classes' names")
      }
      let corner = text.text(fields[0]).lowercased()
      saysLines = corner.hasPrefix("true")
      guard !corner.hasPrefix("predicted") else {
        throw Self.refused(
          path, head,
          "begins with '\(corner.prefix(40))', as if its lines were the predicted classes",
          "turn it around: a line a true class, a column a predicted one")
      }
      let names = fields.dropFirst().map(text.text)
      try Self.checkNames(names, path, head)
      var lineNames: [String: Int] = [:]
      var found: [(name: String, costs: [Double])] = []
      while let line = lines.next(into: &fields) {
        let cells = fields.map(text.text)
        guard !lines.isBroken else {
          throw Self.refused(path, line, "has an unclosed quote", "close it")
        }
        guard cells.count == names.count + 1 else {
          throw Self.refused(
            path, line,
            "has \(cells.count.counted("field")) where there are \(names.count + 1) columns",
            "give it the true class's name and a cost for each predicted class")
        }
        if let earlier = lineNames.updateValue(line, forKey: cells[0]) {
          throw Self.refused(
            path, line, "has the class '\(cells[0].prefix(60))' of line \(earlier) again",
            "give each true class a line")
        }
        found.append((cells[0], try Self.costs(cells, names, path, line)))
      }
      self.names = names
      self.lineNames = found.map(\.name)
      lineCosts = found.map(\.costs)
      try checkSquare()
    }

    private static func refused(
      _ path: String, _ line: Int, _ reason: String, _ fix: String
    ) -> EnsembleError {
      .invalidImport(source: "\(path), line \(line)", reason: reason, fix: fix)
    }

    private static func checkNames(
      _ names: [String], _ path: String, _ line: Int
    ) throws(EnsembleError) {
      var seen: Set<String> = []
      for (column, name) in names.enumerated() {
        guard Predictions.isName(name), !name.isEmpty else {
          throw refused(
            path, line, "has no class's name in column \(column + 2)", "name every predicted class")
        }
        guard seen.insert(name).inserted else {
          throw refused(
            path, line, "names the class '\(name)' twice", "give each predicted class a column")
        }
      }
    }

    private static func costs(
      _ cells: [String], _ names: [String], _ path: String, _ line: Int
    ) throws(EnsembleError) -> [Double] {
      var costs: [Double] = []
      for (name, cell) in zip(names, cells.dropFirst()) {
        guard let cost = Double(cell), cost.isFinite else {
          throw refused(
            path, line, "has '\(cell.prefix(40))' under '\(name)', which is no finite number",
            "give the cost as a number such as 2.5")
        }
        costs.append(cost)
      }
      return costs
    }

    /// The lines name the classes of the columns.
    private func checkSquare() throws(EnsembleError) {
      if let name = lineNames.first(where: { !names.contains($0) }) {
        throw .invalidImport(
          source: path,
          reason:
            "has a line of the class '\(name.prefix(60))' and no such column"
            + Spelling.suggestion(for: name, among: names),
          fix: "name the same classes in the first line and in the first column")
      }
      let known = Set(lineNames)
      if let name = names.first(where: { !known.contains($0) }) {
        throw .invalidImport(
          source: path, reason: "has a column of the class '\(name)' and no such line",
          fix: "give each true class a line")
      }
    }
  }
}

extension ErrorCosts.File {
  /// The table in the order of the predictions' classes.
  ///
  /// Classes are found by name; where the predictions have no names, by number from 0.
  ///
  /// - Parameters:
  ///   - names: `[C]`, of the predictions; nil where they have none.
  ///   - classes: C.
  /// - Returns: The table, and what was understood.
  /// - Throws: `EnsembleError` naming the class that is missing or unknown, or what is wrong with the costs.
  public func costs(
    classNames names: [String]?, classes: Int
  ) throws(EnsembleError) -> (costs: ErrorCosts, notes: [Note]) {
    guard self.names.count == classes else {
      throw .invalidImport(
        source: path,
        reason: "has costs of \(self.names.count) classes, and the predictions have \(classes)",
        fix: "name each of them once")
    }
    let wanted = ClassNames(names: names ?? (0..<classes).map(String.init))
    let columns = ClassNames(names: self.names)
    guard let places = columns.places(of: wanted) else {
      let unknown = wanted.firstUnknown(of: self.names) ?? self.names[0]
      throw .invalidImport(
        source: path,
        reason:
          names == nil
          ? "names the class '\(unknown.prefix(60))', and the predictions' classes have no names"
          : "names the class '\(unknown.prefix(60))', which is none of the predictions'"
            + Spelling.suggestion(for: unknown, among: wanted.names),
        fix: names == nil
          ? "call them 0 to \(classes - 1), in the order of the scores, or name them with --classes"
          : "use the names \(wanted.names.shortList)")
    }
    let rows = Dictionary(zip(lineNames, lineCosts)) { first, _ in first }
    let table = places.map { label in
      let row = rows[self.names[label]] ?? []
      return places.map { row[$0] }
    }
    let text = "its lines are taken as the true classes, its columns as the predicted ones"
    do throws(EnsembleError) {
      return (
        try ErrorCosts(names: wanted.names, rows: table),
        saysLines ? [] : [Note(source: path, text: text)]
      )
    } catch {
      guard case .invalidArgument(_, let value, let expected) = error else { throw error }
      throw .invalidImport(source: path, reason: "is \(value)", fix: "give \(expected)")
    }
  }
}
