import Files

/// The labels of some images, as a file has them: words or numbers, which stand for classes in a way that is yet to be found.
struct ImportedLabels: Sendable {
  /// What errors and notes call the file.
  let source: String
  /// `[N]`; whole numbers as such.
  private(set) var words: [String]
  /// What identifies the images.
  private(set) var identifiers: ImageIdentifiers?
  /// What was understood.
  private(set) var notes: [Note] = []

  init(
    source: String, words: [String], identifiers: ImageIdentifiers? = nil, notes: [Note] = []
  ) {
    self.source = source
    self.words = words
    self.identifiers = identifiers
    self.notes = notes
  }

  /// Reads a file of labels: an `.npy` file, a table, or a text with a label a line.
  ///
  /// - Throws: `EnsembleError` naming the file and the place.
  init(path: String, options: ImportOptions) throws(EnsembleError) {
    let ending = path.split(separator: ".").last?.lowercased() ?? ""
    switch ending {
    case "npy":
      self = try NumPyArray(path: path).labels()
    case "npz":
      let content = try NumPyContent(path: path, options: options, isOfLabels: true)
      guard let labels = content.labels else {
        throw .invalidImport(
          source: path, reason: "has no labels", fix: "save them as an array named labels")
      }
      self = labels
      identifiers = content.identifiers
    case "csv", "tsv", "txt":
      let table = try ScoreTable(path: path, options: options, isOfLabels: true)
      guard let words = table.labels, !words.isEmpty else {
        throw .invalidImport(
          source: path, reason: "has no labels",
          fix: "give it a column 'label' and a line an image")
      }
      self.init(
        source: path, words: words, identifiers: table.identifiers, notes: table.notes)
    default:
      throw .invalidImport(
        source: path, reason: "has a name that ends in none of .npy, .npz, .csv, .tsv and .txt",
        fix: "name it after its format")
    }
  }

  /// The labels of the images of another file, found by id where both files have them, else taken in order.
  ///
  /// - Throws: `EnsembleError.invalidImport` where an image has no label.
  func matching(
    _ others: ImageIdentifiers?, count: Int, of source: String
  ) throws(EnsembleError) -> ImportedLabels {
    guard let identifiers, let others else {
      guard words.count == count else {
        throw .invalidImport(
          source: source,
          reason:
            "has \(count) images, and '\(self.source)' has \(words.count == 1 ? "1 label" : "\(words.count) labels")",
          fix: "give one label an image, in the same order")
      }
      var result = self
      if identifiers != nil || others?.areRowNumbers == false {
        let (with, without) = identifiers != nil ? (self.source, source) : (source, self.source)
        result.notes.append(
          Note(source: with, text: "has ids and '\(without)' none: labels are taken in order"))
      }
      return result
    }
    return try joined(identifiers, others, of: source)
  }

  private func joined(
    _ identifiers: ImageIdentifiers, _ others: ImageIdentifiers, of source: String
  ) throws(EnsembleError) -> ImportedLabels {
    let places = Dictionary(zip(identifiers.values, words.indices)) { first, _ in first }
    var found: [String] = []
    for value in others.values {
      guard let place = places[value] else {
        throw .invalidImport(
          source: self.source,
          reason: "has no label of the image '\(value.prefix(60))' of '\(source)'",
          fix: "give labels of all its images under the same ids")
      }
      found.append(words[place])
    }
    var result = self
    result.words = found
    result.identifiers = others
    if identifiers != others {
      let rest = words.count - found.count
      result.notes.append(
        Note(
          source: self.source,
          text: "labels are matched by id"
            + (rest > 0 ? "; \(rest) of other images are left out" : "")))
    }
    return result
  }
}
