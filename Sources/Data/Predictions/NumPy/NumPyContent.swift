import Files

/// What an `.npz` file holds, its arrays found by their names and shapes.
struct NumPyContent {
  /// The scores; nil where only labels are wanted.
  private(set) var scores: NumPyArray?
  /// What the name of the scores says that they are.
  private(set) var kind: ScoreKind?
  private(set) var labels: ImportedLabels?
  private(set) var classes: [String]?
  private(set) var identifiers: ImageIdentifiers?
  private(set) var notes: [Note] = []

  private static let labelNames: Set<String> = [
    "label", "labels", "y", "ytrue", "target", "targets", "true", "truth", "gt", "groundtruth",
  ]
  private static let classNames: Set<String> = ["classes", "classnames", "labelnames"]
  private static let identifierNames: Set<String> = [
    "id", "ids", "filenames", "files", "paths", "imageids", "names",
  ]

  /// - Parameters:
  ///   - path: The file.
  ///   - options: What the user says.
  ///   - isOfLabels: Whether only labels and ids are wanted.
  /// - Throws: `EnsembleError` naming the arrays.
  init(path: String, options: ImportOptions, isOfLabels: Bool) throws(EnsembleError) {
    var arrays = try NumPyArchive(importedFile(path)).arrays
    func take(_ names: Set<String>) -> NumPyArray? {
      let found = arrays.keys.sorted().filter {
        names.contains(Self.letters($0)) && $0 != options.array
      }
      // The names that are documented come first.
      return (found.first { $0 == "labels" } ?? found.first).flatMap {
        arrays.removeValue(forKey: $0)
      }
    }
    labels = try take(Self.labelNames).map { array throws(EnsembleError) in try array.labels() }
    classes = take(Self.classNames)?.words()
    identifiers = try take(Self.identifierNames)?.words().map { values throws(EnsembleError) in
      try ImageIdentifiers(values, source: path)
    }
    if !isOfLabels { try takeScores(arrays, path, options) }
  }

  private static func letters(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  private mutating func takeScores(
    _ arrays: [String: NumPyArray], _ path: String, _ options: ImportOptions
  ) throws(EnsembleError) {
    let names = arrays.keys.sorted()
    let likely = names.filter { (arrays[$0]?.shape.count ?? 0) >= 2 }
    let chosen = options.array.map { [$0] } ?? (names.count == 1 ? names : likely)
    guard let name = chosen.first, chosen.count == 1, let array = arrays[name] else {
      let listed = names.map { "'\($0)'" }.joined(separator: ", ")
      throw .invalidImport(
        source: path, reason: "has not one array of scores but \(listed.isEmpty ? "none" : listed)",
        fix: "save one array of scores and one named labels, or name it with \"array\" in a list")
    }
    scores = array
    kind = ScoreKind(name: name)
    let ignored = names.filter { $0 != name }.map { "'\($0)'" }
    if !ignored.isEmpty {
      notes.append(
        Note(
          source: path,
          text: "scores are in the array '\(name)'; left out: \(ignored.joined(separator: ", "))"))
    }
  }
}
