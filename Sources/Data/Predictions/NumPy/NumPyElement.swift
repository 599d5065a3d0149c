/// The type of a NumPy array's elements.
struct NumPyElement: Hashable, Sendable {
  enum Kind: Character, Sendable {
    case float = "f"
    case signed = "i"
    case unsigned = "u"
    case truth = "b"
    /// UTF-32, filled up with zeros.
    case unicode = "U"
    /// Bytes, filled up with zeros.
    case bytes = "S"
  }

  let kind: Kind
  /// Bytes of one element.
  let size: Int
  let isBigEndian: Bool
  /// As NumPy writes it, such as "<f4".
  let descriptor: String

  /// - Parameter descriptor: Such as "<f4"; others than those that are read give nil.
  init?(descriptor: String) {
    let characters = Array(descriptor)
    guard characters.count >= 3, "<>|=".contains(characters[0]),
      let kind = Kind(rawValue: characters[1]),
      let number = Int(String(characters[2...])), number >= 1, number <= 1 << 20
    else { return nil }
    let sizes: [Kind: [Int]] = [
      .float: [2, 4, 8], .signed: [1, 2, 4, 8], .unsigned: [1, 2, 4, 8], .truth: [1],
    ]
    guard sizes[kind]?.contains(number) ?? true else { return nil }
    self.kind = kind
    size = kind == .unicode ? 4 * number : number
    isBigEndian = characters[0] == ">"
    self.descriptor = descriptor
  }

  /// Whether the elements are numbers, or truths, which are 0 and 1.
  var isNumber: Bool { kind != .unicode && kind != .bytes }
  /// Whether the elements are whole numbers or truths.
  var isWhole: Bool { isNumber && kind != .float }

  private func load<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ type: Stored.Type, _ bytes: UnsafeRawBufferPointer, _ offset: Int
  ) -> Stored {
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: type)
    return isBigEndian ? Stored(bigEndian: value) : Stored(littleEndian: value)
  }

  /// Calls `body` with each of the elements `places`, of numbers, which begin at the byte `start`.
  func forEach(
    in bytes: UnsafeRawBufferPointer, from start: Int, places: Range<Int>, _ body: (Double) -> Void
  ) {
    func each(_ value: (Int) -> Double) {
      for place in places { body(value(start + place * size)) }
    }
    switch (kind, size) {
    case (.float, 2): each { Double(Float16(bitPattern: load(UInt16.self, bytes, $0))) }
    case (.float, 4): each { Double(Float(bitPattern: load(UInt32.self, bytes, $0))) }
    case (.float, _): each { Double(bitPattern: load(UInt64.self, bytes, $0)) }
    case (.unsigned, 8): each { Double(load(UInt64.self, bytes, $0)) }
    default: each { Double(integer(in: bytes, at: $0)) }
    }
  }

  /// The whole number at a byte; of unsigned ones above the greatest Int64, that.
  func integer(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Int64 {
    switch (kind, size) {
    case (.truth, _): bytes[offset] == 0 ? 0 : 1
    case (.signed, 1): Int64(Int8(bitPattern: bytes[offset]))
    case (.signed, 2): Int64(load(Int16.self, bytes, offset))
    case (.signed, 4): Int64(load(Int32.self, bytes, offset))
    case (.signed, _): load(Int64.self, bytes, offset)
    case (.unsigned, 1): Int64(bytes[offset])
    case (.unsigned, 2): Int64(load(UInt16.self, bytes, offset))
    case (.unsigned, 4): Int64(load(UInt32.self, bytes, offset))
    case (.unsigned, _): Int64(clamping: load(UInt64.self, bytes, offset))
    case (.float, _), (.unicode, _), (.bytes, _): 0
    }
  }

  /// The text at a byte, without the zeros that fill it up; nil where it is none.
  func text(in bytes: UnsafeRawBufferPointer, at offset: Int) -> String? {
    if kind == .bytes {
      let content = bytes[offset..<offset + size]
      let end = content.lastIndex { $0 != 0 }.map { $0 + 1 } ?? offset
      return String(validating: content[offset..<end], as: UTF8.self)
    }
    var text = String.UnicodeScalarView()
    for place in stride(from: offset, to: offset + size, by: 4) {
      let value = load(UInt32.self, bytes, place)
      if value == 0 { break }
      guard let scalar = Unicode.Scalar(value) else { return nil }
      text.append(scalar)
    }
    return String(text)
  }
}
