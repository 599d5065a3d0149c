import Files

/// A table of scores or labels, as other programs write them: a line of names, then one line an image, with a column a class
/// and perhaps columns of labels, ids and other things.
struct ScoreTable {
  /// The table's path.
  let path: String
  /// The names of the class columns, in order.
  private(set) var classes: [String] = []
  /// `[N, C]`.
  private(set) var scores: [Double] = []
  /// What identifies the images; nil where there is no such column.
  private(set) var identifiers: ImageIdentifiers?
  /// Of each image; nil where there is no such column.
  private(set) var labels: [String]?
  /// Whether all scores have a per cent sign.
  private(set) var arePercents = false
  /// What was understood.
  private(set) var notes: [Note] = []

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - options: What the user says.
  ///   - isOfLabels: Whether only labels and ids are wanted.
  /// - Throws: `EnsembleError` naming the line or the column.
  init(path: String, options: ImportOptions, isOfLabels: Bool) throws(EnsembleError) {
    self.path = path
    let columns = try TableColumns(path: path, isOfLabels: isOfLabels)
    var roles = ColumnRoles(columns, options: options)
    try roles.findLabels(isOfLabels: isOfLabels)
    try roles.findIdentifiers()
    if !isOfLabels {
      try roles.findClasses()
      if let fault = columns.numbers.fault(source: path) { throw fault }
      classes = roles.classes.map { columns.names[$0] }
      scores = try columns.scores(of: roles.classes)
      arePercents = columns.numbers.percents > 0
    }
    labels = roles.label.map(columns.texts)
    identifiers = try roles.identifier.map { column throws(EnsembleError) in
      try ImageIdentifiers(columns.texts(column), source: path)
    }
    notes = roles.notes + (isOfLabels ? [] : columns.numbers.notes(source: path))
  }
}

/// What identifies the images of a file.
struct ImageIdentifiers: Hashable, Sendable {
  /// `[N]`, each once.
  let values: [String]
  /// Whether they are the rows' numbers, in order, which say nothing about the images.
  let areRowNumbers: Bool

  init(_ values: [String], source: String) throws(EnsembleError) {
    var seen: Set<String> = []
    for value in values where !seen.insert(value).inserted {
      throw .invalidImport(
        source: source, reason: "has two images of one id, '\(value.prefix(40))'",
        fix: "give each image once")
    }
    self.init(unchecked: values)
  }

  /// - Parameter values: Each once.
  init(unchecked values: [String]) {
    self.values = values
    let first = values.first.flatMap { Int($0) }
    areRowNumbers =
      first.map { first in
        (0...1).contains(first) && values.enumerated().allSatisfy { Int($1) == first + $0 }
      } ?? false
  }
}
