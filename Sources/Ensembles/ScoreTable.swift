import Files

/// A file of comma-separated values: a line of names, then one line an image, with a column `label`, a column a class, and
/// perhaps a column `id`.
///
/// Fields may stand in double quotes (RFC 4180).
struct ScoreTable {
  /// The names of the class columns, in order.
  let classes: [String]
  /// Of each image; empty where there is no such column.
  let identifiers: [String]
  /// Of each image; empty where there is no such column.
  let labels: [Int64]
  /// `[N, C]`.
  let scores: [Double]

  /// - Throws: `EnsembleError.invalidImport` naming the line.
  init(path: String) throws(EnsembleError) {
    let text: String? = try importedFile(path).withBytes { String(validating: $0, as: UTF8.self) }
    guard let text else {
      throw .invalidImport(source: path, reason: "is not UTF-8 text", mend: "save it as UTF-8")
    }
    var lines = CommaSeparatedLines(text)
    guard let head = lines.next(), !head.isBroken else {
      throw .invalidImport(
        source: path, reason: "has no line of column names", mend: "begin it with one")
    }
    let names = head.fields
    guard Set(names).count == names.count else {
      throw .invalidImport(
        source: path, reason: "has two columns of one name", mend: "name each column once")
    }
    let labelColumn = names.firstIndex(of: "label")
    let identifierColumn = names.firstIndex(of: "id")
    let classColumns = names.indices.filter { $0 != labelColumn && $0 != identifierColumn }
    classes = classColumns.map { names[$0] }
    var identifiers: [String] = []
    var labels: [Int64] = []
    var scores: [Double] = []
    while let line = lines.next() {
      func refused(_ reason: String, _ mend: String) -> EnsembleError {
        .invalidImport(source: "\(path), line \(line.number)", reason: reason, mend: mend)
      }
      guard !line.isBroken else { throw refused("has an unclosed quote", "close it") }
      guard line.fields.count == names.count else {
        throw refused(
          "has \(line.fields.count) fields where there are \(names.count) columns",
          "give every image all columns")
      }
      for column in classColumns {
        guard let score = Double(line.fields[column]) else {
          throw refused(
            "has no number under '\(names[column])'", "give every image a score for each class")
        }
        scores.append(score)
      }
      if let labelColumn {
        let field = line.fields[labelColumn]
        guard let label = Int64(field) ?? classes.firstIndex(of: field).map(Int64.init) else {
          throw refused(
            "has the label '\(field.prefix(40))'", "give a class's index from 0, or its column name"
          )
        }
        labels.append(label)
      }
      if let identifierColumn { identifiers.append(line.fields[identifierColumn]) }
    }
    if Set(identifiers).count != identifiers.count {
      throw .invalidImport(
        source: path, reason: "has two images of one id", mend: "give each image once")
    }
    self.identifiers = identifiers
    self.labels = labels
    self.scores = scores
  }
}

/// The lines of a text with their fields; empty lines are left out.
private struct CommaSeparatedLines {
  struct Line {
    let number: Int
    let fields: [String]
    /// Whether a quoted field is not closed.
    let isBroken: Bool
  }

  private var rest: Substring.UTF8View
  private var number = 0

  init(_ text: String) {
    // A byte-order mark is no part of the first name.
    let start = text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    rest = text.utf8.dropFirst(start)
  }

  mutating func next() -> Line? {
    while !rest.isEmpty {
      number += 1
      let first = number
      let (fields, isBroken) = fields()
      if isBroken || fields != [""] {
        return Line(number: first, fields: fields, isBroken: isBroken)
      }
    }
    return nil
  }

  private mutating func fields() -> ([String], isBroken: Bool) {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\"") where isQuoted:
        if rest.first == UInt8(ascii: "\"") {
          field.append(byte)
          rest.removeFirst()
        } else {
          isQuoted = false
        }
      case UInt8(ascii: "\"") where field.isEmpty: isQuoted = true
      case UInt8(ascii: "\n") where isQuoted:
        number += 1
        field.append(byte)
      case _ where isQuoted: field.append(byte)
      case UInt8(ascii: ","):
        fields.append(Self.trimmed(field))
        field = []
      case UInt8(ascii: "\n"): return (fields + [Self.trimmed(field)], false)
      default: field.append(byte)
      }
    }
    return (fields + [Self.trimmed(field)], isQuoted)
  }

  /// Without spaces, and without the carriage return of other systems' lines.
  private static func trimmed(_ field: [UInt8]) -> String {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
    let end = field.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0
    return String(decoding: field[..<end].drop(while: isSpace), as: UTF8.self)
  }
}

/// Maps a file that another program wrote.
func importedFile(_ path: String) throws(EnsembleError) -> MappedFile {
  do throws(FileError) { return try MappedFile(path: path) } catch { throw .file(error) }
}
