import CZlib

/// What a ZIP archive in memory holds. Entries are read where they lie; nothing is written to a disk.
///
/// Stricter than the format: names do not leave the archive or stand twice, entries do not share bytes, what stands before an entry
/// agrees with the directory at the end, and sizes are possible.
///
/// Source: PKWARE's APPNOTE.TXT, version 6.3.10, sections 4.3 and 4.5.
package struct ZipArchive: Sendable {
  /// One file of the archive.
  package struct Entry: Hashable, Sendable {
    package let name: String
    /// Where its bytes are in the archive.
    package let range: Range<Int>
    /// How many bytes it has out of the archive.
    package let size: Int
    /// Whether its bytes are compressed by DEFLATE; else they stand as they are.
    package let isCompressed: Bool
    /// The checksum of its bytes out of the archive, as the directory has it.
    package let crc32: UInt32
    /// With what stands before it.
    fileprivate let wholeRange: Range<Int>
  }

  /// Why an archive is not read.
  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case notWhole
    case tooManyEntries(Int, limit: Int)
    case encrypted(String)
    case unknownMethod(String, Int)
    case unsafeName(String)
    case duplicateName(String)
    case overlap(String, String)
    case contradiction(String)
    case impossibleSize(String)
    case damaged(String)
    case noMemory(String)

    /// What is wrong, to stand behind the archive's name.
    package var description: String {
      switch self {
      case .notWhole: "is not a whole ZIP archive"
      case .tooManyEntries(let count, let limit):
        "has \(count) entries, more than the \(limit) allowed"
      case .encrypted(let name): "has the encrypted entry '\(name)'"
      case .unknownMethod(let name, let method):
        "has the entry '\(name)' compressed by method \(method), where only 0 (stored) and 8 (DEFLATE) are read"
      case .unsafeName(let name):
        "has an entry whose name leads out of the archive or is no text: '\(name)'"
      case .duplicateName(let name): "has two entries named '\(name)'"
      case .overlap(let first, let second):
        "has the entries '\(first)' and '\(second)', which share bytes"
      case .contradiction(let name):
        "says two things of the entry '\(name)', before it and in the directory at its end"
      case .impossibleSize(let name): "gives the entry '\(name)' a size that its bytes cannot have"
      case .damaged(let name):
        "has the damaged entry '\(name)': its bytes are not those that were written"
      case .noMemory(let name): "has the entry '\(name)', for which there is no memory"
      }
    }
  }

  /// In the order of the directory.
  package let entries: [Entry]

  /// No DEFLATE stream makes more of a byte.
  package static let greatestRatio = 1032

  /// Reads the directory of the archive.
  ///
  /// - Parameters:
  ///   - bytes: The whole archive.
  ///   - mostEntries: More are refused.
  package init(_ bytes: UnsafeRawBufferPointer, mostEntries: Int) throws(Failure) {
    let reader = LittleEndianReader(bytes)
    guard let (start, count) = Self.directory(reader) else { throw .notWhole }
    guard count <= mostEntries else { throw .tooManyEntries(count, limit: mostEntries) }
    var place = start
    var entries: [Entry] = []
    var names: Set<String> = []
    for _ in 0..<count {
      let entry = try Self.entry(at: &place, reader)
      guard names.insert(entry.name).inserted else { throw .duplicateName(entry.name) }
      entries.append(entry)
    }
    let ordered = entries.sorted { $0.wholeRange.lowerBound < $1.wholeRange.lowerBound }
    for (first, second) in zip(ordered, ordered.dropFirst())
    where first.wholeRange.upperBound > second.wholeRange.lowerBound {
      throw .overlap(first.name, second.name)
    }
    if let last = ordered.last, last.wholeRange.upperBound > start {
      throw .overlap(last.name, "the directory")
    }
    self.entries = entries
  }

  /// The bytes of a compressed entry, out of the archive `bytes`.
  ///
  /// No more than its size is ever held, and memory is taken as bytes come.
  package static func inflated(
    _ entry: Entry, in bytes: UnsafeRawBufferPointer
  ) throws(Failure) -> [UInt8] {
    let compressed = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
    let result: [UInt8]
    do throws(Compression.Failure) {
      result = try Compression.decompress(
        compressed, .raw, limit: entry.size, expectedSize: entry.size)
    } catch {
      switch error {
      case .tooLarge: throw .impossibleSize(entry.name)
      case .noMemory: throw .noMemory(entry.name)
      case .damaged: throw .damaged(entry.name)
      }
    }
    guard result.count == entry.size else { throw .impossibleSize(entry.name) }
    return result
  }

  /// The checksum of `bytes`, as archives have it.
  package static func crc32(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum: UInt = 0
    var rest = bytes
    while !rest.isEmpty {
      let part = rest.prefix(1 << 30)
      sum = UInt(
        CZlib.crc32(
          CUnsignedLong(sum),
          UnsafeRawBufferPointer(rebasing: part).bindMemory(to: UInt8.self).baseAddress,
          UInt32(part.count)))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
    }
    return UInt32(truncatingIfNeeded: sum)
  }
}

extension ZipArchive {
  /// Where the central directory begins and how many entries it has.
  private static func directory(_ reader: LittleEndianReader) -> (place: Int, count: Int)? {
    // The record at the end may have a comment behind it.
    let last = reader.count - 22
    guard last >= 0 else { return nil }
    for end in stride(from: last, through: max(0, last - 65_535), by: -1)
    where reader.number(4, at: end) == 0x0605_4B50 {
      guard let count = reader.number(2, at: end + 10), let place = reader.number(4, at: end + 16)
      else { return nil }
      guard count == 0xFFFF || place == 0xFFFF_FFFF else { return (place, count) }
      guard end >= 20, reader.number(4, at: end - 20) == 0x0706_4B50,
        let record = reader.number(8, at: end - 12), reader.number(4, at: record) == 0x0606_4B50,
        let wideCount = reader.number(8, at: record + 32),
        let widePlace = reader.number(8, at: record + 48)
      else { return nil }
      return (widePlace, wideCount)
    }
    return nil
  }

  /// The entry whose record in the directory is at `place`, which then is that of the next.
  private static func entry(
    at place: inout Int, _ reader: LittleEndianReader
  ) throws(Failure) -> Entry {
    let record = place
    guard reader.number(4, at: record) == 0x0201_4B50,
      let flags = reader.number(2, at: record + 8),
      let method = reader.number(2, at: record + 10),
      let sum = reader.number(4, at: record + 16),
      let nameLength = reader.number(2, at: record + 28),
      let extraLength = reader.number(2, at: record + 30),
      let commentLength = reader.number(2, at: record + 32),
      let nameBytes = reader.bytes(nameLength, at: record + 46)
    else { throw .notWhole }
    place += 46 + nameLength + extraLength + commentLength
    let name = String(decoding: nameBytes, as: UTF8.self)
    guard name.utf8.elementsEqual(nameBytes), isSafe(name) else { throw .unsafeName(name) }
    guard flags & 1 == 0 else { throw .encrypted(name) }
    guard method == 0 || method == 8 else { throw .unknownMethod(name, method) }
    guard let sizes = sizes(of: record, extra: record + 46 + nameLength, extraLength, reader),
      reader.number(4, at: sizes.offset) == 0x0403_4B50,
      let localMethod = reader.number(2, at: sizes.offset + 8),
      let localNameLength = reader.number(2, at: sizes.offset + 26),
      let localExtra = reader.number(2, at: sizes.offset + 28),
      let localName = reader.bytes(localNameLength, at: sizes.offset + 30)
    else { throw .notWhole }
    guard localName.elementsEqual(nameBytes), localMethod == method else {
      throw .contradiction(name)
    }
    let start = sizes.offset + 30 + localNameLength + localExtra
    guard start <= reader.count, sizes.compressed <= reader.count - start else { throw .notWhole }
    guard
      method == 8 ? sizes.size / greatestRatio <= sizes.compressed : sizes.size == sizes.compressed
    else { throw .impossibleSize(name) }
    let end = start + sizes.compressed
    return Entry(
      name: name, range: start..<end, size: sizes.size, isCompressed: method == 8,
      crc32: UInt32(truncatingIfNeeded: sum), wholeRange: sizes.offset..<end)
  }

  /// Whether a name stays where the archive is unpacked.
  private static func isSafe(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("/") && !name.utf8.contains { $0 == 0 || $0 == 0x5C }
      && !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
  }

  /// How many bytes the entry has out of the archive and in it, and where it begins.
  private static func sizes(
    of record: Int, extra: Int, _ extraLength: Int, _ reader: LittleEndianReader
  ) -> (size: Int, compressed: Int, offset: Int)? {
    guard let compressed = reader.number(4, at: record + 20),
      let size = reader.number(4, at: record + 24),
      let offset = reader.number(4, at: record + 42)
    else { return nil }
    // Numbers that do not fit stand in an extra field, in this order.
    var wide = wideNumbers(extra, extraLength, reader)
    var values: [Int] = []
    for value in [size, compressed, offset] {
      guard value == 0xFFFF_FFFF else {
        values.append(value)
        continue
      }
      guard !wide.isEmpty else { return nil }
      values.append(wide.removeFirst())
    }
    return (values[0], values[1], values[2])
  }

  private static func wideNumbers(
    _ start: Int, _ length: Int, _ reader: LittleEndianReader
  ) -> [Int] {
    var place = start
    while place + 4 <= start + length, let identifier = reader.number(2, at: place),
      let size = reader.number(2, at: place + 2)
    {
      if identifier == 1 {
        return (0..<min(size / 8, 3)).compactMap { reader.number(8, at: place + 4 + 8 * $0) }
      }
      place += 4 + size
    }
    return []
  }
}

/// Numbers out of bytes, none where they would reach beyond the end.
private struct LittleEndianReader {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var count: Int { bytes.count }

  func number(_ length: Int, at place: Int) -> Int? {
    guard let part = self.bytes(length, at: place) else { return nil }
    let value = part.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(exactly: value)
  }

  func bytes(_ length: Int, at place: Int) -> UnsafeRawBufferPointer? {
    guard place >= 0, place <= bytes.count, length <= bytes.count - place else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])
  }
}
