import Files

/// Finds out what the columns of a table are.
struct ColumnRoles {
  private let columns: TableColumns
  private let options: ImportOptions
  /// The column of labels.
  private(set) var label: Int?
  /// The column that identifies images.
  private(set) var identifier: Int?
  /// The columns of classes, in order.
  private(set) var classes: [Int] = []
  /// What was understood.
  private(set) var notes: [Note] = []
  private let roles: [ColumnRole?]

  init(_ columns: TableColumns, options: ImportOptions) {
    self.columns = columns
    self.options = options
    roles = columns.names.map { ColumnRole(name: $0) }
  }

  private func refused(_ reason: String, _ fix: String) -> EnsembleError {
    .invalidImport(source: columns.path, reason: reason, fix: fix)
  }

  private mutating func note(_ text: String) {
    notes.append(Note(source: columns.path, text: text))
  }

  private func quoted(_ some: [Int]) -> String {
    let shown = some.prefix(6).map { "'\(columns.names[$0])'" }.joined(separator: ", ")
    return some.count > 6 ? "\(shown) and \(some.count - 6) more" : shown
  }

  private func column(named name: String) -> Int? { columns.names.firstIndex(of: name) }
}

// MARK: - Labels and ids

extension ColumnRoles {
  /// - Parameter isOfLabels: Whether the table must have labels.
  mutating func findLabels(isOfLabels: Bool) throws(EnsembleError) {
    if let name = options.labelColumn {
      label = column(named: name)
      guard label != nil || !isOfLabels else {
        throw refused("has no column '\(name)'", "name the labels' column with --label-column")
      }
      if label != nil { return }
    }
    if let certain = column(named: ColumnRole.labelName) {
      label = certain
      return
    }
    let likely = columns.names.indices.filter { roles[$0] == .label && mayBeLabels($0) }
    guard likely.count < 2 else {
      throw refused(
        "has several columns that may be the labels: \(quoted(likely))",
        "name the labels' column with --label-column, or \"labelColumn\" in a list")
    }
    if let found = likely.first {
      label = found
      note("labels are in the column \(quoted([found]))")
    } else if isOfLabels {
      try takeOnlyColumn()
    }
  }

  /// Whether the column holds whole numbers or words, and no scores.
  private func mayBeLabels(_ column: Int) -> Bool {
    guard let numbers = columns.column(column) else { return true }
    return numbers.allSatisfy { Int64(exactly: $0) != nil }
  }

  /// Takes the one column of a file of labels that is nothing else.
  private mutating func takeOnlyColumn() throws(EnsembleError) {
    let others = columns.names.indices.filter { column in
      roles[column] == nil || roles[column] == .doubtfulLabel
    }
    guard others.count == 1, columns.count > 0 else {
      throw refused(
        "has no labels",
        "give it a column 'label' and a line an image, or name it with --label-column")
    }
    label = others[0]
    note("labels are in the column \(quoted(others))")
  }

  mutating func findIdentifiers() throws(EnsembleError) {
    let named = columns.names.indices.filter { roles[$0] == .identifier && $0 != label }
    if let certain = column(named: ColumnRole.identifierName), certain != label {
      identifier = certain
    } else if let found = named.first(where: isUnique) {
      identifier = found
      note("images are identified by the column \(quoted([found]))")
    } else {
      // Rows' numbers in another order than they are counted identify images too.
      identifier = columns.names.indices.first {
        roles[$0] == .index && $0 != label && isUnique($0)
      }
      guard let identifier else { return }
      let numbers = ImageIdentifiers(unchecked: columns.texts(identifier))
      note(
        numbers.areRowNumbers
          ? "the column \(quoted([identifier])) numbers the rows and is not a class"
          : "images are identified by the column \(quoted([identifier]))")
    }
  }

  private func hasFractions(_ column: Int) -> Bool {
    columns.column(column).map { $0.contains { $0.isFinite && $0.rounded() != $0 } } ?? false
  }

  private func isUnique(_ column: Int) -> Bool {
    let texts = columns.texts(column)
    return !hasFractions(column) && !texts.contains("") && Set(texts).count == texts.count
  }
}

// MARK: - Classes

extension ColumnRoles {
  mutating func findClasses() throws(EnsembleError) {
    if let names = options.classes {
      try takeNamed(names)
    } else {
      try takeLikely()
    }
    let used = Set(classes + [label, identifier].compactMap { $0 })
    let ignored = columns.names.indices.filter { column in
      !used.contains(column) && !columns.texts(column).allSatisfy(\.isEmpty)
    }
    try checkDoubtful(ignored)
    if !ignored.isEmpty { note("taken as no classes: the columns \(quoted(ignored))") }
  }

  /// "class" may be the true one or the predicted one.
  private func checkDoubtful(_ ignored: [Int]) throws(EnsembleError) {
    guard label == nil, let doubtful = ignored.first(where: { roles[$0] == .doubtfulLabel }),
      options.labelColumn == nil
    else { return }
    throw refused(
      "has the column \(quoted([doubtful])), which may be the true class or the predicted one",
      "say --label-column \(columns.names[doubtful]) where it is the true one; otherwise give labels with --labels, "
        + "and a --label-column that they have")
  }

  /// The columns that the user names.
  private mutating func takeNamed(_ names: [String]) throws(EnsembleError) {
    for name in names {
      guard let column = column(named: name) else {
        throw refused(
          "has no column '\(name)', which is named as a class",
          "name the columns of the classes (it has \(quoted(Array(columns.names.indices))))")
      }
      classes.append(column)
    }
  }

  /// The columns of numbers whose names say nothing else, less those that sums show to be none.
  private mutating func takeLikely() throws(EnsembleError) {
    let others = columns.names.indices.filter { $0 != label && $0 != identifier }
    // Labels, ids and rows' numbers are no fractions: classes may be called so, as the letters X and Y.
    let named = others.filter { roles[$0] != nil && roles[$0] != .other && hasFractions($0) }
    if !named.isEmpty { note("the columns \(quoted(named)) are classes: they hold fractions") }
    let likely = others.filter { columns.numeric.contains($0) || named.contains($0) }
    let reserved = others.filter { column in
      roles[column] != nil && !named.contains(column) && columns.column(column) != nil
    }
    classes = likely
    guard !(likely + reserved).isEmpty, columns.count > 0 else {
      throw refused(
        "has no scores", "give a line of column names, a column a class and a line an image")
    }
    let evidence = try ColumnSums(columns, likely)
    guard !evidence.areDistributions else { return }
    if let found = evidence.completing(
      try reserved.map { column throws(EnsembleError) in
        try columns.scores(of: [column])
      })
    {
      let added = found.map { reserved[$0] }
      classes = (likely + added).sorted()
      note("the columns \(quoted(added)) are classes: rows sum to 1 with them")
    } else if let spare = evidence.spare {
      classes = likely.filter { !spare.contains($0) }
      note("rows sum to 1 without the columns \(quoted(spare))")
    } else {
      try checkWholeColumns()
    }
    guard !classes.isEmpty else {
      throw refused(
        "has no column of a class, only \(quoted(reserved))",
        "give a column a class, or name the columns of the classes with --classes")
    }
  }

  /// A column of whole numbers beside such of fractions holds something else.
  private func checkWholeColumns() throws(EnsembleError) {
    let kinds = try classes.map { column throws(EnsembleError) in
      let values = try columns.scores(of: [column])
      return (
        isWhole: values.allSatisfy { $0.rounded() == $0 },
        isTruth: values.allSatisfy { $0 == 0 || $0 == 1 }
      )
    }
    guard columns.count > 2, kinds.contains(where: { !$0.isWhole }),
      let place = kinds.firstIndex(where: { $0.isWhole && !$0.isTruth })
    else { return }
    throw refused(
      "has only whole numbers in the column \(quoted([classes[place]])) and fractions in others",
      "name the columns of the classes with --classes, or the labels' with --label-column")
  }
}
