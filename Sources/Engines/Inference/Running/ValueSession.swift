import COpenVINO
import Files

/// A model that gives inner values beside its output, and the memory that a batch goes into and they come out of.
///
/// A session stays on one thread at a time.
package final class ValueSession {
  /// The number of images at a time.
  package let batch: Int
  /// `[batch, C, H, W]` or `[batch, H, W, C]`, float32: the images, preprocessed. Write here before `run`.
  package let input: UnsafeMutableBufferPointer<Float>
  private let source: String
  private let outputs: [UnsafeMutableBufferPointer<Float>]
  /// By name: the place in `outputs`.
  private let places: [String: Int]
  private let request: OpenVINOHandle<co_request>

  /// The most memory that the values of one batch may take, in bytes.
  private static let largestBatch = 256 << 20

  /// Compiles the model in the bytes of an ONNX file, all of whose outputs are float.
  ///
  /// - Parameters:
  ///   - source: How errors name it.
  ///   - names: Of its outputs, in order.
  ///   - images: What the model takes.
  ///   - batch: Images at a time, where the model leaves it open: fewer, where their values would take too much memory.
  /// - Throws: `InferenceError`, or `ONNXError`.
  package init(
    bytes: [UInt8], source: String, names: [String], images: ImageModel.Input, batch: Int,
    threads: Int
  ) throws {
    let loaded = try bytes.withUnsafeBytes { try LoadedModel(bytes: $0, source: source) }
    self.source = source
    do throws(EngineFailure) {
      var batch = images.fixedBatch ?? batch
      var graph = try Self.graph(loaded, images, batch: batch)
      var sizes = try Self.sizes(of: graph)
      while images.fixedBatch == nil, batch > 1,
        sizes.reduce(0, +) * MemoryLayout<Float>.stride > Self.largestBatch
      {
        batch /= 2
        graph = try Self.graph(loaded, images, batch: batch)
        sizes = try Self.sizes(of: graph)
      }
      guard sizes.count == names.count else {
        throw EngineFailure(reason: "it has \(sizes.count) outputs and not \(names.count)")
      }
      self.batch = batch
      // A value may have several names in the engine: the order says which is which.
      places = Dictionary(
        names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      let (input, outputs) = (
        Self.allocate(batch * images.count), sizes.map { Self.allocate($0) }
      )
      (self.input, self.outputs) = (input, outputs)
      request = try Self.request(of: graph, threads: threads, input: input, outputs: outputs)
    } catch {
      throw InferenceError.cannotRun(source: source, reason: error.reason)
    }
  }

  deinit {
    for buffer in [input] + outputs { buffer.deallocate() }
  }

  private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    buffer.initialize(repeating: 0)
    return buffer
  }

  private static func graph(
    _ loaded: LoadedModel, _ images: ImageModel.Input, batch: Int
  ) throws(EngineFailure) -> OpenVINOHandle<co_model> {
    let shape = images.shape(batch: batch).map(Int64.init)
    return try OpenVINOHandle {
      co_model_with_all_outputs(loaded.graph.handle, shape, shape.count, $0)
    }
  }

  /// The numbers of each output.
  private static func sizes(
    of graph: OpenVINOHandle<co_model>
  ) throws(EngineFailure) -> [Int] {
    var sizes: [Int] = []
    for port in try ModelPort.all(of: graph, CO_OUTPUT) {
      let known = port.dimensions?.compactMap { $0 } ?? []
      guard let dimensions = port.dimensions, known.count == dimensions.count else {
        throw EngineFailure(reason: "the shape of '\(port.name)' depends on the images")
      }
      sizes.append(known.reduce(1, *))
    }
    return sizes
  }

  private static func request(
    of graph: OpenVINOHandle<co_model>, threads: Int,
    input: UnsafeMutableBufferPointer<Float>, outputs: [UnsafeMutableBufferPointer<Float>]
  ) throws(EngineFailure) -> OpenVINOHandle<co_request> {
    let core: OpenVINOHandle<co_core>
    do { core = try Engine.core() } catch { throw EngineFailure(reason: "\(error)") }
    let options = InferenceOptions(threads: threads, cacheDirectory: nil)
    let compiled = try Classifier.compile(graph, with: options.properties, core)
    let request = try OpenVINOHandle<co_request> { co_request_create(compiled.handle, $0) }
    try EngineFailure.check(
      co_request_bind(request.handle, CO_INPUT, 0, input.baseAddress, input.count))
    for (index, output) in outputs.enumerated() {
      try EngineFailure.check(
        co_request_bind(request.handle, CO_OUTPUT, index, output.baseAddress, output.count))
    }
    return request
  }

  /// Computes the batch in `input`.
  ///
  /// - Throws: `InferenceError.cannotRun`.
  package func run() throws(InferenceError) {
    do throws(EngineFailure) {
      try EngineFailure.check(co_request_run(request.handle))
    } catch {
      throw .cannotRun(source: source, reason: error.reason)
    }
  }

  /// What the value called `name` is for the last batch, row-major; valid until the next `run`. Nil where the model does not
  /// give it.
  package func values(of name: String) -> UnsafeBufferPointer<Float>? {
    places[name].map { UnsafeBufferPointer(outputs[$0]) }
  }
}
