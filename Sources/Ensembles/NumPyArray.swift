import Files

/// An array in a file of NumPy's own format, mapped and checked: C order, little-endian, no Python objects.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NumPyArray: Sendable {
  /// The types of elements that are read.
  enum Element: String, Sendable {
    case float16 = "<f2"
    case float32 = "<f4"
    case float64 = "<f8"
    case int8 = "|i1"
    case uint8 = "|u1"
    case int16 = "<i2"
    case uint16 = "<u2"
    case int32 = "<i4"
    case uint32 = "<u4"
    case int64 = "<i8"

    var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .float16, .int16, .uint16: 2
      case .float32, .int32, .uint32: 4
      case .float64, .int64: 8
      }
    }
  }

  /// What errors call it: the file, and the array in it where it holds several.
  let source: String
  let element: Element
  let shape: [Int]
  private let file: MappedFile
  private let range: Range<Int>

  /// Reads the header of the array that fills `bytes` of `file`.
  init(_ file: MappedFile, bytes: Range<Int>, source: String) throws(EnsembleError) {
    let header = try Self.header(file, bytes: bytes, source: source)
    guard let element = Element(rawValue: header.descriptor) else {
      throw Self.refused(descriptor: header.descriptor, source: source)
    }
    guard !header.isFortranOrder || header.shape.count < 2 else {
      throw .invalidImport(
        source: source, reason: "holds its array column by column",
        mend: "save numpy.ascontiguousarray of it")
    }
    var byteCount = element.byteCount
    for dimension in header.shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw .invalidImport(
          source: source, reason: "has the impossible shape \(header.shape)",
          mend: "save the array again")
      }
      byteCount = product
    }
    guard byteCount == bytes.upperBound - header.end else {
      throw .invalidImport(
        source: source,
        reason: "has \(bytes.upperBound - header.end) bytes where its shape \(header.shape) "
          + "takes \(byteCount)",
        mend: "save the array again, whole")
    }
    self.source = source
    self.element = element
    self.shape = header.shape
    self.file = file
    range = header.end..<bytes.upperBound
  }

  /// The number of elements.
  var count: Int { range.count / element.byteCount }

  /// The elements from `places` as doubles; every type but int64 exactly.
  func doubles(_ places: Range<Int>) -> [Double] {
    switch element {
    case .float16: values(places) { Double(Float16(bitPattern: $0)) }
    case .float32: values(places) { (value: Float) in Double(value) }
    case .float64: values(places) { (value: Double) in value }
    default: integers(places).map(Double.init)
    }
  }

  /// The elements from `places`, of a type of whole numbers.
  func integers(_ places: Range<Int>) -> [Int64] {
    switch element {
    case .int8: values(places) { (value: Int8) in Int64(value) }
    case .uint8: values(places) { (value: UInt8) in Int64(value) }
    case .int16: values(places) { (value: Int16) in Int64(value) }
    case .uint16: values(places) { (value: UInt16) in Int64(value) }
    case .int32: values(places) { (value: Int32) in Int64(value) }
    case .uint32: values(places) { (value: UInt32) in Int64(value) }
    case .int64: values(places) { (value: Int64) in value }
    case .float16, .float32, .float64: []
    }
  }

  var isOfIntegers: Bool {
    switch element {
    case .float16, .float32, .float64: false
    default: true
    }
  }

  private func values<Stored: BitwiseCopyable, Value>(
    _ places: Range<Int>, _ convert: (Stored) -> Value
  ) -> [Value] {
    file.withBytes { bytes in
      places.map { place in
        convert(
          bytes.loadUnaligned(
            fromByteOffset: range.lowerBound + place * MemoryLayout<Stored>.size, as: Stored.self))
      }
    }
  }
}

// MARK: - The header

extension NumPyArray {
  private struct Header {
    var descriptor = ""
    var isFortranOrder = false
    var shape: [Int] = []
    /// Where the elements begin in the file.
    var end = 0
  }

  private static let longestHeader = 65_536

  private static func refused(descriptor: String, source: String) -> EnsembleError {
    if descriptor.contains("O") {
      return .invalidImport(
        source: source, reason: "holds pickled Python objects, which may run code and are not read",
        mend: "save plain arrays of numbers")
    }
    return .invalidImport(
      source: source, reason: "has elements of type '\(descriptor.prefix(40))'",
      mend: "save float32 scores or int64 labels, little-endian")
  }

  private static func header(
    _ file: MappedFile, bytes: Range<Int>, source: String
  ) throws(EnsembleError) -> Header {
    let broken = EnsembleError.invalidImport(
      source: source, reason: "is no NumPy array", mend: "save it with numpy.save")
    let found: (text: [UInt8], end: Int)? = file.withBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[bytes])
      guard bytes.count >= 10, bytes.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8))
      else { return nil }
      let isLong = bytes[6] >= 2
      let start = isLong ? 12 : 10
      guard bytes[6] <= 3, bytes.count >= start else { return nil }
      let length = (8..<start).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 8)) }
      guard length <= longestHeader, bytes.count - start >= length else { return nil }
      return (Array(bytes[start..<start + length]), start + length)
    }
    guard let found else { throw broken }
    var scanner = PythonLiteral(found.text)
    guard let entries = scanner.dictionary(), case .text(let descriptor)? = entries["descr"],
      case .truth(let isFortranOrder)? = entries["fortran_order"],
      case .tuple(let shape)? = entries["shape"]
    else {
      // A structured type is a list of fields.
      throw String(decoding: found.text, as: UTF8.self).contains("'|O'")
        ? refused(descriptor: "O", source: source) : broken
    }
    return Header(
      descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape,
      end: bytes.lowerBound + found.end)
  }
}

/// Reads the one literal in a header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
private struct PythonLiteral {
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
