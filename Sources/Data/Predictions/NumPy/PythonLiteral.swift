/// Reads the one literal in a header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
struct PythonLiteral {
  enum Value {
    case text(String)
    case truth(Bool)
    case tuple([Int])
  }

  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func dictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var entries: [String: Value] = [:]
    while !take("}") {
      guard let key = text(), take(":"), let value = value() else { return nil }
      entries[key] = value
      guard take(",") || peek("}") else { return nil }
    }
    return place == bytes.count ? entries : nil
  }

  private mutating func value() -> Value? {
    if peek("'") || peek("\"") { return text().map(Value.text) }
    if takeWord("True") { return .truth(true) }
    if takeWord("False") { return .truth(false) }
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      guard let number = number() else { return nil }
      numbers.append(number)
      guard take(",") || peek(")") else { return nil }
    }
    return .tuple(numbers)
  }

  private mutating func text() -> String? {
    skipSpace()
    guard place < bytes.count, bytes[place] == 0x27 || bytes[place] == 0x22 else { return nil }
    let quote = bytes[place]
    guard let end = bytes[(place + 1)...].firstIndex(of: quote) else { return nil }
    defer { place = end + 1 }
    return String(decoding: bytes[place + 1..<end], as: UTF8.self)
  }

  private mutating func number() -> Int? {
    skipSpace()
    let digits = bytes[place...].prefix { (0x30...0x39).contains($0) }
    place += digits.count
    return Int(String(decoding: digits, as: UTF8.self))
  }

  private mutating func takeWord(_ word: String) -> Bool {
    skipSpace()
    guard bytes[place...].starts(with: word.utf8) else { return false }
    place += word.utf8.count
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek(character) else { return false }
    place += 1
    skipSpace()
    return true
  }

  private mutating func peek(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    return place < bytes.count && UInt32(bytes[place]) == character.value
  }

  private mutating func skipSpace() {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x0A { place += 1 }
  }
}
