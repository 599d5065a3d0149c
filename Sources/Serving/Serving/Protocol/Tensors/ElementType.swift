/// The type of a tensor's elements, by its name in the Open Inference Protocol.
package enum ElementType: String, Hashable, Sendable, CaseIterable, Codable {
  /// One byte, 0 or 1.
  case bool = "BOOL"
  /// Unsigned integers.
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  /// Signed integers.
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  /// IEEE 754 binary16, and the upper half of binary32.
  case float16 = "FP16"
  case bfloat16 = "BF16"
  /// IEEE 754 binary32 and binary64.
  case float32 = "FP32"
  case float64 = "FP64"
  /// Strings of bytes, each of its own length.
  case bytes = "BYTES"

  /// The bytes of one element; nil for `bytes`, whose elements differ.
  package var size: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .bytes: nil
    }
  }

  /// Whether elements can stand in JSON: the protocol has no numbers for the 16-bit floats there.
  package var hasJSONForm: Bool { self != .float16 && self != .bfloat16 }
}

/// A Swift type that holds elements of a tensor bit for bit.
package protocol TensorElement: BitwiseCopyable, Sendable {
  /// The protocol's name of it.
  static var elementType: ElementType { get }
}

extension UInt8: TensorElement { package static var elementType: ElementType { .uint8 } }
extension UInt16: TensorElement { package static var elementType: ElementType { .uint16 } }
extension UInt32: TensorElement { package static var elementType: ElementType { .uint32 } }
extension UInt64: TensorElement { package static var elementType: ElementType { .uint64 } }
extension Int8: TensorElement { package static var elementType: ElementType { .int8 } }
extension Int16: TensorElement { package static var elementType: ElementType { .int16 } }
extension Int32: TensorElement { package static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { package static var elementType: ElementType { .int64 } }
extension Float: TensorElement { package static var elementType: ElementType { .float32 } }
extension Double: TensorElement { package static var elementType: ElementType { .float64 } }
