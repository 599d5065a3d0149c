import Compression
import Files

/// A checkpoint that cannot be read or trusted. Whatever is in the file, none of it was run.
package enum CheckpointError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// The system refused to read the file.
  case file(FileError)
  /// The file's pickle names a function or type that no weights need.
  case refusedName(path: String, name: String, canBeSkipped: Bool)
  /// The file's pickle does what no weights need.
  case refusedOpcode(path: String, opcode: String, offset: Int)
  /// The file takes more than is given to any.
  case tooLarge(path: String, reason: String)
  /// The file is not whole, or not what it says.
  case damaged(path: String, reason: String)
  /// The ZIP archive is not one that is read.
  case archive(path: String, ZipArchive.Failure)
  /// What is not read although it is no damage.
  case unsupported(path: String, reason: String, fix: String)
  /// There are no tensors with names.
  case noWeights(path: String)
  /// There are several sets of tensors.
  case severalSets(path: String, keys: [String])
  /// There is no set of tensors under the key that was named.
  case unknownKey(path: String, key: String, known: [String])
  /// Another name than that of a tensor.
  case missingTensor(path: String, tensor: String)
  /// A tensor that cannot be used.
  case unfitTensor(path: String, tensor: String, reason: String)

  /// That of the file's error, where it is one.
  package var exitStatus: ExitStatus {
    if case .file(let error) = self { error.exitStatus } else { .failed }
  }

  /// One sentence naming the file, what is wrong and the fix.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .refusedName(let path, let name, let canBeSkipped):
      Self.refusal(path, name, canBeSkipped: canBeSkipped)
    case .refusedOpcode(let path, let opcode, let offset):
      "'\(path)' uses the pickle operation \(opcode) at byte \(offset), which no weights need: it is refused, and nothing in it "
        + "was run; \(Self.saveStateDictionary)"
    case .tooLarge(let path, let reason):
      "'\(path)' is refused: \(reason), more than any checkpoint needs; \(Self.saveStateDictionary)"
    case .damaged(let path, let reason):
      "'\(path)' cannot be read: \(reason); copy or save the file again"
    case .archive(let path, let failure):
      "'\(path)' \(failure), and is refused; copy or save the file again with torch.save"
    case .unsupported(let path, let reason, let fix): "'\(path)' \(reason); \(fix)"
    case .noWeights(let path):
      "'\(path)' holds no tensors by name; \(Self.saveStateDictionary)"
    case .severalSets(let path, let keys):
      "'\(path)' holds several sets of weights (\(Self.listing(keys))); say which with --weights-key \(keys[0])"
    case .unknownKey(let path, let key, let known):
      "'\(path)' has no weights under '\(key)'"
        + (known.isEmpty
          ? "; give another file"
          : " (it has them under \(Self.listing(known))); name one of these with --weights-key")
    case .missingTensor(let path, let tensor):
      "'\(path)' has no tensor '\(tensor)'; give a file that has it"
    case .unfitTensor(let path, let tensor, let reason): "tensor '\(tensor)' in '\(path)' \(reason)"
    }
  }

  private static let saveStateDictionary =
    "save only the weights, with torch.save(model.state_dict(), PATH)"

  private static func refusal(_ path: String, _ name: String, canBeSkipped: Bool) -> String {
    let beginning =
      "'\(path)' names '\(name)', which no weights need: it is refused, and nothing in it was run; "
    if name.hasPrefix("torch.nn.") {
      return beginning + "it is a whole module, not its weights: \(saveStateDictionary)"
    }
    if name.hasPrefix("torch._utils.") || name.hasPrefix("torch._tensor.") {
      return beginning
        + "it is a kind of tensor that is not read: \(saveStateDictionary) of plain tensors"
    }
    return beginning
      + (canBeSkipped
        ? "where it only stands beside the weights, --skip-objects passes over it without making it; else \(saveStateDictionary)"
        : "trust no such file, or \(saveStateDictionary)")
  }

  /// The root, which has no name, is `.`.
  private static func listing(_ keys: [String]) -> String {
    let shown = keys.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
    return keys.count > 8 ? "\(shown) and \(keys.count - 8) more" : shown
  }
}
