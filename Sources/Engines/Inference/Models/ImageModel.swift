import COpenVINO
import Datasets
import Files

/// A classifier of images from an ONNX file, validated: one input of images, one output with an axis of classes.
public struct ImageModel: Sendable {
  /// The file's path, or what the caller calls it: how errors name it.
  public let source: String
  /// The images that it takes.
  public let input: Input
  /// The number of classes.
  public let classes: Int
  /// What its output is.
  public let outputKind: OutputKind
  /// What the file says about itself, by key.
  public let metadata: [String: String]
  /// What turns decoded images into its input, where the file says it, under the key "preprocessing".
  public let preprocessing: Preprocessing?
  /// The classes' names, in the order of the output, where the file says them, under the key "labels".
  public let labels: [String]?
  /// What the user said about its output, which goes with it into an ensemble.
  public let choice: OutputChoice
  /// What was inferred, for the user to see.
  public private(set) var notes: [Note]
  /// Whether some of its numbers lie in files beside its own.
  public let hasExternalData: Bool
  /// Whether it has 8-bit weights that use all 8 bits.
  let hasWideBytes: Bool
  let graph: OpenVINOHandle<co_model>
  package let output: Int
  /// The SHA-256 of its file.
  package let contentHash: String

  /// The images that a model takes.
  public struct Input: Hashable, Sendable {
    /// Whether channels come before or after the pixels.
    public let layout: Preprocessing.Layout
    /// Colour channels, and pixels in each direction.
    public let channels, height, width: Int
    /// The only number of images at a time; nil where any will do.
    public let fixedBatch: Int?
    /// Whether it takes pixels as the bytes that they are, 0...255.
    public let takesBytes: Bool
    /// Whether its first operations say that it takes pixels of 0...255.
    public let takesByteRange: Bool

    /// The numbers of one image.
    public var count: Int { channels * height * width }

    /// The shape of `batch` images, in the order of `layout`.
    package func shape(batch: Int) -> [Int] {
      layout == .channelsFirst
        ? [batch, channels, height, width] : [batch, height, width, channels]
    }
  }

  /// What a model's output is.
  public enum OutputKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Anything whose softmax is the distribution.
    case logits
    /// The distribution itself.
    case probabilities
    /// The distribution times 100.
    case percentages
    /// Its logarithms.
    case logProbabilities
  }

  /// What the user says about a model's output, where its file leaves it open.
  public struct OutputChoice: Hashable, Sendable {
    /// Its name; where nil, the only one that can hold classes.
    public var name: String?
    /// What it is; where nil, what the graph ends in, or else logits, which predicting checks.
    public var kind: OutputKind?

    /// Leaves to the file what is nil.
    public init(name: String? = nil, kind: OutputKind? = nil) {
      self.name = name
      self.kind = kind
    }
  }

  /// Reads the model in the ONNX file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - imageSize: Pixels of each side, where the model takes images of any size.
  ///   - choice: What the user says about its output.
  /// - Throws: `InferenceError`, `ONNXError`, or `FileError` where the file cannot be read.
  public init(
    path: String, imageSize: Int? = nil, choice: OutputChoice = OutputChoice()
  ) throws {
    try self.init(LoadedModel(path: path), imageSize: imageSize, choice)
  }

  /// Reads the model in the bytes of an ONNX file, which may go afterwards.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - source: How errors name it.
  ///   - imageSize: Pixels of each side, where the model takes images of any size.
  ///   - choice: What the user says about its output.
  /// - Throws: `InferenceError`, or `ONNXError`.
  public init(
    bytes: UnsafeRawBufferPointer, source: String, imageSize: Int? = nil,
    choice: OutputChoice = OutputChoice()
  ) throws {
    try self.init(LoadedModel(bytes: bytes, source: source), imageSize: imageSize, choice)
  }

  private init(_ loaded: LoadedModel, imageSize: Int?, _ choice: OutputChoice) throws {
    self.choice = choice
    source = loaded.source
    hasExternalData = loaded.hasExternalData
    graph = loaded.graph
    hasWideBytes = loaded.hasWideBytes
    contentHash = loaded.contentHash
    metadata = loaded.metadata
    input = try loaded.imageInput(imageSize: imageSize)
    output = try loaded.classOutput(for: input, named: choice.name)
    classes = try loaded.classes(output: output, for: input)
    let kind = try loaded.outputKind(
      output: output, for: input, classes: classes, said: choice.kind)
    outputKind = choice.kind ?? kind
    try loaded.checkConstants(output: output)
    let described = ModelMetadata(source: source, values: loaded.metadata)
    preprocessing = try described.preprocessing(for: input)
    labels = try described.labels(classes: classes)
    notes = loaded.notes(output: output, kind: kind, choice) + described.notes(labels: labels)
    notes += processorNotes
  }

  /// Whether `consort export` or `consort build-ensemble` wrote its network.
  package var isExport: Bool { metadata["multiply_accumulates"] != nil }

  /// The graph for batches of `batch` images, with float32 in and out.
  ///
  /// - Throws: `InferenceError.fixedBatchInside` where its own numbers fit another batch only.
  func specialized(batch: Int) throws(InferenceError) -> OpenVINOHandle<co_model> {
    do throws(EngineFailure) {
      let graph = try graph.specialized(output: output, shape: input.shape(batch: batch))
      let sizes = try ModelPort(of: graph, CO_OUTPUT, index: 0).dimensions
      if sizes?.first == batch, sizes?.dropFirst().first == classes { return graph }
    } catch {
      // Reading it has shown that it computes one image.
      guard batch > 1 else { throw .cannotCompile(source: source, reason: error.reason) }
    }
    throw .fixedBatchInside(source: source, batch: batch)
  }
}

extension OpenVINOHandle<co_model> {
  func specialized(output: Int, shape: [Int]) throws(EngineFailure) -> OpenVINOHandle<co_model> {
    let shape = shape.map(Int64.init)
    return try OpenVINOHandle { co_model_specialized(handle, output, shape, shape.count, $0) }
  }
}
