#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Triton's classification extension: in place of a tensor of scores, the classes with the highest ones as text.
enum Classification {
  /// A BYTES tensor `[rows, min(classCount, classes)]` of `value:index` or `value:index:label`, in each row the highest value first,
  /// and of equal values the lower index.
  ///
  /// Values have six decimals, integers none. A tensor of one dimension is one row, and gives one dimension.
  ///
  /// - Throws: `TensorFault.wrongType` where the elements are no numbers, `.wrongShape` where it has more than two dimensions.
  static func of(
    _ tensor: InferenceTensor, classCount: Int, labels: [String]
  ) throws(TensorFault) -> InferenceTensor {
    let scores = try Scores(tensor)
    let dimensions = tensor.shape.dimensions
    // Scores of several members, for instance, are no one list of classes.
    guard dimensions.count <= 2 else {
      throw .wrongShape(tensor.shape, expected: [-1, dimensions[dimensions.count - 1]])
    }
    let classes = dimensions.count > 1 ? tensor.shape.elementsPerRow : tensor.shape.elementCount
    let rows = classes == 0 ? 0 : tensor.shape.elementCount / classes
    let shown = min(classCount, classes)
    var texts: [String] = []
    for row in 0..<rows {
      let order = (0..<classes).sorted {
        scores.isHigher(row * classes + $0, than: row * classes + $1)
      }
      for index in order.prefix(shown) {
        let label = index < labels.count && !labels[index].isEmpty ? ":\(labels[index])" : ""
        texts.append("\(scores.text(row * classes + index)):\(index)\(label)")
      }
    }
    let shape = try TensorShape(dimensions.count > 1 ? [dimensions[0], shown] : [shown])
    return InferenceTensor(name: tensor.name, shape: shape, strings: texts)
  }
}

/// The values of a tensor, compared and written.
private enum Scores {
  case floats([Double])
  case signed([Int64])
  case unsigned([UInt64])

  init(_ tensor: InferenceTensor) throws(TensorFault) {
    switch tensor.type {
    case .float32: self = .floats((tensor.values(of: Float.self) ?? []).map(Double.init))
    case .float64: self = .floats(tensor.values() ?? [])
    case .int8: self = .signed((tensor.values(of: Int8.self) ?? []).map(Int64.init))
    case .int16: self = .signed((tensor.values(of: Int16.self) ?? []).map(Int64.init))
    case .int32: self = .signed((tensor.values(of: Int32.self) ?? []).map(Int64.init))
    case .int64: self = .signed(tensor.values() ?? [])
    case .uint8: self = .unsigned((tensor.values(of: UInt8.self) ?? []).map(UInt64.init))
    case .uint16: self = .unsigned((tensor.values(of: UInt16.self) ?? []).map(UInt64.init))
    case .uint32: self = .unsigned((tensor.values(of: UInt32.self) ?? []).map(UInt64.init))
    case .uint64: self = .unsigned(tensor.values() ?? [])
    case .bool, .float16, .bfloat16, .bytes:
      throw .wrongType(tensor.type, expected: [.float32, .float64, .int32, .int64])
    }
  }

  /// Whether the value at `first` comes before the one at `second`; NaN comes last.
  func isHigher(_ first: Int, than second: Int) -> Bool {
    switch self {
    case .floats(let values):
      let (left, right) = (values[first], values[second])
      if left.isNaN || right.isNaN { return right.isNaN && (!left.isNaN || first < second) }
      return left == right ? first < second : left > right
    case .signed(let values): return (values[first], second) > (values[second], first)
    case .unsigned(let values): return (values[first], second) > (values[second], first)
    }
  }

  func text(_ index: Int) -> String {
    switch self {
    case .floats(let values): Self.sixDecimals(values[index])
    case .signed(let values): "\(values[index])"
    case .unsigned(let values): "\(values[index])"
    }
  }

  /// As C's `%f` has it, which rounds the exact value.
  private static func sixDecimals(_ value: Double) -> String {
    // The greatest double has 309 digits before the point.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 320) { buffer in
      let count = withVaList([value]) {
        vsnprintf(buffer.baseAddress, buffer.count, "%.6f", $0)
      }
      return String(decoding: buffer.prefix(Int(count)).map(UInt8.init), as: UTF8.self)
    }
  }
}
