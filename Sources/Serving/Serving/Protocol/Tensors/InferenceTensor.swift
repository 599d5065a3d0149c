/// A named tensor of a request or an answer.
package struct InferenceTensor: Sendable {
  /// What a tensor holds.
  package enum Content: Sendable {
    /// Elements one after the other, row-major, little-endian.
    case values(TensorBytes)
    /// Strings of bytes, for `ElementType.bytes` only.
    case elements(ByteElements)
  }

  /// Its name in the model.
  package let name: String
  /// What its elements are.
  package let type: ElementType
  /// Its dimensions.
  package let shape: TensorShape
  /// As many elements as the shape has.
  package let content: Content

  /// Puts together what has been checked.
  init(name: String, type: ElementType, shape: TensorShape, content: Content) {
    (self.name, self.type, self.shape, self.content) = (name, type, shape, content)
  }

  /// Makes a tensor of its binary form.
  ///
  /// - Throws: `TensorFault.wrongByteCount`, or for BYTES what `ByteElements` throws.
  package init(
    name: String, type: ElementType, shape: TensorShape, bytes: TensorBytes
  ) throws(TensorFault) {
    (self.name, self.type, self.shape) = (name, type, shape)
    guard let size = type.size else {
      content = .elements(try ByteElements(prefixed: bytes, count: shape.elementCount))
      return
    }
    let expected = try shape.byteCount(elementSize: size)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, found: bytes.count)
    }
    content = .values(bytes)
  }

  /// Makes a tensor of values.
  ///
  /// - Precondition: As many values as the shape has elements.
  package init<Element: TensorElement>(name: String, shape: TensorShape, values: [Element]) {
    precondition(values.count == shape.elementCount, "\(values.count) values for \(shape)")
    (self.name, self.shape, type) = (name, shape, Element.elementType)
    content = .values(TensorBytes(values: values))
  }

  /// Makes a BOOL tensor.
  ///
  /// - Precondition: As many flags as the shape has elements.
  package init(name: String, shape: TensorShape, flags: [Bool]) {
    precondition(flags.count == shape.elementCount, "\(flags.count) flags for \(shape)")
    let bytes = TensorBytes(values: flags.map { $0 ? 1 as UInt8 : 0 })
    self.init(name: name, type: .bool, shape: shape, content: .values(bytes))
  }

  /// Makes a BYTES tensor.
  ///
  /// - Precondition: As many elements as the shape has.
  package init(name: String, shape: TensorShape, elements: ByteElements) {
    precondition(elements.count == shape.elementCount, "\(elements.count) elements for \(shape)")
    (self.name, self.shape, type) = (name, shape, .bytes)
    content = .elements(elements)
  }

  /// Makes a BYTES tensor of texts, in UTF-8.
  ///
  /// - Precondition: As many texts as the shape has elements.
  package init(name: String, shape: TensorShape, strings: [String]) {
    self.init(name: name, shape: shape, elements: ByteElements(strings.map { Array($0.utf8) }))
  }

  /// The binary form: little-endian elements, or for BYTES each after its length.
  package var bytes: TensorBytes {
    switch content {
    case .values(let bytes): bytes
    case .elements(let elements): elements.prefixed
    }
  }

  /// The elements as an array; nil where the tensor is of another type.
  package func values<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element]? {
    guard case .values(let bytes) = content, Element.elementType == self.type else { return nil }
    return [Element](unsafeUninitializedCapacity: shape.elementCount) { target, count in
      bytes.withBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
      count = shape.elementCount
    }
  }

  /// The index of the first element that is NaN or infinite; nil where there is none, as in integers.
  package var firstNotFinite: Int? {
    switch type {
    case .float16: firstIndex(ofAllSet: 0x7C00 as UInt16)
    case .bfloat16: firstIndex(ofAllSet: 0x7F80 as UInt16)
    case .float32: firstIndex(ofAllSet: 0x7F80_0000 as UInt32)
    case .float64: firstIndex(ofAllSet: 0x7FF0_0000_0000_0000 as UInt64)
    default: nil
    }
  }

  /// The first element that has all bits of `mask`, as numbers that are not finite have all those of the exponent.
  private func firstIndex<Bits: FixedWidthInteger & BitwiseCopyable>(ofAllSet mask: Bits) -> Int? {
    guard case .values(let bytes) = content else { return nil }
    return bytes.withBytes { bytes in
      (0..<shape.elementCount).first { index in
        let bits = bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        return bits & mask == mask
      }
    }
  }

  /// The elements of a BYTES tensor; nil for another.
  package var elements: ByteElements? {
    guard case .elements(let elements) = content else { return nil }
    return elements
  }
}
