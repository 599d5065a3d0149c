import CTorch

/// The type of a tensor's elements.
public enum ElementType: Hashable, Sendable, CaseIterable {
  case uint8, int64, float32, float64, bool, bfloat16

  var code: ct_scalar_type {
    switch self {
    case .uint8: CT_UINT8
    case .int64: CT_INT64
    case .float32: CT_FLOAT32
    case .float64: CT_FLOAT64
    case .bool: CT_BOOL
    case .bfloat16: CT_BFLOAT16
    }
  }
}

/// How the elements of a `[N, C, H, W]` tensor lie in memory.
public enum MemoryFormat: Hashable, Sendable {
  /// Row-major, NCHW.
  case contiguous
  /// NHWC in memory; the shape still reads `[N, C, H, W]`.
  case channelsLast

  var code: ct_memory_format {
    switch self {
    case .contiguous: CT_CONTIGUOUS
    case .channelsLast: CT_CHANNELS_LAST
    }
  }
}

/// A Swift type whose values can be a tensor's elements.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The matching element type.
  static var elementType: ElementType { get }
}

extension UInt8: TensorElement {
  /// uint8.
  public static var elementType: ElementType { .uint8 }
}
extension Int64: TensorElement {
  /// int64.
  public static var elementType: ElementType { .int64 }
}
extension Float: TensorElement {
  /// float32.
  public static var elementType: ElementType { .float32 }
}
extension Double: TensorElement {
  /// float64.
  public static var elementType: ElementType { .float64 }
}
extension Bool: TensorElement {
  /// bool, one byte each.
  public static var elementType: ElementType { .bool }
}

/// A libtorch tensor: a reference to elements in memory, freed with the last reference.
///
/// Not Sendable: work on a tensor stays on one thread. What crosses to another is `sending`, or a value type.
public final class Tensor {
  let handle: ct_tensor

  /// Takes ownership of `handle`.
  init(owning handle: ct_tensor) {
    self.handle = handle
  }

  deinit { ct_tensor_free(handle) }

  /// Runs a C function that gives a tensor through its out-parameter.
  static func make(
    _ operation: StaticString, _ body: (inout ct_tensor) -> ct_status
  ) throws(TorchError) -> Tensor {
    var result = ct_tensor()
    try check(operation, body(&result))
    return Tensor(owning: result)
  }

  /// The sizes of the dimensions.
  public func shape() throws(TorchError) -> [Int] {
    var rank = 0
    try check("dim", ct_rank(handle, &rank))
    var sizes = [Int64](repeating: 0, count: rank)
    try check("sizes", ct_shape(handle, &sizes, rank))
    return sizes.map { Int($0) }
  }

  /// The type of the elements.
  ///
  /// - Throws: `TorchError` where it is none of `ElementType`.
  public func elementType() throws(TorchError) -> ElementType {
    var code = CT_FLOAT32
    try check("scalar_type", ct_scalar_type_of(handle, &code))
    guard let type = ElementType.allCases.first(where: { $0.code == code }) else {
      throw TorchError(
        code: .other, operation: "scalar_type", message: "unsupported element type \(code.rawValue)"
      )
    }
    return type
  }

  /// Whether the elements lie in memory as `format` has them.
  public func isContiguous(_ format: MemoryFormat = .contiguous) throws(TorchError) -> Bool {
    var result = false
    try check("is_contiguous", ct_is_contiguous(handle, format.code, &result))
    return result
  }
}
