/// Reads the JSON that a safetensors header may hold: one object of strings, integers and flat lists.
///
/// A general JSON reader would lose what has to be checked here: a key given twice, and where an error is.
struct HeaderScanner {
  let path: String
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  func failure(_ expected: String) -> WeightsError {
    .malformedHeader(path: path, offset: offset, expected: expected)
  }

  mutating func skipSpace() {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
  }

  /// Whether the next character, after spaces, is `character`; it is then behind.
  mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard offset < bytes.count, UInt32(bytes[offset]) == character.value else { return false }
    offset += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(WeightsError) {
    guard accept(character) else { throw failure("'\(character)'") }
  }

  mutating func expectEnd() throws(WeightsError) {
    skipSpace()
    guard offset == bytes.count else { throw failure("the end of the header") }
  }

  /// Reads an object and calls `member` behind each key's colon.
  mutating func object(
    _ member: (inout HeaderScanner, String) throws(WeightsError) -> Void
  ) throws(WeightsError) {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while accept(",")
    try expect("}")
  }

  /// Reads a list of integers in `0...Int.max`.
  mutating func integers() throws(WeightsError) -> [Int] {
    try expect("[")
    if accept("]") { return [] }
    var values: [Int] = []
    repeat { values.append(try integer()) } while accept(",")
    try expect("]")
    return values
  }

  private mutating func integer() throws(WeightsError) -> Int {
    skipSpace()
    let start = offset
    var value = 0
    while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = tens.addingReportingOverflow(Int(bytes[offset]) - 0x30)
      guard !overflow, !carry else { throw failure("an integer of at most \(Int.max)") }
      value = next
      offset += 1
    }
    let hasLeadingZero = offset - start > 1 && bytes[start] == 0x30
    guard offset > start, !hasLeadingZero else { throw failure("an integer that is not negative") }
    return value
  }

  mutating func string() throws(WeightsError) -> String {
    guard accept("\"") else { throw failure("a string") }
    var units: [UInt8] = []
    while true {
      guard offset < bytes.count, bytes[offset] >= 0x20 else {
        throw failure("the end of a string")
      }
      let byte = bytes[offset]
      offset += 1
      if byte == 0x22 { break }
      if byte == 0x5C {
        units.append(contentsOf: String(try escape()).utf8)
      } else {
        units.append(byte)
      }
    }
    // Repair would change ill-formed UTF-8, so what comes back unchanged was well formed.
    let text = String(decoding: units, as: UTF8.self)
    guard text.utf8.elementsEqual(units) else { throw failure("well-formed UTF-8 before") }
    return text
  }

  private mutating func escape() throws(WeightsError) -> Unicode.Scalar {
    guard offset < bytes.count else { throw failure("an escape") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case 0x22, 0x2F, 0x5C: return Unicode.Scalar(byte)
    case 0x62: return "\u{8}"
    case 0x66: return "\u{C}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: return try escapedScalar()
    default: throw failure("an escape before")
    }
  }

  /// Reads what follows `\u`: four hexadecimal digits, or two such units of a surrogate pair.
  private mutating func escapedScalar() throws(WeightsError) -> Unicode.Scalar {
    let unit = try hexadecimalUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xDC00, offset + 1 < bytes.count, bytes[offset] == 0x5C, bytes[offset + 1] == 0x75
    else { throw failure("the second half of a surrogate pair") }
    offset += 2
    let second = try hexadecimalUnit()
    let combined = 0x10000 + (unit - 0xD800) << 10 + second &- 0xDC00
    guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(combined) else {
      throw failure("the second half of a surrogate pair before")
    }
    return scalar
  }

  private mutating func hexadecimalUnit() throws(WeightsError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard offset < bytes.count,
        let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
      else { throw failure("four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
