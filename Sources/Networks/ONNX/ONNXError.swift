import Networks

/// An ONNX model that cannot be written, read or trusted.
public enum ONNXError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The weights do not fit the network that is to be written.
  case weightsOfAnotherNetwork(path: String, ParameterMismatch)
  /// What would be written of the network is no usable model.
  case unusableExport(network: String, reason: String)
  /// The file is not ONNX, or is damaged.
  case notAModel(path: String, offset: Int, reason: String)
  /// The file is ONNX, but what it says makes no sense.
  case invalidModel(path: String, reason: String)
  /// An operation of a model means something else in the operator set that another model needs.
  case operatorSetsDiffer(
    path: String, operatorSet: Int, other: String, otherSet: Int, reason: String)
  /// The file is longer than any ONNX model.
  case tooLarge(path: String)

  /// One sentence naming the file, what is wrong and the fix.
  public var description: String {
    switch self {
    case .weightsOfAnotherNetwork(let path, let mismatch):
      "'\(path)' holds the weights of another network: \(mismatch); give those that belong to the network.json beside them"
    case .unusableExport(let network, let reason):
      "the network '\(network)' cannot be written as ONNX: \(reason)"
    case .notAModel(let path, let offset, let reason):
      "'\(path)' is not an ONNX model, or is damaged: at byte \(offset) it \(reason); export or copy it again"
    case .invalidModel(let path, let reason):
      "'\(path)' is not a usable ONNX model: \(reason); export it again, and see what `onnx.checker.check_model` says of it"
    case .operatorSetsDiffer(let path, let operatorSet, let other, let otherSet, let reason):
      "'\(path)' follows operator set \(operatorSet) and '\(other)' set \(otherSet), and one model has one set: "
        + "\(reason); export both with the same set, or convert the older with onnx.version_converter.convert_version"
    case .tooLarge(let path):
      "'\(path)' is longer than 2 GiB, which no ONNX model is: give the model's own file"
    }
  }
}
