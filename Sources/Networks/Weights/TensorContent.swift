/// One tensor to write: its name, type and shape, and what gives its bytes when they are needed.
public struct TensorContent {
  /// The tensor's name, unique in its file.
  public let name: String
  /// The type of the elements.
  public let dataType: TensorDataType
  /// The dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// Hands the bytes, row-major and little-endian, to its argument, in one piece or in several that follow one another.
  let forEachPiece: (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

  /// A tensor whose bytes are asked for only when they are written, so that few of them are in memory at once.
  ///
  /// - Parameters:
  ///   - name: The tensor's name, unique in its file.
  ///   - dataType: The type of the elements.
  ///   - shape: The dimensions, outermost first.
  ///   - forEachPiece: Hands the bytes, row-major and little-endian, to its argument, in one or more pieces in order.
  public init(
    name: String, dataType: TensorDataType, shape: [Int],
    forEachPiece: @escaping (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) {
    self.name = name
    self.dataType = dataType
    self.shape = shape
    self.forEachPiece = forEachPiece
  }

  /// A tensor of these bytes, row-major and little-endian.
  public init(name: String, dataType: TensorDataType, shape: [Int], bytes: [UInt8]) {
    self.init(name: name, dataType: dataType, shape: shape) { receive in
      try bytes.withUnsafeBytes(receive)
    }
  }

  /// A tensor of these bytes, row-major and little-endian, which must stay valid until it is written.
  public init(name: String, dataType: TensorDataType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    self.init(name: name, dataType: dataType, shape: shape) { receive in try receive(bytes) }
  }

  /// A float32 tensor of these elements, row-major.
  public init(name: String, shape: [Int], floats: [Float]) {
    self.init(name: name, dataType: .float32, shape: shape) { receive in
      try floats.withUnsafeBytes(receive)
    }
  }

  /// An int64 tensor of these elements, row-major.
  public init(name: String, shape: [Int], int64s: [Int64]) {
    self.init(name: name, dataType: .int64, shape: shape) { receive in
      try int64s.withUnsafeBytes(receive)
    }
  }
}
