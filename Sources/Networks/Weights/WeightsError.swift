import Files

/// A safetensors file that cannot be read, trusted or written.
public enum WeightsError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// The system refused to read or write the file.
  case file(FileError)
  /// The file has fewer than the eight bytes of the header's length.
  case tooShort(path: String, byteCount: Int)
  /// The header is longer than any that is accepted.
  case headerTooLong(path: String, byteCount: UInt64, limit: Int)
  /// The header's length goes past the end of the file.
  case headerBeyondFile(path: String, headerByteCount: UInt64, fileByteCount: Int)
  /// The header is not the JSON of a safetensors file.
  case malformedHeader(path: String, offset: Int, expected: String)
  /// A name or a metadata key is given twice.
  case duplicateName(path: String, name: String)
  /// A tensor lacks its type, shape or place.
  case missingField(path: String, tensor: String, field: String)
  /// A tensor's type is not one of `TensorDataType`.
  case unknownDataType(path: String, tensor: String, dataType: String)
  /// A shape has a negative dimension, or more bytes than can be counted.
  case invalidShape(path: String, tensor: String, shape: [Int])
  /// A tensor's bytes end before they begin.
  case reversedRange(path: String, tensor: String, start: Int, end: Int)
  /// A tensor's bytes go past the end of the file.
  case rangeBeyondFile(path: String, tensor: String, end: Int, available: Int)
  /// A tensor's bytes are not as many as its shape and type say.
  case wrongByteCount(path: String, tensor: String, expected: Int, found: Int)
  /// Two tensors share bytes.
  case overlap(path: String, tensor: String, other: String)
  /// Bytes before a tensor belong to none.
  case hole(path: String, tensor: String, byteCount: Int)
  /// Bytes at the end of the file belong to no tensor.
  case uncoveredBytes(path: String, byteCount: Int)
  /// The file has no tensor of this name.
  case missingTensor(path: String, tensor: String)
  /// A tensor is not of the type that was asked for.
  case wrongDataType(
    path: String, tensor: String, expected: [TensorDataType], found: TensorDataType)
  /// The file has no checksum where one is asked for.
  case missingChecksum(path: String)
  /// The file is not what was written: a bit changed.
  case wrongChecksum(path: String)
  /// A tensor holds a number that no weight can be.
  case uselessNumber(path: String, tensor: String, reason: String)
  /// A name that the format keeps for itself was given to a tensor to write.
  case reservedName(path: String, name: String)

  /// That of the file's error, where it is one.
  public var exitStatus: ExitStatus {
    if case .file(let error) = self { error.exitStatus } else { .failed }
  }

  /// One sentence naming the file, the place and the fix.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .tooShort, .headerTooLong, .headerBeyondFile, .malformedHeader, .duplicateName:
      headerDescription
    case .missingField, .unknownDataType, .invalidShape, .reversedRange, .rangeBeyondFile:
      entryDescription
    case .wrongByteCount, .overlap, .hole, .uncoveredBytes: layoutDescription
    case .missingTensor, .wrongDataType, .uselessNumber, .reservedName, .missingChecksum,
      .wrongChecksum:
      useDescription
    }
  }

  private static let fetchAgain = "copy or write the file again"

  private var headerDescription: String {
    switch self {
    case .tooShort(let path, let count):
      "'\(path)' has \(count) bytes, fewer than the 8 that begin a safetensors file; "
        + Self.fetchAgain
    case .headerTooLong(let path, let count, let limit):
      "'\(path)' announces a header of \(count) bytes, more than the \(limit) allowed; "
        + "it is not a safetensors file or is damaged: \(Self.fetchAgain)"
    case .headerBeyondFile(let path, let header, let file):
      "'\(path)' announces a header of \(header) bytes but has only \(file) bytes in all; "
        + "it is cut short or not a safetensors file: \(Self.fetchAgain)"
    case .malformedHeader(let path, let offset, let expected):
      "the header of '\(path)' lacks \(expected) at its byte \(offset); \(Self.fetchAgain)"
    case .duplicateName(let path, let name):
      "'\(path)' gives the name '\(name)' twice; write it again with each name once"
    default: ""
    }
  }

  private var entryDescription: String {
    switch self {
    case .missingField(let path, let tensor, let field):
      "tensor '\(tensor)' in '\(path)' has no \"\(field)\"; \(Self.fetchAgain)"
    case .unknownDataType(let path, let tensor, let type):
      "tensor '\(tensor)' in '\(path)' has the unknown type '\(type)'; "
        + "write it as one of \(TensorDataType.allCases.map(\.rawValue).joined(separator: ", "))"
    case .invalidShape(let path, let tensor, let shape):
      "tensor '\(tensor)' in '\(path)' has the impossible shape \(shape); "
        + "write it again with the shape of its data"
    case .reversedRange(let path, let tensor, let start, let end):
      "tensor '\(tensor)' in '\(path)' ends at byte \(end), before it begins at \(start); "
        + Self.fetchAgain
    case .rangeBeyondFile(let path, let tensor, let end, let available):
      "tensor '\(tensor)' in '\(path)' ends at byte \(end) of the data, which has only "
        + "\(available); the file is cut short: \(Self.fetchAgain)"
    default: ""
    }
  }

  private var layoutDescription: String {
    switch self {
    case .wrongByteCount(let path, let tensor, let expected, let found):
      "tensor '\(tensor)' in '\(path)' has \(found) bytes where its shape and type need "
        + "\(expected); write it again with matching data"
    case .overlap(let path, let tensor, let other):
      "tensors '\(other)' and '\(tensor)' in '\(path)' share bytes; write each with its own"
    case .hole(let path, let tensor, let count):
      "\(count) bytes before tensor '\(tensor)' in '\(path)' belong to no tensor; "
        + "write the file again without gaps"
    case .uncoveredBytes(let path, let count):
      "the last \(count) bytes of '\(path)' belong to no tensor; \(Self.fetchAgain)"
    default: ""
    }
  }

  private var useDescription: String {
    switch self {
    case .missingTensor(let path, let tensor):
      "'\(path)' has no tensor '\(tensor)'; give a file that has it"
    case .wrongDataType(let path, let tensor, let expected, let found):
      "tensor '\(tensor)' in '\(path)' is of type \(found.rawValue); "
        + "write it as \(expected.map(\.rawValue).joined(separator: " or "))"
    case .uselessNumber(let path, let tensor, let reason):
      "tensor '\(tensor)' in '\(path)' \(reason), and no answer that comes of it is one; train or convert it again"
    case .reservedName(let path, let name):
      "'\(name)' cannot name a tensor in '\(path)', the format keeps it for itself; "
        + "choose another name"
    case .missingChecksum(let path):
      "'\(path)' has no checksum; give a file that was written with one"
    case .wrongChecksum(let path):
      "'\(path)' is damaged: its contents do not have the checksum that it was written with; \(Self.fetchAgain)"
    default: ""
    }
  }
}
