import Files
import Weights

/// Weights in any of the formats that are read.
package enum WeightsFile {
  /// What a caller may say of a file of PyTorch's.
  package struct Options: Sendable {
    /// Which of several sets of tensors; nil for the only one.
    package var key: String?
    /// Whether objects of unknown types are passed over.
    package var skipsObjects = false

    /// Nothing is said.
    package init(key: String? = nil, skipsObjects: Bool = false) {
      (self.key, self.skipsObjects) = (key, skipsObjects)
    }
  }

  /// Opens the file at `path`: a safetensors file, one of PyTorch's, or an index of several.
  ///
  /// What it is, its first bytes say, whatever it is called.
  ///
  /// - Throws: `WeightsError`, `CheckpointError` or `FileError`.
  package static func open(
    _ path: String, _ options: Options = Options()
  ) throws -> any WeightsSource {
    switch try MappedFile(path: path).withBytes({ CheckpointFormat($0) }) {
    case .zip, .pickle, .tar, .webPage, .pointer:
      return try Checkpoint(path: path, key: options.key, skipsObjects: options.skipsObjects)
    case .json: return try ShardedWeights(indexPath: path)
    case .other: break
    }
    guard options.key == nil else {
      throw CheckpointError.unsupported(
        path: path, reason: "is a safetensors file, which holds one set of weights",
        fix: "leave --weights-key out")
    }
    return try SafeTensors(path: path)
  }
}
