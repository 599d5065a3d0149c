import CTorch

/// A libtorch operation that failed.
public struct TorchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it was.
  public enum Code: Hashable, Sendable {
    /// libtorch refused the arguments, or has no way to do what was asked.
    case libtorch
    /// Memory ran out, on the host or on the device.
    case outOfMemory
    /// Anything else.
    case other
  }

  /// What kind of failure it was.
  public let code: Code
  /// The operation, such as "conv2d".
  public let operation: String
  /// libtorch's message, with the shapes that it names.
  public let message: String

  /// The operation and libtorch's message.
  public var description: String { "\(operation): \(message)" }
}

/// Throws where `status` tells of a failure. Must run on the thread of the failed call, before any other.
func check(_ operation: StaticString, _ status: ct_status) throws(TorchError) {
  let code: TorchError.Code
  switch status {
  case CT_OK: return
  case CT_OUT_OF_MEMORY: code = .outOfMemory
  case CT_LIBTORCH_ERROR: code = .libtorch
  default: code = .other
  }
  throw TorchError(
    code: code, operation: "\(operation)", message: String(cString: ct_last_error()))
}
