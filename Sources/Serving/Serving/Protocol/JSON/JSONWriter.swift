/// Writes JSON from first to last byte, without space.
struct JSONWriter {
  /// What was written.
  private(set) var bytes: [UInt8] = []
  /// Whether a value stands before the next one in the same object or list.
  private var needsComma = false

  private mutating func begin() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  mutating func object(_ members: (inout JSONWriter) -> Void) { enclosed("{", "}", members) }
  mutating func array(_ elements: (inout JSONWriter) -> Void) { enclosed("[", "]", elements) }

  private mutating func enclosed(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ content: (inout JSONWriter) -> Void
  ) {
    begin()
    bytes.append(UInt8(ascii: opening))
    needsComma = false
    content(&self)
    bytes.append(UInt8(ascii: closing))
    needsComma = true
  }

  /// The key of the value that comes next.
  mutating func key(_ key: String) {
    string(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func boolean(_ value: Bool) { plain(value ? "true" : "false") }
  mutating func integer(_ value: some FixedWidthInteger) { plain(String(value)) }

  /// The shortest digits that are read as the same number; null for NaN and infinities, which JSON lacks.
  mutating func number(_ value: some BinaryFloatingPoint & LosslessStringConvertible) {
    plain(value.isFinite ? value.description : "null")
  }

  private mutating func plain(_ text: String) {
    begin()
    bytes += text.utf8
  }

  mutating func string(_ text: String) {
    begin()
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 { append(byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
    case 0..<0x20:
      let digits = String(byte, radix: 16)
      bytes += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
    default: bytes.append(byte)
    }
  }
}
