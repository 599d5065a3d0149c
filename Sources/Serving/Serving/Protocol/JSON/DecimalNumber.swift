/// A number of JSON as its digits: `(-1)^isNegative * significand * 10^exponent`.
///
/// `significand` keeps 19 digits, which is more than a double tells apart; what is beyond them is looked at only where the digits
/// that are kept do not decide how the number is rounded.
struct DecimalNumber {
  let isNegative: Bool
  /// Its first 19 digits.
  private(set) var significand: UInt64 = 0
  /// The power of ten.
  private(set) var exponent = 0
  /// Whether digits other than 0 follow those of `significand`.
  private(set) var isTruncated = false
  /// Whether it has neither fraction nor exponent.
  private(set) var isInteger = true
  /// Its bytes, of which the rare ones are read again.
  private(set) var text: UnsafeBufferPointer<UInt8>

  private static let mostDigits = 19

  /// Reads the number that begins at `index`, and moves behind it; nil where none does by JSON's grammar.
  @inline(__always)
  init?(scanning bytes: UnsafeBufferPointer<UInt8>, from index: inout Int) {
    let start = index
    var place = index
    text = bytes
    isNegative = place < bytes.count && bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    let first = place
    var digits = 0
    while place < bytes.count, let digit = Self.digit(bytes[place]) {
      if !append(digit, count: &digits) { exponent += 1 }
      place += 1
    }
    guard place > first, place == first + 1 || bytes[first] != UInt8(ascii: "0") else { return nil }
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      isInteger = false
      place += 1
      let fraction = place
      while place < bytes.count, let digit = Self.digit(bytes[place]) {
        if append(digit, count: &digits) { exponent -= 1 }
        place += 1
      }
      guard place > fraction else { return nil }
    }
    if place < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "e") {
      guard scanExponent(bytes, from: &place) else { return nil }
    }
    text = UnsafeBufferPointer(rebasing: bytes[start..<place])
    index = place
  }

  @inline(__always)
  private static func digit(_ byte: UInt8) -> UInt64? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? UInt64(value) : nil
  }

  /// Whether there was room for the digit.
  @inline(__always)
  private mutating func append(_ digit: UInt64, count: inout Int) -> Bool {
    guard count < Self.mostDigits else {
      if digit != 0 { isTruncated = true }
      return false
    }
    significand = significand &* 10 &+ digit
    if significand != 0 { count += 1 }
    return true
  }

  private mutating func scanExponent(
    _ bytes: UnsafeBufferPointer<UInt8>, from place: inout Int
  ) -> Bool {
    isInteger = false
    place += 1
    guard place < bytes.count else { return false }
    let isBelowOne = bytes[place] == UInt8(ascii: "-")
    if isBelowOne || bytes[place] == UInt8(ascii: "+") { place += 1 }
    let first = place
    var value = 0
    while place < bytes.count, let digit = Self.digit(bytes[place]) {
      // Far beyond any number; more digits would overflow.
      if value < 1 << 40 { value = value * 10 + Int(digit) }
      place += 1
    }
    exponent += isBelowOne ? -value : value
    return place > first
  }

  // MARK: As a value

  /// Powers of ten that a double holds exactly.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The nearest double where the significand is one itself; at most two units in the last place off otherwise. Nil for exponents
  /// beyond `powers`.
  @inline(__always)
  private var product: Double? {
    let size = exponent < 0 ? 0 &- exponent : exponent
    guard size < 23 else { return nil }
    return Self.powers.withUnsafeBufferPointer { powers in
      let value = Double(significand)
      return exponent < 0 ? value / powers[size] : value * powers[size]
    }
  }

  /// The nearest float, ties to even, as `strtof` has it; nil beyond the greatest.
  @inline(__always)
  var float: Float? {
    if significand == 0 { return isNegative ? -0.0 : 0 }
    if let product, product >= 0x1p-126, product < 0x1p127 {
      // Of a double's 52 bits 29 are rounded away. Two units of doubt matter only beside the middle between two floats.
      let distance = Int(product.bitPattern & 0x1FFF_FFFF) - 0x1000_0000
      if distance > 8 || distance < -8 { return Float(isNegative ? -product : product) }
    }
    return slowFloat
  }

  /// The nearest double, ties to even, as `strtod` has it; nil beyond the greatest.
  @inline(__always)
  var double: Double? {
    if significand == 0 { return isNegative ? -0.0 : 0 }
    if !isTruncated, significand <= 1 << 53, let product { return isNegative ? -product : product }
    return slowDouble
  }

  @inline(never)
  private var slowFloat: Float? {
    Float(String(decoding: text, as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
  }

  @inline(never)
  private var slowDouble: Double? {
    Double(String(decoding: text, as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The integer; nil where it has a fraction or an exponent, or is beyond the type.
  func integer<Value: FixedWidthInteger>(as type: Value.Type = Value.self) -> Value? {
    guard isInteger else { return nil }
    guard exponent == 0 else { return Value(String(decoding: text, as: UTF8.self)) }
    guard isNegative else { return Value(exactly: significand) }
    guard significand <= UInt64(Int64.max) else {
      return Value(String(decoding: text, as: UTF8.self))
    }
    return Value(exactly: -Int64(significand))
  }
}
