extension JSONScanner {
  /// The string that comes next, without space before it.
  mutating func string() throws(ProtocolError) -> String {
    let content = try skipString()
    guard content.hasEscapes else {
      return String(decoding: bytes[content.range], as: UTF8.self)
    }
    var unescaped: [UInt8] = []
    try appendUnescaped(content.range, to: &unescaped)
    return String(decoding: unescaped, as: UTF8.self)
  }

  /// Appends the UTF-8 of the string that comes next.
  mutating func appendString(to target: inout [UInt8]) throws(ProtocolError) {
    let content = try skipString()
    if content.hasEscapes {
      try appendUnescaped(content.range, to: &target)
    } else {
      target += bytes[content.range]
    }
  }

  /// Passes over a string, checking its UTF-8 and its escapes.
  @discardableResult
  mutating func skipString() throws(ProtocolError) -> (range: Range<Int>, hasEscapes: Bool) {
    guard next == UInt8(ascii: "\"") else { throw fault("'\"' is missing before a string") }
    index += 1
    let start = index
    var (hasEscapes, isASCII) = (false, true)
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        let range = start..<index
        if !isASCII, !Self.isUTF8(bytes[range]) { throw fault("it is not UTF-8", at: start) }
        index += 1
        return (range, hasEscapes)
      }
      guard byte >= 0x20 else { throw fault("a control character stands in a string") }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        index += 1
        guard let escape = next else { continue }
        if escape == UInt8(ascii: "u") {
          index += 1
          _ = try unicodeScalar(from: &index)
          continue
        }
        guard Self.escapes[escape] != nil else { throw fault("unknown escape in a string") }
      }
      if byte >= 0x80 { isASCII = false }
      index += 1
    }
    throw fault("a string has no end", at: start)
  }

  private static func isUTF8(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
  }

  private func appendUnescaped(
    _ range: Range<Int>, to target: inout [UInt8]
  ) throws(ProtocolError) {
    var place = range.lowerBound
    while place < range.upperBound {
      let byte = bytes[place]
      place += 1
      guard byte == UInt8(ascii: "\\") else {
        target.append(byte)
        continue
      }
      let escape = bytes[place]
      place += 1
      if escape == UInt8(ascii: "u") {
        let scalar = try unicodeScalar(from: &place)
        target += String(Character(scalar)).utf8
      } else if let plain = Self.escapes[escape] {
        target.append(plain)
      }
    }
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
  ]

  /// What `\uXXXX` stands for, or two of them that are halves of one character.
  private func unicodeScalar(
    from place: inout Int
  ) throws(ProtocolError) -> Unicode.Scalar {
    let start = place
    guard let first = hexadecimal(at: place) else {
      throw fault("'\\u' needs four hexadecimal digits", at: start)
    }
    place += 4
    if let scalar = Unicode.Scalar(first) { return scalar }
    let isPair =
      first < 0xDC00 && place + 1 < bytes.count && bytes[place] == UInt8(ascii: "\\")
      && bytes[place + 1] == UInt8(ascii: "u")
    guard isPair, let second = hexadecimal(at: place + 2), second >> 10 == 0x37,
      let scalar = Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF))
    else { throw fault("half of a surrogate pair", at: start) }
    place += 6
    return scalar
  }

  private func hexadecimal(at place: Int) -> UInt32? {
    guard place + 4 <= bytes.count else { return nil }
    var value: UInt32 = 0
    for byte in bytes[place..<place + 4] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
