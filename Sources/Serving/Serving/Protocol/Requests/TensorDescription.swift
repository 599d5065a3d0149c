/// A tensor that a model takes or gives, as its metadata say it.
package struct TensorDescription: Hashable, Sendable {
  /// Its name.
  package let name: String
  /// What its elements are.
  package let type: ElementType
  /// Its dimensions, the batch first; -1 for any length.
  package let shape: [Int]
  /// Whether requests may leave it out, as where another input can stand in its place.
  package let isOptional: Bool

  /// Describes a tensor.
  package init(name: String, type: ElementType, shape: [Int], isOptional: Bool = false) {
    (self.name, self.type, self.shape) = (name, type, shape)
    self.isOptional = isOptional
  }

  /// Whether the lengths agree, but for those that may be any.
  package func fits(_ other: TensorShape) -> Bool {
    shape.count == other.dimensions.count
      && zip(shape, other.dimensions).allSatisfy { $0 < 0 || $0 == $1 }
  }

  /// The tensor that a body alone stands for: for BYTES one element; else the dimension that may be any, or the batch if it alone is,
  /// follows from the number of bytes. Where the batch and another may be any, the batch is 1.
  ///
  /// - Throws: `ProtocolError.noRawRequest` or `.badInput`.
  func tensor(ofRaw body: TensorBytes) throws(ProtocolError) -> InferenceTensor {
    guard let size = type.size else { return try single(body) }
    var dimensions = shape
    if dimensions.count(where: { $0 < 0 }) > 1, dimensions[0] < 0 { dimensions[0] = 1 }
    if let open = dimensions.firstIndex(where: { $0 < 0 }) {
      dimensions[open] = 1
      guard !dimensions.contains(where: { $0 < 0 }) else {
        throw .noRawRequest(
          reason: "several dimensions of '\(name)' may have any length; send JSON before the data")
      }
      let unit = try bytes(of: dimensions, elementSize: size)
      guard unit > 0, body.count.isMultiple(of: unit) else {
        throw .noRawRequest(
          reason:
            "\(body.count) bytes are no multiple of the \(unit) that shape \(shape) of '\(name)' takes"
        )
      }
      dimensions[open] = body.count / unit
    }
    do throws(TensorFault) {
      return try InferenceTensor(
        name: name, type: type, shape: TensorShape(dimensions), bytes: body)
    } catch {
      throw .badInput(name: name, error)
    }
  }

  private func bytes(of dimensions: [Int], elementSize: Int) throws(ProtocolError) -> Int {
    do throws(TensorFault) {
      return try TensorShape(dimensions).byteCount(elementSize: elementSize)
    } catch {
      throw .badInput(name: name, error)
    }
  }

  private func single(_ body: TensorBytes) throws(ProtocolError) -> InferenceTensor {
    guard shape.allSatisfy({ $0 == 1 || $0 < 0 }) else {
      throw .noRawRequest(reason: "'\(name)' takes several elements; send JSON before the data")
    }
    do throws(TensorFault) {
      return InferenceTensor(
        name: name, shape: try TensorShape(shape.map { _ in 1 }),
        elements: ByteElements(single: body))
    } catch {
      throw .badInput(name: name, error)
    }
  }
}
