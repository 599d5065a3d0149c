import Files

/// A text of lines of fields: comma-separated values (RFC 4180) and what Excel, R and others make of them.
///
/// Fields are separated by commas, semicolons, tabs or bars, whichever fits the first lines, or by what a first line such as
/// "sep=;" names. They may stand in double quotes. Lines end in a line feed, a carriage return or both. The text is UTF-8,
/// or UTF-16 with a byte-order mark; a byte-order mark is no part of it.
struct DelimitedText {
  /// A field's bytes, without its quotes.
  struct Field: Hashable {
    fileprivate let start, end: Int
    fileprivate let isQuoted: Bool
  }

  /// What errors call it.
  let source: String
  /// Between the fields.
  let separator: UInt8
  private let bytes: [UInt8]
  private let start: Int
  private let firstLine: Int

  private static let separators = Array(",;\t|".utf8)
  /// Lines that are looked at to find the separator.
  private static let sampleLines = 20

  /// - Throws: `EnsembleError.invalidImport` for a text in another encoding.
  init(path: String) throws(EnsembleError) {
    source = path
    bytes = try Self.text(path)
    let (named, start) = Self.namedSeparator(bytes)
    self.start = start
    firstLine = start == 0 ? 1 : 2
    separator = named ?? Self.separator(of: bytes, from: start)
  }

  /// The field's text, without spaces around it.
  func text(_ field: Field) -> String {
    let text = String(decoding: bytes[field.start..<field.end], as: UTF8.self)
    guard field.isQuoted else { return text }
    return Self.unquoted(text)
  }

  private static func unquoted(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\"")) else { return String(trimmed(text[...])) }
    var result = ""
    var wasQuote = false
    for scalar in text.unicodeScalars {
      // Of two quotes in a row the second is the sign itself.
      if scalar == "\"", !wasQuote {
        wasQuote = true
        continue
      }
      wasQuote = false
      result.unicodeScalars.append(scalar)
    }
    return String(trimmed(result[...]))
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let kept = text.drop { $0.isWhitespace }
    guard let last = kept.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return kept[...last]
  }
}

// MARK: - Encodings and separators

extension DelimitedText {
  private static func text(_ path: String) throws(EnsembleError) -> [UInt8] {
    let file = try importedFile(path)
    // A copy, and the text that is checked; of UTF-16 also its units.
    try checkMemory(file.count, of: 4, for: path)
    let content: [UInt8]? = file.withBytes { bytes in
      if bytes.starts(with: [0xFF, 0xFE, 0, 0]) { return nil }
      if bytes.starts(with: [0xFF, 0xFE]) { return utf16(bytes.dropFirst(2), isBigEndian: false) }
      if bytes.starts(with: [0xFE, 0xFF]) { return utf16(bytes.dropFirst(2), isBigEndian: true) }
      let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
      guard !rest.contains(0), String(validating: rest, as: UTF8.self) != nil else { return nil }
      return Array(rest)
    }
    guard let content else {
      throw .invalidImport(
        source: path, reason: "is not UTF-8 text, nor UTF-16 with a byte-order mark",
        fix: "save it as UTF-8")
    }
    return content
  }

  private static func utf16(_ bytes: Slice<UnsafeRawBufferPointer>, isBigEndian: Bool) -> [UInt8]? {
    let bytes = Array(bytes)
    guard bytes.count.isMultiple(of: 2) else { return nil }
    let units = stride(from: 0, to: bytes.count, by: 2).map { place in
      let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
      return isBigEndian ? first << 8 | second : second << 8 | first
    }
    return String(validating: units, as: UTF16.self).map { Array($0.utf8) }
  }

  /// The separator that a first line such as "sep=;" names, as Excel reads it, and where the lines after it begin.
  private static func namedSeparator(_ bytes: [UInt8]) -> (UInt8?, Int) {
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    let text = String(decoding: line.prefix(10), as: UTF8.self).filter { $0 != "\"" }.lowercased()
    guard text.hasPrefix("sep="), line.count <= 10, let separator = text.dropFirst(4).utf8.first,
      separators.contains(separator)
    else { return (nil, 0) }
    let end = bytes[line.endIndex...].prefix { $0 == 0x0A || $0 == 0x0D }.endIndex
    return (separator, end)
  }

  /// The separator by which the first lines have the same number of fields, of several the one with the most.
  private static func separator(of bytes: [UInt8], from start: Int) -> UInt8 {
    var best = (separator: separators[0], count: 1)
    var most = (separator: separators[0], count: 1)
    for separator in separators {
      var lines = Lines(bytes, from: start, number: 1, separator: separator)
      var fields: [Field] = []
      guard lines.next(into: &fields) != nil else { continue }
      let count = fields.count
      if count > most.count { most = (separator, count) }
      var isEven = true
      for _ in 0..<sampleLines where lines.next(into: &fields) != nil {
        // R leaves out the name of the rows' names.
        isEven = isEven && (fields.count == count || fields.count == count + 1)
      }
      if isEven, count > best.count { best = (separator, count) }
    }
    return best.count > 1 ? best.separator : most.separator
  }
}

// MARK: - Lines

extension DelimitedText {
  /// About how many lines there are, at least as many as `lines` gives that have no line ends in quotes.
  var lineCount: Int {
    bytes.withUnsafeBufferPointer { bytes in
      let feeds = bytes.count { $0 == 0x0A }
      return (feeds > 0 ? feeds : bytes.count { $0 == 0x0D }) + 1
    }
  }

  /// The lines of the text; empty ones are left out.
  func lines() -> Lines {
    Lines(bytes, from: start, number: firstLine, separator: separator)
  }

  struct Lines {
    private let bytes: [UInt8]
    private let separator: UInt8
    private var place: Int
    private var number: Int
    /// Whether the last line has a quote that is not closed.
    private(set) var isBroken = false

    fileprivate init(_ bytes: [UInt8], from start: Int, number: Int, separator: UInt8) {
      self.bytes = bytes
      self.separator = separator
      self.number = number
      place = start
    }

    /// The number of the next line that has something in it, its fields put into `fields`; nil at the end.
    mutating func next(into fields: inout [Field]) -> Int? {
      while place < bytes.count {
        let first = number
        fields.removeAll(keepingCapacity: true)
        readLine(into: &fields)
        if isBroken || fields.contains(where: { $0.start < $0.end }) { return first }
      }
      return nil
    }

    private mutating func readLine(into fields: inout [Field]) {
      while true {
        skipSpaces()
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
          readQuoted(into: &fields)
        } else {
          let start = place
          while place < bytes.count, !isEnd(bytes[place]) { place += 1 }
          fields.append(Field(start: start, end: end(from: start), isQuoted: false))
        }
        guard place < bytes.count else { return }
        let byte = bytes[place]
        place += 1
        if byte == separator { continue }
        // The two bytes of other systems' line ends are one end.
        if byte == 0x0D, place < bytes.count, bytes[place] == 0x0A { place += 1 }
        number += 1
        return
      }
    }

    private func isEnd(_ byte: UInt8) -> Bool {
      byte == separator || byte == 0x0A || byte == 0x0D
    }

    private func isSpace(_ byte: UInt8) -> Bool {
      (byte == 0x20 || byte == 0x09) && byte != separator
    }

    private mutating func skipSpaces() {
      while place < bytes.count, isSpace(bytes[place]) { place += 1 }
    }

    /// Where what was read since `start` ends, without the spaces before `place`.
    private func end(from start: Int) -> Int {
      var end = place
      while end > start, isSpace(bytes[end - 1]) { end -= 1 }
      return end
    }

    private mutating func readQuoted(into fields: inout [Field]) {
      place += 1
      let start = place
      while place < bytes.count {
        let byte = bytes[place]
        if byte == UInt8(ascii: "\"") {
          guard place + 1 < bytes.count, bytes[place + 1] == byte else { break }
          place += 1
        } else if byte == 0x0A || byte == 0x0D {
          number += 1
        }
        place += 1
      }
      fields.append(Field(start: start, end: place, isQuoted: true))
      place += 1
      isBroken = place > bytes.count
      skipSpaces()
      // What stands behind the closing quote belongs to no field.
      if place < bytes.count, !isEnd(bytes[place]) { isBroken = true }
      while place < bytes.count, !isEnd(bytes[place]) { place += 1 }
    }
  }
}

/// Makes sure that `count` elements of `stride` bytes, which the file at `path` holds, fit into memory.
package func checkMemory(_ count: Int, of stride: Int, for path: String) throws(EnsembleError) {
  do throws(FileError) { try Memory.check(count: count, of: stride, for: path) } catch {
    throw .file(error)
  }
}

/// Maps a file that another program wrote.
func importedFile(_ path: String) throws(EnsembleError) -> MappedFile {
  do throws(FileError) { return try MappedFile(path: path) } catch { throw .file(error) }
}
