import Files
import Formatting

/// A file that says which group each image belongs to: a table with the columns `id` and `group`, or one group a line in the
/// order of the test images.
public struct GroupFile: Sendable {
  /// What errors call it.
  let path: String
  /// Of each line that says something: its number in the file, the image's id, and the group.
  private let entries: [Entry]

  private struct Entry {
    let line: Int
    let id: String?
    let group: String
  }

  private static let fix =
    "give it the line id,group and then a line an image, or a group a line in the order of the test images"

  /// Reads the file.
  ///
  /// - Throws: `EnsembleError` naming the file, the line and the fix: for an empty group or id, an id given twice, or another
  ///   number of columns.
  public init(path: String) throws(EnsembleError) {
    self.path = path
    let text = try DelimitedText(path: path)
    var lines = text.lines()
    var fields: [DelimitedText.Field] = []
    var rows: [(line: Int, cells: [String])] = []
    while let line = lines.next(into: &fields) {
      guard !lines.isBroken else {
        throw Self.refused(path, line, "has an unclosed quote", "close it")
      }
      rows.append((line, fields.map(text.text)))
    }
    guard let head = rows.first else {
      throw .invalidImport(source: path, reason: "is empty", fix: Self.fix)
    }
    let names = head.cells.map { $0.lowercased() }
    let columns: (id: Int?, group: Int)
    switch names.count {
    case 1:
      columns = (nil, 0)
      if names == [Self.groupName] { rows.removeFirst() }
    case 2 where Set(names) == [ColumnRole.identifierName, Self.groupName]:
      columns = names[0] == Self.groupName ? (1, 0) : (0, 1)
      rows.removeFirst()
    default:
      throw Self.refused(
        path, head.line, "does not name the columns 'id' and 'group', and no others", Self.fix)
    }
    entries = try Self.entries(rows, columns, count: names.count, path: path)
  }

  private static let groupName = "group"

  private static func entries(
    _ rows: [(line: Int, cells: [String])], _ columns: (id: Int?, group: Int), count: Int,
    path: String
  ) throws(EnsembleError) -> [Entry] {
    var lines: [String: Int] = [:]
    var entries: [Entry] = []
    for (line, cells) in rows {
      // Where the order alone says which image it is, an empty line is an image without a group.
      if columns.id == nil, let last = entries.last?.line, line > last + 1 {
        throw refused(path, last + 1, "has an empty group", "give every image a group")
      }
      guard cells.count == count else {
        throw refused(
          path, line, "has \(cells.count.counted("field")) where there are \(count)",
          "put a group that holds the separator in double quotes")
      }
      let group = cells[columns.group]
      guard !group.isEmpty else {
        throw refused(path, line, "has an empty group", "give every image a group")
      }
      guard Predictions.isName(group) else {
        throw refused(
          path, line, "has a group of over 200 characters, or with control characters", "shorten it"
        )
      }
      let id = columns.id.map { cells[$0] }
      if let id {
        guard !id.isEmpty else {
          throw refused(path, line, "has an empty id", "give every image an id")
        }
        if let earlier = lines.updateValue(line, forKey: id) {
          throw refused(
            path, line, "has the id '\(id.prefix(60))' of line \(earlier) again",
            "give each image once")
        }
      }
      entries.append(Entry(line: line, id: id, group: group))
    }
    return entries
  }

  private static func refused(
    _ path: String, _ line: Int, _ reason: String, _ fix: String
  ) -> EnsembleError {
    .invalidImport(source: "\(path), line \(line)", reason: reason, fix: fix)
  }
}

// MARK: - Groups of predictions

extension GroupFile {
  /// The groups of the images of one decision.
  public struct Sets: Sendable {
    /// Of the images that choose; nil where the file says nothing of them.
    public let holdOut: ImageGroups?
    /// Of the images that judge.
    public let test: ImageGroups
    /// Of further images; nil where there are none, or the file says nothing of them.
    public let shifted: ImageGroups?
    /// What was understood.
    public let notes: [Note]

    /// Groups that are known otherwise than by a file.
    public init(
      holdOut: ImageGroups?, test: ImageGroups, shifted: ImageGroups? = nil, notes: [Note] = []
    ) {
      self.holdOut = holdOut
      self.test = test
      self.shifted = shifted
      self.notes = notes
    }
  }

  /// Finds the group of every test image; with ids also of the other images, of each set of all or of none.
  ///
  /// - Throws: `EnsembleError.invalidImport` naming an image without a group, or an id that is none of an image.
  public func groups(of sets: PredictionSets) throws(EnsembleError) -> Sets {
    guard entries.first?.id != nil else { return try inOrder(sets) }
    let named = [("hold-out", sets.holdOut), ("test", sets.test), ("shifted", sets.shifted ?? [])]
      .compactMap { name, members in
        members.lazy.compactMap(\.imported?.identifiers).first.map { (name: name, ids: $0.values) }
      }
    guard named.contains(where: { $0.name == "test" }) else {
      throw .invalidImport(
        source: path, reason: "names images by id, and the predictions have no ids",
        fix: "give a group a line in the order of the test images, without ids")
    }
    try check(named)
    let known = Dictionary(entries.map { ($0.id ?? "", $0.group) }) { first, _ in first }
    var found: [String: ImageGroups] = [:]
    for (name, ids) in named {
      let labels = ids.compactMap { known[$0] }
      if labels.isEmpty, name != "test" { continue }
      if let missing = ids.first(where: { known[$0] == nil }) {
        throw .invalidImport(
          source: path,
          reason:
            "has no group of the \(name) image '\(missing.prefix(60))' (it has \(labels.count) of \(ids.count))",
          fix: "give every \(name) image a group")
      }
      found[name] = ImageGroups(labels: labels)
    }
    guard let test = found["test"] else { return try inOrder(sets) }
    return Sets(holdOut: found["hold-out"], test: test, shifted: found["shifted"], notes: [])
  }

  /// Every id of the file is one image's.
  private func check(_ named: [(name: String, ids: [String])]) throws(EnsembleError) {
    var owners: [String: String] = [:]
    for (name, ids) in named {
      for id in ids {
        if let other = owners.updateValue(name, forKey: id) {
          throw .invalidImport(
            source: path,
            reason:
              "names images by id, and '\(id.prefix(60))' is the id of a \(other) and of a \(name) image",
            fix:
              "give different images different ids, or a group a line in the order of the test images"
          )
        }
      }
    }
    for entry in entries {
      guard let id = entry.id, owners[id] == nil else { continue }
      throw Self.refused(
        path, entry.line, "has the id '\(id.prefix(60))', which is none of an image",
        "remove it, or correct it"
          + Spelling.suggestion(for: id, among: Array(owners.keys.sorted().prefix(1000))))
    }
  }

  private func inOrder(_ sets: PredictionSets) throws(EnsembleError) -> Sets {
    let images = sets.test[0].count
    guard entries.count == images else {
      throw .invalidImport(
        source: path,
        reason:
          "has \(entries.count.counted("group")), and there are \(images.counted("\(sets.test[0].split) image"))",
        fix: "give each a group, a line each in their order, or name images by id")
    }
    return Sets(
      holdOut: nil, test: ImageGroups(labels: entries.map(\.group)), shifted: nil,
      notes: [
        Note(source: path, text: "has no ids: groups are taken in the order of the test images")
      ])
  }
}
