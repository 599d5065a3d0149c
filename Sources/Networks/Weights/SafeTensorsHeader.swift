/// The checked header of a safetensors file.
struct SafeTensorsHeader {
  /// The longest header that is accepted, as in the format's reference implementation.
  static let maximumByteCount = 100_000_000
  static let metadataKey = "__metadata__"

  struct Entry {
    let name: String
    let dataType: TensorDataType
    let shape: [Int]
    /// Within the data, which begin behind the header.
    let range: Range<Int>
  }

  /// In the order of their data.
  let entries: [Entry]
  let metadata: [String: String]
  /// Where the data begin in the file.
  let dataOffset: Int

  init(_ file: UnsafeRawBufferPointer, path: String) throws(WeightsError) {
    let headerCount = try Self.headerByteCount(file, path: path)
    dataOffset = 8 + headerCount
    var scanner = HeaderScanner(
      UnsafeRawBufferPointer(rebasing: file[8..<dataOffset]), path: path)
    let available = file.count - dataOffset
    var entries: [Entry] = []
    var metadata: [String: String]?
    var seen: Set<String> = []
    try scanner.object { (scanner, name) throws(WeightsError) in
      guard seen.insert(name).inserted else { throw .duplicateName(path: path, name: name) }
      if name == Self.metadataKey {
        metadata = try Self.metadata(&scanner)
      } else {
        entries.append(try Self.entry(name, &scanner, available: available))
      }
    }
    try scanner.expectEnd()
    self.entries = try Self.checkedLayout(entries, available: available, path: path)
    self.metadata = metadata ?? [:]
  }

  private static func headerByteCount(
    _ file: UnsafeRawBufferPointer, path: String
  ) throws(WeightsError) -> Int {
    guard file.count >= 8 else { throw .tooShort(path: path, byteCount: file.count) }
    let count = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard count <= UInt64(maximumByteCount) else {
      throw .headerTooLong(path: path, byteCount: count, limit: maximumByteCount)
    }
    guard count <= UInt64(file.count - 8) else {
      throw .headerBeyondFile(path: path, headerByteCount: count, fileByteCount: file.count)
    }
    guard count > 0, file[8] == UInt8(ascii: "{") else {
      throw .malformedHeader(path: path, offset: 0, expected: "'{'")
    }
    return Int(count)
  }

  private static func metadata(
    _ scanner: inout HeaderScanner
  ) throws(WeightsError) -> [String: String] {
    var metadata: [String: String] = [:]
    let path = scanner.path
    try scanner.object { (scanner, key) throws(WeightsError) in
      let value = try scanner.string()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw .duplicateName(path: path, name: key)
      }
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ scanner: inout HeaderScanner, available: Int
  ) throws(WeightsError) -> Entry {
    let path = scanner.path
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner, key) throws(WeightsError) in
      switch key {
      case "dtype" where type == nil: type = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.integers()
      case "data_offsets" where offsets == nil: offsets = try scanner.integers()
      case "dtype", "shape", "data_offsets": throw .duplicateName(path: path, name: key)
      default: throw scanner.failure("dtype, shape or data_offsets instead of '\(key)'")
      }
    }
    guard let type else { throw .missingField(path: path, tensor: name, field: "dtype") }
    guard let shape else { throw .missingField(path: path, tensor: name, field: "shape") }
    guard let offsets else { throw .missingField(path: path, tensor: name, field: "data_offsets") }
    guard let dataType = TensorDataType(rawValue: type) else {
      throw .unknownDataType(path: path, tensor: name, dataType: type)
    }
    guard offsets.count == 2 else {
      throw scanner.failure("two data_offsets for tensor '\(name)' before")
    }
    let range = try checkedRange(
      offsets[0], offsets[1], of: name, dataType, shape, available: available, path: path)
    return Entry(name: name, dataType: dataType, shape: shape, range: range)
  }

  private static func checkedRange(
    _ start: Int, _ end: Int, of name: String, _ dataType: TensorDataType, _ shape: [Int],
    available: Int, path: String
  ) throws(WeightsError) -> Range<Int> {
    guard let byteCount = dataType.byteCount(ofShape: shape) else {
      throw .invalidShape(path: path, tensor: name, shape: shape)
    }
    guard start <= end else {
      throw .reversedRange(path: path, tensor: name, start: start, end: end)
    }
    guard end <= available else {
      throw .rangeBeyondFile(path: path, tensor: name, end: end, available: available)
    }
    guard end - start == byteCount else {
      throw .wrongByteCount(path: path, tensor: name, expected: byteCount, found: end - start)
    }
    return start..<end
  }

  /// The entries in the order of their data, which follow one another and cover the file to its end.
  private static func checkedLayout(
    _ entries: [Entry], available: Int, path: String
  ) throws(WeightsError) -> [Entry] {
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var covered = 0
    var earlier = ""
    for entry in sorted {
      let start = entry.range.lowerBound
      guard start >= covered else {
        throw .overlap(path: path, tensor: entry.name, other: earlier)
      }
      guard start == covered else {
        throw .hole(path: path, tensor: entry.name, byteCount: start - covered)
      }
      covered = entry.range.upperBound
      earlier = entry.name
    }
    guard covered == available else {
      throw .uncoveredBytes(path: path, byteCount: available - covered)
    }
    return sorted
  }
}
