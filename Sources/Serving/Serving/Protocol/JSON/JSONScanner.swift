/// Reads JSON from first to last byte, as RFC 8259 has it and nothing beyond.
///
/// The caller takes what it knows and skips the rest, so that no tree of values is built, and memory follows what is kept. Every
/// fault is an error: damaged UTF-8, a key that stands twice, nesting deeper than 100, more than 1,000 keys.
struct JSONScanner {
  /// As deep as Triton reads.
  static let deepestNesting = 100
  /// No object of the protocol has nearly as many; each is kept while its object is read.
  static let mostKeys = 1000

  /// All of the JSON.
  let bytes: UnsafeBufferPointer<UInt8>
  /// The next byte.
  var index = 0
  /// How many objects and lists are open.
  private(set) var depth = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes.bindMemory(to: UInt8.self) }

  /// What the next value is.
  enum Kind { case object, array, string, number, boolean, null }

  /// An error at a byte.
  func fault(_ problem: String, at place: Int? = nil) -> ProtocolError {
    .badJSON(problem: problem, offset: place ?? index)
  }

  /// The next byte; nil at the end.
  var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  /// Takes `byte` if it comes next, after space.
  mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    index += 1
    return true
  }

  /// Makes sure that nothing follows.
  mutating func end() throws(ProtocolError) {
    skipSpace()
    if index < bytes.count { throw fault("more follows after its end") }
  }

  /// What comes next.
  mutating func kind() throws(ProtocolError) -> Kind {
    skipSpace()
    guard let next else { throw fault("it ends too early") }
    switch next {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    default: throw fault("no value begins here")
    }
  }

  // MARK: Objects and lists

  /// Calls `member` for each key of the object that comes next, which must take the value or skip it.
  mutating func object(
    _ member: (inout JSONScanner, String) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    try open(UInt8(ascii: "{"))
    var keys: Set<String> = []
    if !take(UInt8(ascii: "}")) {
      repeat {
        skipSpace()
        let key = try string()
        guard keys.insert(key).inserted else { throw .repeatedKey(key) }
        guard keys.count <= Self.mostKeys else {
          throw fault("an object has more than \(Self.mostKeys) keys")
        }
        guard take(UInt8(ascii: ":")) else { throw fault("':' is missing after a key") }
        try member(&self, key)
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw fault("',' or '}' is missing") }
    }
    depth -= 1
  }

  /// Calls `element` for each element of the list that comes next, which must take it or skip it.
  mutating func array(
    _ element: (inout JSONScanner) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    try open(UInt8(ascii: "["))
    if !take(UInt8(ascii: "]")) {
      repeat { try element(&self) } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw fault("',' or ']' is missing") }
    }
    depth -= 1
  }

  private mutating func open(_ bracket: UInt8) throws(ProtocolError) {
    guard take(bracket) else { throw fault("'\(Character(UnicodeScalar(bracket)))' is missing") }
    depth += 1
    guard depth <= Self.deepestNesting else {
      throw fault("it is nested deeper than \(Self.deepestNesting)")
    }
  }

  /// Passes over the value that comes next, checking its form.
  mutating func skip() throws(ProtocolError) {
    switch try kind() {
    case .object: try object { (scanner, _) throws(ProtocolError) in try scanner.skip() }
    case .array: try array { (scanner) throws(ProtocolError) in try scanner.skip() }
    case .string: try skipString()
    case .number: _ = try number()
    case .boolean: _ = try boolean()
    case .null: try null()
    }
  }

  // MARK: Single values

  mutating func null() throws(ProtocolError) { try word("null") }

  mutating func boolean() throws(ProtocolError) -> Bool {
    let isTrue = next == UInt8(ascii: "t")
    try word(isTrue ? "true" : "false")
    return isTrue
  }

  private mutating func word(_ word: StaticString) throws(ProtocolError) {
    let start = index
    for offset in 0..<word.utf8CodeUnitCount {
      guard next == word.utf8Start[offset] else { throw fault("no value begins here", at: start) }
      index += 1
    }
  }

  /// The number that comes next, without space before it.
  mutating func number() throws(ProtocolError) -> DecimalNumber {
    guard let number = DecimalNumber(scanning: bytes, from: &index) else {
      throw fault("it is no number")
    }
    return number
  }
}
