import CTorch

/// A libtorch operation that failed.
public struct TorchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it was.
  public enum Code: Hashable, Sendable {
    /// libtorch refused the arguments, or has no way to do what was asked.
    case libtorch
    /// Memory ran out, on the host or on the device.
    case outOfMemory
    /// Another process of a group ended, or is out of reach.
    case connectionLost
    /// Anything else.
    case other
  }

  /// What kind of failure it was.
  public let code: Code
  /// The operation, such as "conv2d".
  public let operation: String
  /// libtorch's message, with the shapes that it names.
  public let message: String

  /// The operation and libtorch's message; where memory is what lacks, what helps.
  public var description: String {
    // oneDNN says no more of a memory that it does not get.
    let signs = ["can't allocate memory", "could not create a primitive"]
    guard code == .outOfMemory || signs.contains(where: message.contains) else {
      return "\(operation): \(message)"
    }
    return
      "\(operation): memory does not suffice (\(message)): free some, raise the limit on it (`ulimit -v`), train "
      + "fewer members at once (--jobs), or lower recipe.batchSize"
  }
}

/// Throws where `status` is a failure. Must run on the thread of the failed call, before any other.
func check(_ operation: StaticString, _ status: ct_status) throws(TorchError) {
  let code: TorchError.Code
  switch status {
  case CT_OK: return
  case CT_OUT_OF_MEMORY: code = .outOfMemory
  case CT_CONNECTION_LOST: code = .connectionLost
  case CT_LIBTORCH_ERROR: code = .libtorch
  default: code = .other
  }
  throw TorchError(
    code: code, operation: "\(operation)", message: String(cString: ct_last_error()))
}
