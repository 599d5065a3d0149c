/// The lengths of a tensor's dimensions, whose product is known to fit an `Int`.
package struct TensorShape: Hashable, Sendable, CustomStringConvertible {
  /// NumPy has no more dimensions either.
  package static let mostDimensions = 64

  /// Each 0 or more; none for a single element.
  package let dimensions: [Int]
  /// The product of the dimensions.
  package let elementCount: Int

  /// Checks the dimensions.
  ///
  /// - Throws: `TensorFault.negativeDimension`, `.tooManyDimensions` or `.tooManyElements`.
  package init(_ dimensions: [Int]) throws(TensorFault) {
    guard dimensions.count <= Self.mostDimensions else {
      throw .tooManyDimensions(limit: Self.mostDimensions)
    }
    var (count, isEmpty) = (1, false)
    for dimension in dimensions {
      guard dimension >= 0 else { throw .negativeDimension(dimension) }
      if dimension == 0 { isEmpty = true }
      // Without the zeros, so that the parts of the product fit as well as the whole.
      let product = count.multipliedReportingOverflow(by: max(dimension, 1))
      guard !product.overflow else { throw .tooManyElements }
      count = product.partialValue
    }
    self.dimensions = dimensions
    elementCount = isEmpty ? 0 : count
  }

  /// The length of the first dimension, along which requests are batched; 1 for a single element.
  package var rowCount: Int { dimensions.first ?? 1 }

  /// The elements of one row.
  package var elementsPerRow: Int { dimensions.dropFirst().reduce(1, *) }

  /// The bytes of so many elements.
  ///
  /// - Throws: `TensorFault.tooManyElements` where they do not fit an `Int`.
  package func byteCount(elementSize: Int) throws(TensorFault) -> Int {
    let bytes = elementCount.multipliedReportingOverflow(by: elementSize)
    guard !bytes.overflow else { throw .tooManyElements }
    return bytes.partialValue
  }

  /// Such as "[1, 3, 32, 32]".
  package var description: String { "\(dimensions)" }
}
