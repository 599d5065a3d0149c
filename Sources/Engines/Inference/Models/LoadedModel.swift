import COpenVINO
import Datasets
import Files
import ONNX

/// A model that OpenVINO has read, before it is known to be a classifier of images.
struct LoadedModel {
  let source: String
  let graph: OpenVINOHandle<co_model>
  let metadata: [String: String]
  let inputs, outputs: [ModelPort]

  /// Whether some of its numbers lie in files beside it.
  let hasExternalData: Bool
  /// The SHA-256 of its file.
  let contentHash: String

  /// Reads the bytes of an ONNX file, after they are known to be such.
  ///
  /// - Throws: `ONNXError`, or `InferenceError`.
  init(bytes: UnsafeRawBufferPointer, source: String) throws {
    try self.init(
      ONNXModel(bytes: Array(bytes), path: source), contentHash: sha256(of: bytes)
    ) { core, result in
      co_model_read(core, bytes.baseAddress, bytes.count, result)
    }
  }

  /// Reads an ONNX file, and what lies beside it, after both are known to be such.
  ///
  /// - Throws: `ONNXError`, `InferenceError`, or `FileError` where the file cannot be read.
  init(path: String) throws {
    let hash = try MappedFile(path: path).withBytes { sha256(of: $0) }
    try self.init(ONNXModel(path: path), contentHash: hash) { core, result in
      path.withSystemPath { co_model_read_file(core, $0, result) }
    }
  }

  private init(
    _ description: ONNXModel, contentHash: String,
    read: (co_core, UnsafeMutablePointer<co_model>) -> co_status
  ) throws(InferenceError) {
    source = description.path
    self.contentHash = contentHash
    metadata = description.metadata
    hasExternalData = description.hasExternalData
    let core = try Engine.core()
    do throws(EngineFailure) {
      graph = try OpenVINOHandle { read(core.handle, $0) }
      inputs = try ModelPort.all(of: graph, CO_INPUT)
      outputs = try ModelPort.all(of: graph, CO_OUTPUT)
    } catch {
      throw InferenceError.unreadableModel(source: source, reason: error.reason)
    }
  }

  /// The largest number of pixels of a side, and of classes, that is believed.
  private static let largestSize = 1 << 14
  private static let largestClasses = 1 << 24

  /// The one input, which takes images.
  func imageInput(imageSize: Int?) throws(InferenceError) -> ImageModel.Input {
    guard let port = inputs.first, inputs.count == 1 else {
      throw .severalInputs(source: source, inputs: inputs.map(\.name))
    }
    let isNumeric = port.isFloating || port.type == CO_UINT8
    guard let sizes = port.dimensions, sizes.count == 4, isNumeric, let layout = layout(of: sizes)
    else {
      throw .notAnImage(source: source, input: port.name, found: port.found)
    }
    let pixels = layout == .channelsFirst ? sizes[2...3] : sizes[1...2]
    guard let height = pixels.first.flatMap({ $0 ?? imageSize }),
      let width = pixels.last.flatMap({ $0 ?? imageSize })
    else { throw .unknownImageSize(source: source, input: port.name) }
    let bounds = 1...Self.largestSize
    guard bounds.contains(height), bounds.contains(width), bounds.contains(sizes[0] ?? 1) else {
      throw .notAnImage(source: source, input: port.name, found: port.found)
    }
    return ImageModel.Input(
      layout: layout, channels: 3, height: height, width: width, fixedBatch: sizes[0],
      takesBytes: port.type == CO_UINT8, takesByteRange: takesByteRange)
  }

  /// The layout in which there are three channels.
  private func layout(of sizes: [Int?]) -> Preprocessing.Layout? {
    if sizes[1] == 3 { return .channelsFirst }
    return sizes[3] == 3 ? .channelsLast : nil
  }
}
