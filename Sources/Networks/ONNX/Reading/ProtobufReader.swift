/// Reads protocol buffers' wire format out of bytes that are not trusted.
///
/// Source: https://protobuf.dev/programming-guides/encoding
struct ProtobufReader {
  /// What is wrong, and at which byte of the whole file.
  struct Failure: Error, Hashable {
    let offset: Int
    let reason: String
  }

  /// What a field holds.
  enum Value {
    case variableInteger(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// Text, bytes, a message, or packed numbers.
    case content(UnsafeRawBufferPointer, offset: Int)
  }

  private let bytes: UnsafeRawBufferPointer
  private let start: Int
  private var position = 0

  /// - Parameter offset: Where `bytes` begin in the whole file.
  init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) {
    self.bytes = bytes
    start = offset
  }

  /// The place of what comes next in the whole file.
  var offset: Int { start + position }
  /// Whether nothing is left.
  var isAtEnd: Bool { position == bytes.count }

  func failure(_ reason: String) -> Failure { Failure(offset: offset, reason: reason) }

  /// The next field and its value; nil at the end.
  mutating func next() throws(Failure) -> (field: Int, value: Value)? {
    guard !isAtEnd else { return nil }
    let key = try variableInteger()
    guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw failure("has no field \(key >> 3)") }
    return (Int(key >> 3), try value(wireType: key & 7))
  }

  private mutating func value(wireType: UInt64) throws(Failure) -> Value {
    switch wireType {
    case 0: return .variableInteger(try variableInteger())
    case 1: return .fixed64(try fixed())
    case 2:
      let count = try variableInteger()
      guard count <= UInt64(bytes.count - position) else {
        throw failure("announces \(count) bytes where \(bytes.count - position) are left")
      }
      let content = UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
      defer { position += Int(count) }
      return .content(content, offset: offset)
    case 5: return .fixed32(try fixed())
    default: throw failure("holds a value of the unknown kind \(wireType)")
    }
  }

  mutating func variableInteger() throws(Failure) -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < bytes.count else { throw failure("ends in the middle of a number") }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { break }
      result |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return result }
    }
    throw failure("holds a number of more than 64 bits")
  }

  mutating func fixed<Number: FixedWidthInteger>() throws(Failure) -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - position >= size else { throw failure("ends in the middle of a number") }
    defer { position += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
  }
}

extension ProtobufReader {
  /// The two texts of a message that is an entry of a dictionary.
  func keyAndText() throws(Failure) -> (key: String, text: String) {
    var reader = self
    var (key, text) = ("", "")
    while let (field, value) = try reader.next() {
      switch field {
      case 1: key = try value.text(reader)
      case 2: text = try value.text(reader)
      default: break
      }
    }
    return (key, text)
  }
}

extension ProtobufReader.Value {
  /// A whole number.
  func integer(_ reader: ProtobufReader) throws(ProtobufReader.Failure) -> Int {
    guard case .variableInteger(let value) = self else {
      throw reader.failure("lacks a whole number")
    }
    return Int(Int64(bitPattern: value))
  }

  /// UTF-8.
  func text(_ reader: ProtobufReader) throws(ProtobufReader.Failure) -> String {
    guard case .content(let bytes, _) = self, let text = String(validating: bytes, as: UTF8.self)
    else { throw reader.failure("lacks a text in UTF-8") }
    return text
  }

  /// A message inside.
  func message(_ reader: ProtobufReader) throws(ProtobufReader.Failure) -> ProtobufReader {
    guard case .content(let bytes, let offset) = self else {
      throw reader.failure("lacks a message")
    }
    return ProtobufReader(bytes, offset: offset)
  }

  /// Adds the whole numbers of a repeated field: one, or several that are packed, which take eight times their bytes.
  func appendIntegers(
    to values: inout [Int], limit: Int, _ reader: ProtobufReader
  ) throws(ProtobufReader.Failure) {
    guard case .content(let bytes, let offset) = self else {
      guard values.count < limit else {
        throw reader.failure("holds a list of over \(limit) numbers")
      }
      values.append(try integer(reader))
      return
    }
    var packed = ProtobufReader(bytes, offset: offset)
    while !packed.isAtEnd {
      guard values.count < limit else {
        throw packed.failure("holds a list of over \(limit) numbers")
      }
      values.append(Int(Int64(bitPattern: try packed.variableInteger())))
    }
  }

  /// How many numbers a repeated field adds: one, or several that are packed, each of `size` bytes; nil for numbers of
  /// varying size.
  func count(ofNumbersOf size: Int?, _ reader: ProtobufReader) throws(ProtobufReader.Failure) -> Int
  {
    guard case .content(let bytes, let offset) = self else { return 1 }
    if let size {
      guard bytes.count % size == 0 else { throw reader.failure("holds a part of a number") }
      return bytes.count / size
    }
    var packed = ProtobufReader(bytes, offset: offset)
    var count = 0
    while !packed.isAtEnd {
      _ = try packed.variableInteger()
      count += 1
    }
    return count
  }
}
