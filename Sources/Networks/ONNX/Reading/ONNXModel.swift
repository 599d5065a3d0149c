import Files

/// What an ONNX file says of its model, checked before any runtime sees it.
///
/// Checked are the wire format and versions; that every operation is one that models of images have, with the operands and
/// attributes of ONNX's schema and possible numbers in them, and reads what is there; that names are given once; and that
/// every tensor has as many numbers as its shape says, in the file itself or in one beside it. OpenVINO 2026.4.1 dies of a
/// convolution without weights, never ends with an unknown operator set, and recurses for ever in a circle of operations.
///
/// Source: onnx.proto3 of ONNX 1.23, whose field numbers these are.
public struct ONNXModel: Sendable {
  /// The name of the file, for errors.
  public let path: String
  /// The version of the file format.
  public let formatVersion: Int
  /// The version of ONNX's own operations.
  public let operatorSet: Int
  /// What the model reads, without its constants.
  public let inputs: [Port]
  /// What it gives.
  public let outputs: [Port]
  /// What it says of itself.
  public let metadata: [String: String]
  /// How often each operation comes.
  public let operationCounts: [String: Int]
  /// The floating-point numbers of its constants: weights, and statistics that are not folded into them.
  public let parameters: Int
  /// Whether some of its numbers lie in files beside it.
  public let hasExternalData: Bool

  /// An input or output.
  public struct Port: Hashable, Sendable {
    /// Unique in the model.
    public let name: String
    /// `TensorProto.DataType`: 1 is float32; nil for what is no tensor.
    public let elementType: Int?
    /// nil where the rank is not known.
    public let dimensions: [Dimension]?

    package init(name: String, elementType: Int?, dimensions: [Dimension]?) {
      self.name = name
      self.elementType = elementType
      self.dimensions = dimensions
    }
  }

  /// One dimension of a port.
  public enum Dimension: Hashable, Sendable {
    case fixed(Int)
    /// Of any size, with a name such as "batch", or an empty one.
    case symbolic(String)
  }

  /// More bytes than this are refused; no protocol buffer can be longer.
  static let largestByteCount = Int(Int32.max)

  /// Reads the model at `path`.
  ///
  /// - Throws: `ONNXError`, or `FileError` where it cannot be read.
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    try self.init(
      file, path: path, directory: path.contains("/") ? Self.directory(of: path) : ".")
  }

  /// Reads a model in memory; `path` names it in errors.
  ///
  /// - Throws: `ONNXError`.
  public init(bytes: [UInt8], path: String) throws {
    let graph = try bytes.withUnsafeBytes { bytes throws in
      try Self.parse(bytes, path: path, directory: nil)
    }
    self.init(graph, path: path)
  }

  /// Reads a model in memory, without a copy of it; `path` names it in errors.
  ///
  /// - Throws: `ONNXError`.
  package init(bytes: UnsafeRawBufferPointer, path: String) throws {
    self.init(try Self.parse(bytes, path: path, directory: nil), path: path)
  }

  private init(_ file: MappedFile, path: String, directory: String) throws {
    let model = try file.withBytes { try Self.parse($0, path: path, directory: directory) }
    self.init(model, path: path)
  }

  private static func directory(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return parts.joined(separator: "/") + (parts == [""] ? "/" : "")
  }

  private static func parse(
    _ bytes: UnsafeRawBufferPointer, path: String, directory: String?
  ) throws -> ModelParser {
    guard bytes.count <= largestByteCount else { throw ONNXError.tooLarge(path: path) }
    var parser = ModelParser(directory: directory)
    do {
      try parser.parse(ProtobufReader(bytes))
    } catch let failure as ProtobufReader.Failure {
      throw ONNXError.notAModel(path: path, offset: failure.offset, reason: failure.reason)
    } catch let failure as ModelParser.Failure {
      // A name in it may be as long as the file.
      let reason =
        failure.reason.count > 400 ? failure.reason.prefix(400) + "..." : failure.reason[...]
      throw ONNXError.invalidModel(path: path, reason: String(reason))
    }
    return parser
  }

  private init(_ parser: ModelParser, path: String) {
    self.path = path
    formatVersion = parser.formatVersion
    operatorSet = parser.operatorSets[""] ?? 0
    inputs = parser.inputs
    outputs = parser.outputs
    metadata = parser.metadata
    operationCounts = parser.operationCounts
    parameters = parser.parameters
    hasExternalData = parser.hasExternalData
  }
}
