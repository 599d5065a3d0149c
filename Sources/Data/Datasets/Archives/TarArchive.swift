/// The files of a tar archive that lies in memory: ustar, GNU's long names and large sizes, pax attributes.
///
/// Every number is checked before it is used. Archives may be joined, each with its end mark, and the last may lack its own;
/// `remarks` say so.
/// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar's manual, "Basic Tar
/// Format".
struct TarArchive {
  /// One regular file, or a link or other thing that has the name of one.
  struct Entry: Hashable {
    let name: String
    /// Where its bytes are; nothing for what is not a regular file.
    let bytes: Range<Int>?
  }

  /// What is wrong, and with which entry.
  struct Failure: Error, Hashable {
    let entry: String?
    let problem: ShardProblem
  }

  static let blockLength = 512
  /// The longest name or list of attributes that is read.
  private static let longestAttributes = 1 << 20

  /// What headers before a file say about it.
  private struct Attributes {
    var name: String?
    var size: Int?
    var isSparse = false

    /// Whether no header before said anything.
    var isEmpty: Bool { name == nil && size == nil && !isSparse }
  }

  private let bytes: UnsafeRawBufferPointer

  /// Reads the archive in `bytes`, which must stay.
  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// What an archive holds.
  struct Contents {
    /// All entries but directories, in order.
    var entries: [Entry] = []
    /// What is unusual about the archive as a whole.
    var remarks: [String] = []
  }

  /// Returns what the archive holds.
  func contents() throws(Failure) -> Contents {
    var contents = Contents()
    var attributes = Attributes()
    var position = 0
    var isJoined = false
    while true {
      if position == bytes.count, position > 0, attributes.isEmpty {
        contents.remarks.append("it has no end mark: where it was cut short, images are missing")
        return contents
      }
      guard position <= bytes.count - Self.blockLength else {
        throw Failure(entry: attributes.name, problem: .cutShort(byte: bytes.count))
      }
      let header = Header(bytes: bytes, position: position)
      if header.isEndMark {
        guard let next = afterEndMark(position, &contents) else { return contents }
        if !isJoined {
          contents.remarks.append("it is several archives joined, all of which are read")
        }
        (position, isJoined, attributes) = (next, true, Attributes())
        continue
      }
      guard header.hasValidChecksum else {
        throw Failure(entry: attributes.name, problem: .wrongChecksum(byte: position))
      }
      let name = attributes.name ?? header.name
      let kind = header.kind(named: name)
      let data = try data(of: header, kind, size: attributes.size, name: name)
      switch kind {
      case .longName:
        let text = try text(data, of: name).prefix { $0 != 0 }
        attributes.name = String(decoding: text, as: UTF8.self)
      case .attributes:
        try read(text(data, of: name), into: &attributes, name: name, position: position)
      case .ignored: break
      case .file:
        contents.entries.append(Entry(name: name, bytes: attributes.isSparse ? nil : data))
      case .link, .other: contents.entries.append(Entry(name: name, bytes: nil))
      case .directory: break
      }
      if !kind.isAboutNext { attributes = Attributes() }
      let end = data.upperBound + (-data.count & (Self.blockLength - 1))
      // The last file may lack what fills up its block.
      position = min(end, bytes.count)
    }
  }

  /// Where the archive behind the end mark at `position` begins, which `cat` joined to the one before; nil where there is
  /// none.
  private func afterEndMark(_ position: Int, _ contents: inout Contents) -> Int? {
    var next = position
    while next <= bytes.count - Self.blockLength,
      Header(bytes: bytes, position: next).isEndMark
    {
      next += Self.blockLength
    }
    let rest = bytes[min(next, bytes.count)...]
    guard !rest.allSatisfy({ $0 == 0 }) else { return nil }
    if rest.count >= Self.blockLength, Header(bytes: bytes, position: next).hasValidChecksum {
      return next
    }
    contents.remarks.append(
      "\(rest.count) bytes behind its end are no archive, and are passed over")
    return nil
  }

  /// Where a header's data is.
  private func data(
    of header: Header, _ kind: Header.Kind, size: Int?, name: String
  ) throws(Failure) -> Range<Int> {
    let start = header.position + Self.blockLength
    guard kind.hasData else { return start..<start }
    guard let size = kind.isAboutNext ? header.size : size ?? header.size else {
      throw Failure(entry: name, problem: .invalidSize(byte: header.position))
    }
    guard size <= bytes.count - start else {
      throw Failure(entry: name, problem: .cutShort(byte: bytes.count))
    }
    return start..<start + size
  }

  private func text(
    _ range: Range<Int>, of name: String
  ) throws(Failure) -> Slice<UnsafeRawBufferPointer> {
    guard range.count <= Self.longestAttributes else {
      throw Failure(entry: name, problem: .invalidAttributes(byte: range.lowerBound))
    }
    return bytes[range]
  }

  /// Reads pax records: `LENGTH KEY=VALUE\n`, with the length of all of it.
  private func read(
    _ text: Slice<UnsafeRawBufferPointer>, into attributes: inout Attributes, name: String,
    position: Int
  ) throws(Failure) {
    let failure = Failure(entry: name, problem: .invalidAttributes(byte: position))
    var rest = text
    while !rest.isEmpty {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
        let length = Self.decimal(rest[..<space]), length > space - rest.startIndex + 1,
        length <= rest.count
      else { throw failure }
      let record = rest[(space + 1)..<(rest.startIndex + length)]
      guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "="))
      else { throw failure }
      let value = record[(equals + 1)..<(record.endIndex - 1)]
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": attributes.name = String(decoding: value, as: UTF8.self)
      case "size":
        guard let size = Self.decimal(value) else {
          throw Failure(entry: attributes.name ?? name, problem: .invalidSize(byte: position))
        }
        attributes.size = size
      case let key where key.hasPrefix("GNU.sparse."): attributes.isSparse = true
      default: break
      }
      rest = rest[(rest.startIndex + length)...]
    }
  }

  /// A number that fits, or nothing.
  private static func decimal(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
  }
}

/// One block of 512 bytes that describes what follows.
private struct Header {
  enum Kind {
    case file, directory, link, longName, attributes, ignored, other

    /// Whether it describes the next header's file.
    var isAboutNext: Bool { self == .longName || self == .attributes || self == .ignored }
    /// Whether data follows.
    var hasData: Bool { self != .directory && self != .link }
  }

  let bytes: UnsafeRawBufferPointer
  let position: Int

  private func field(_ range: Range<Int>) -> Slice<UnsafeRawBufferPointer> {
    bytes[(position + range.lowerBound)..<(position + range.upperBound)]
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: field(range).prefix { $0 != 0 }, as: UTF8.self)
  }

  var isEndMark: Bool { field(0..<TarArchive.blockLength).allSatisfy { $0 == 0 } }

  /// The sum of all bytes, with the checksum's own field as spaces.
  var hasValidChecksum: Bool {
    guard let expected = number(148..<156) else { return false }
    let sum = field(0..<148).reduce(0) { $0 + Int($1) } + 8 * 32
    return sum + field(156..<TarArchive.blockLength).reduce(0) { $0 + Int($1) } == expected
  }

  /// The name, after POSIX's prefix where there is one; GNU has other things in its place.
  var name: String {
    let name = text(0..<100)
    guard field(257..<263).elementsEqual("ustar\0".utf8) else { return name }
    let prefix = text(345..<500)
    return prefix.isEmpty ? name : "\(prefix)/\(name)"
  }

  var size: Int? { number(124..<136) }

  /// What it describes, where the whole name is `name`: its own may be cut off, and in old archives a directory's ends in a
  /// slash.
  func kind(named name: String) -> Kind {
    switch bytes[position + 156] {
    case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): name.hasSuffix("/") ? .directory : .file
    case UInt8(ascii: "5"): .directory
    case UInt8(ascii: "1")...UInt8(ascii: "6"): .link
    case UInt8(ascii: "L"): .longName
    case UInt8(ascii: "x"): .attributes
    case UInt8(ascii: "g"), UInt8(ascii: "K"): .ignored
    default: .other
    }
  }

  /// Octal digits between spaces, up to a zero byte; or GNU's binary form, where the first bit is set.
  private func number(_ range: Range<Int>) -> Int? {
    let field = field(range)
    guard let first = field.first else { return nil }
    if first & 0x80 != 0 {
      // The next bit is the sign; more than 62 bits are no file's size.
      guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
      let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return value < 1 << 62 ? Int(value) : nil
    }
    let space = UInt8(ascii: " ")
    let digits = field.drop { $0 == space }.prefix { $0 != 0 && $0 != space }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
      value = value << 3 | Int(digit - UInt8(ascii: "0"))
    }
    return value
  }
}
