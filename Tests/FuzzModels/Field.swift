/// A field of a protocol buffer, as it is in the file.
struct Field {
  var number: Int
  var value: Value
  /// Where its key and, for numbers, its value are in the whole file.
  private(set) var keyPlaces: Range<Int> = 0..<0

  enum Value {
    case integer(Int)
    /// Of four or eight bytes.
    case fixed([UInt8])
    case content(ArraySlice<UInt8>)
  }

  init(_ number: Int, _ value: Int) {
    self.number = number
    self.value = .integer(value)
  }

  private init(_ number: Int, _ value: Value, keyPlaces: Range<Int>) {
    self.number = number
    self.value = value
    self.keyPlaces = keyPlaces
  }

  /// The fields in `bytes`; nil where they are no message.
  static func all(in bytes: ArraySlice<UInt8>) -> [Field]? {
    var rest = bytes
    var fields: [Field] = []
    while !rest.isEmpty {
      let start = rest.startIndex
      guard let key = takeVarint(&rest) else { return nil }
      let value: Value
      switch key & 7 {
      case 0:
        guard let number = takeVarint(&rest) else { return nil }
        value = .integer(Int(Int64(bitPattern: number)))
      case 1, 5:
        let count = key & 7 == 1 ? 8 : 4
        guard rest.count >= count else { return nil }
        value = .fixed(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      case 2:
        guard let count = takeVarint(&rest), count <= UInt64(rest.count) else { return nil }
        let places = start..<rest.startIndex
        fields.append(
          Field(Int(key >> 3), .content(rest.prefix(Int(count))), keyPlaces: places))
        rest = rest.dropFirst(Int(count))
        continue
      default: return nil
      }
      fields.append(Field(Int(key >> 3), value, keyPlaces: start..<rest.startIndex))
    }
    return fields
  }

  private static func takeVarint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return result }
    }
    return nil
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// The field in the wire format.
  var bytes: [UInt8] {
    func key(_ type: UInt64) -> [UInt8] { Self.varint(UInt64(number) << 3 | type) }
    switch value {
    case .integer(let value): return key(0) + Self.varint(UInt64(bitPattern: Int64(value)))
    case .fixed(let bytes): return key(bytes.count == 8 ? 1 : 5) + bytes
    case .content(let content): return key(2) + Self.varint(UInt64(content.count)) + content
    }
  }
}
