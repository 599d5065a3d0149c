/// Writes protocol buffers' wire format.
///
/// Source: https://protobuf.dev/programming-guides/encoding
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 {
    case variableInteger = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  private mutating func appendVariableInteger(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func appendKey(_ field: Int, _ type: WireType) {
    appendVariableInteger(UInt64(field) << 3 | type.rawValue)
  }

  /// Fields that are written already.
  mutating func append(_ fields: [UInt8]) { bytes += fields }

  mutating func write(_ field: Int, _ value: Int) {
    appendKey(field, .variableInteger)
    appendVariableInteger(UInt64(bitPattern: Int64(value)))
  }

  mutating func write(_ field: Int, _ value: Float) {
    appendKey(field, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func write(_ field: Int, _ text: String) {
    write(field, bytes: Array(text.utf8))
  }

  mutating func write(_ field: Int, bytes content: [UInt8]) {
    appendKey(field, .lengthDelimited)
    appendVariableInteger(UInt64(content.count))
    bytes += content
  }

  /// A field as it was read.
  mutating func write(_ field: Int, copying value: ProtobufReader.Value) {
    switch value {
    case .variableInteger(let number):
      appendKey(field, .variableInteger)
      appendVariableInteger(number)
    case .fixed64(let number):
      appendKey(field, .fixed64)
      withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    case .fixed32(let number):
      appendKey(field, .fixed32)
      withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    case .content(let content, _):
      appendKey(field, .lengthDelimited)
      appendVariableInteger(UInt64(content.count))
      bytes += content
    }
  }

  /// A message inside this one.
  mutating func write(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    var message = ProtobufWriter()
    body(&message)
    write(field, bytes: message.bytes)
  }

  /// A field that repeats.
  mutating func write(_ field: Int, _ values: [Int]) {
    for value in values { write(field, value) }
  }
}
