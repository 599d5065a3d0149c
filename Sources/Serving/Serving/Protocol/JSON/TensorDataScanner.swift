/// Reads the `data` of a tensor: one flat list, or lists nested as its shape says.
struct TensorDataScanner {
  let role: TensorRole
  let name: String
  let type: ElementType
  let shape: TensorShape

  private func error(_ fault: TensorFault) -> ProtocolError { role.error(name, fault) }

  /// The values of the list that comes next, of any type but BYTES.
  func values(from scanner: inout JSONScanner) throws(ProtocolError) -> TensorBytes {
    switch type {
    case .bool: try readBooleans(&scanner)
    case .uint8: try readIntegers(&scanner, as: UInt8.self)
    case .uint16: try readIntegers(&scanner, as: UInt16.self)
    case .uint32: try readIntegers(&scanner, as: UInt32.self)
    case .uint64: try readIntegers(&scanner, as: UInt64.self)
    case .int8: try readIntegers(&scanner, as: Int8.self)
    case .int16: try readIntegers(&scanner, as: Int16.self)
    case .int32: try readIntegers(&scanner, as: Int32.self)
    case .int64: try readIntegers(&scanner, as: Int64.self)
    case .float32: try readNumbers(&scanner, as: Float.self) { $0.float }
    case .float64: try readNumbers(&scanner, as: Double.self) { $0.double }
    case .float16, .bfloat16, .bytes: throw error(.noJSONForm(type))
    }
  }

  /// The strings of the list that comes next.
  ///
  /// - Parameter isBase64: Whether each is base64, to be decoded.
  func elements(
    from scanner: inout JSONScanner, isBase64: Bool
  ) throws(ProtocolError) -> ByteElements {
    try checkRoom(in: scanner)
    var (joined, ends) = ([UInt8](), [Int]())
    ends.reserveCapacity(shape.elementCount)
    try all(&scanner) { (scanner, index) throws(ProtocolError) in
      guard scanner.next == UInt8(ascii: "\"") else {
        throw error(.notOfType(.bytes, index: index))
      }
      let start = joined.count
      try scanner.appendString(to: &joined)
      if isBase64 {
        guard let decoded = Base64.decoded(joined[start...]) else {
          throw error(.badBase64(index: index))
        }
        joined.replaceSubrange(start..., with: decoded)
      }
      ends.append(joined.count)
    }
    return ByteElements(joined: joined, ends: ends)
  }

  // MARK: Elements

  private func readBooleans(
    _ scanner: inout JSONScanner
  ) throws(ProtocolError) -> TensorBytes {
    try read(&scanner, as: UInt8.self) { (scanner, index) throws(ProtocolError) in
      guard scanner.next == UInt8(ascii: "t") || scanner.next == UInt8(ascii: "f") else {
        throw error(.notOfType(.bool, index: index))
      }
      return try scanner.boolean() ? 1 : 0
    }
  }

  private func readIntegers<Value: TensorElement & FixedWidthInteger>(
    _ scanner: inout JSONScanner, as value: Value.Type
  ) throws(ProtocolError) -> TensorBytes {
    try read(&scanner, as: value) { (scanner, index) throws(ProtocolError) in
      guard let number = scanner.numberIfAny(), number.isInteger else {
        throw error(.notOfType(type, index: index))
      }
      guard let value = number.integer(as: Value.self) else {
        throw error(.outOfRange(type, index: index))
      }
      return value
    }
  }

  @inline(__always)
  private func readNumbers<Value: TensorElement>(
    _ scanner: inout JSONScanner, as value: Value.Type, _ convert: (DecimalNumber) -> Value?
  ) throws(ProtocolError) -> TensorBytes {
    try read(&scanner, as: value) { (scanner, index) throws(ProtocolError) in
      guard let number = scanner.numberIfAny() else {
        throw error(.notOfType(type, index: index))
      }
      guard let value = convert(number) else { throw error(.outOfRange(type, index: index)) }
      return value
    }
  }

  @inline(__always)
  private func read<Value: TensorElement>(
    _ scanner: inout JSONScanner, as _: Value.Type,
    _ element: (inout JSONScanner, Int) throws(ProtocolError) -> Value
  ) throws(ProtocolError) -> TensorBytes {
    try checkRoom(in: scanner)
    let size = MemoryLayout<Value>.stride
    return try TensorBytes(count: shape.elementCount * size) { (target) throws(ProtocolError) in
      let values = target.bindMemory(to: Value.self)
      try all(&scanner) { (scanner, index) throws(ProtocolError) in
        values[index] = try element(&scanner, index)
      }
    }
  }

  /// Makes sure that the elements could be there at all before memory is taken for them: each is a byte, and one is after it.
  private func checkRoom(in scanner: JSONScanner) throws(ProtocolError) {
    guard shape.elementCount <= (scanner.bytes.count - scanner.index) / 2 else {
      throw error(.wrongElementCount(expected: shape.elementCount, found: nil))
    }
  }

  // MARK: Lists

  /// Calls `element` for each element of all lists, with its index.
  @inline(__always)
  private func all(
    _ scanner: inout JSONScanner,
    _ element: (inout JSONScanner, Int) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    var count = 0
    try list(&scanner, level: 0, count: &count, element)
    guard count == shape.elementCount else {
      throw error(.wrongElementCount(expected: shape.elementCount, found: count))
    }
  }

  /// Reads a list `level` lists deep: of lists, or of all elements that the shape has from that dimension on.
  private func list(
    _ scanner: inout JSONScanner, level: Int, count: inout Int,
    _ element: (inout JSONScanner, Int) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    guard scanner.take(UInt8(ascii: "[")) else { throw .wrongKind(key: "data", expected: "a list") }
    scanner.skipSpace()
    if scanner.next == UInt8(ascii: "[") {
      guard level + 1 < shape.dimensions.count else { throw error(.wrongNesting(shape)) }
      var lists = 0
      repeat {
        try list(&scanner, level: level + 1, count: &count, element)
        lists += 1
        scanner.skipSpace()
      } while scanner.take(UInt8(ascii: ","))
      guard lists == shape.dimensions[level] else { throw error(.wrongNesting(shape)) }
    } else {
      let first = count
      if scanner.next != UInt8(ascii: "]") { try row(&scanner, count: &count, element) }
      let expected = shape.dimensions.dropFirst(level).reduce(1, *)
      guard level == 0 || count - first == expected else { throw error(.wrongNesting(shape)) }
    }
    guard scanner.take(UInt8(ascii: "]")) else { throw scanner.fault("',' or ']' is missing") }
  }

  private func row(
    _ scanner: inout JSONScanner, count: inout Int,
    _ element: (inout JSONScanner, Int) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    repeat {
      scanner.skipSpace()
      guard count < shape.elementCount else {
        throw error(.wrongElementCount(expected: shape.elementCount, found: nil))
      }
      try element(&scanner, count)
      count += 1
    } while scanner.take(UInt8(ascii: ","))
  }
}

extension JSONScanner {
  /// The number that comes next, without space before it; nil where there is none.
  @inline(__always)
  fileprivate mutating func numberIfAny() -> DecimalNumber? {
    DecimalNumber(scanning: bytes, from: &index)
  }
}
