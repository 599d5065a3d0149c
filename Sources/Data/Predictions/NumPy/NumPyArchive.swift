import CZlib
import Files

/// The arrays of an `.npz` file, which is a ZIP archive, compressed or not.
///
/// Source: PKWARE's APPNOTE.TXT, version 6.3.10, sections 4.3 and 4.5.
struct NumPyArchive {
  /// By name, without the ending `.npy`.
  let arrays: [String: NumPyArray]

  private static let mostEntries = 1000

  init(_ file: MappedFile) throws(EnsembleError) {
    var arrays: [String: NumPyArray] = [:]
    for entry in try Self.entries(of: file) where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      let source = "\(file.path)[\(name)]"
      let array = try Self.array(entry, in: file, source: source)
      guard arrays.updateValue(array, forKey: name) == nil else {
        throw .invalidImport(
          source: file.path, reason: "holds two arrays named '\(name)'",
          fix: "save each array once")
      }
    }
    self.arrays = arrays
  }

  private struct Entry {
    let name: String
    let place: EntryBytes
    let isCompressed: Bool
  }

  /// Where the bytes of an entry are, and how many they are out of the archive.
  private struct EntryBytes {
    let range: Range<Int>
    let size: Int
  }

  private static func array(
    _ entry: Entry, in file: MappedFile, source: String
  ) throws(EnsembleError) -> NumPyArray {
    guard entry.isCompressed else {
      return try NumPyArray(.mapped(file), range: entry.place.range, source: source)
    }
    // A greater size than a stream can have is damage, which is said below.
    if entry.place.size / 1032 <= entry.place.range.count {
      try checkMemory(entry.place.size, of: 1, for: source)
    }
    let bytes = file.withBytes { all in
      inflated(UnsafeRawBufferPointer(rebasing: all[entry.place.range]), size: entry.place.size)
    }
    guard let bytes else {
      throw .invalidImport(
        source: source, reason: "is damaged: its compressed bytes cannot be read",
        fix: "save it again")
    }
    return try NumPyArray(.memory(bytes), range: 0..<bytes.count, source: source)
  }

  private static func entries(of file: MappedFile) throws(EnsembleError) -> [Entry] {
    let broken = EnsembleError.invalidImport(
      source: file.path, reason: "is not a whole ZIP archive", fix: "save it with numpy.savez")
    let result: Result<[Entry], EnsembleError> = file.withBytes { bytes in
      let reader = LittleEndianReader(bytes)
      guard let (start, count) = directory(reader), count <= mostEntries else {
        return .failure(broken)
      }
      var place = start
      var entries: [Entry] = []
      for _ in 0..<count {
        guard reader.number(4, at: place) == 0x0201_4B50,
          let flags = reader.number(2, at: place + 8),
          let method = reader.number(2, at: place + 10),
          let nameLength = reader.number(2, at: place + 28),
          let extraLength = reader.number(2, at: place + 30),
          let commentLength = reader.number(2, at: place + 32),
          let name = reader.bytes(nameLength, at: place + 46),
          let found = self.place(of: place, extra: place + 46 + nameLength, extraLength, reader)
        else { return .failure(broken) }
        guard method == 0 || method == 8, flags & 1 == 0 else {
          return .failure(
            .invalidImport(
              source: file.path,
              reason: "is encrypted, or compressed in a way that NumPy does not use",
              fix: "save it with numpy.savez or savez_compressed"))
        }
        guard method == 8 || found.range.count == found.size else { return .failure(broken) }
        entries.append(
          Entry(
            name: String(decoding: name, as: UTF8.self), place: found, isCompressed: method == 8))
        place += 46 + nameLength + extraLength + commentLength
      }
      return .success(entries)
    }
    return try result.get()
  }

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

  /// The bytes of the entry whose record in the central directory is at `record`.
  private static func place(
    of record: Int, extra: Int, _ extraLength: Int, _ reader: LittleEndianReader
  ) -> EntryBytes? {
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
    guard reader.number(4, at: values[2]) == 0x0403_4B50,
      let nameLength = reader.number(2, at: values[2] + 26),
      let localExtra = reader.number(2, at: values[2] + 28)
    else { return nil }
    let start = values[2] + 30 + nameLength + localExtra
    guard start <= reader.count, values[1] <= reader.count - start else { return nil }
    return EntryBytes(range: start..<start + values[1], size: values[0])
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

/// The bytes that a DEFLATE stream without a head stands for; nil where it is damaged or they are not `size`.
///
/// Source: RFC 1951.
func inflated(_ bytes: UnsafeRawBufferPointer, size: Int) -> [UInt8]? {
  // No stream makes more of a byte than this: a greater size is a lie, and memory is not taken for it.
  guard size >= 0, size / 1032 <= bytes.count else { return nil }
  var stream = z_stream()
  guard
    inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { return nil }
  defer { inflateEnd(&stream) }
  var isWhole = false
  let result = [UInt8](unsafeUninitializedCapacity: size) { target, count in
    let input = bytes.bindMemory(to: UInt8.self)
    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.next_out = target.baseAddress
    var (left, room) = (bytes.count, size)
    var status = Z_OK
    // The library counts in 32 bits.
    while status == Z_OK {
      let (given, free) = (UInt32(clamping: left), UInt32(clamping: room))
      (stream.avail_in, stream.avail_out) = (given, free)
      status = inflate(&stream, Z_NO_FLUSH)
      left -= Int(given - stream.avail_in)
      room -= Int(free - stream.avail_out)
      if given == stream.avail_in, free == stream.avail_out { break }
    }
    isWhole = status == Z_STREAM_END && room == 0
    count = size - room
  }
  return isWhole ? result : nil
}
