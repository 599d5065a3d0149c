import Ensembles
import Inference
import ServingTestSupport
import Synchronization
import TestSupport

@testable import Serving

/// A tiny ensemble that is served, without HTTP.
struct ServedTinyEnsemble {
  let files: TemporaryDirectory
  let ensemble: TinyEnsemble
  let server: ModelServer
  private let pool: ComputePool
  private let loaded: LoadedEnsemble

  init(
    members: Int = 3, combination: Combination = Combination(), threads: Int = 2,
    _ change: (inout ServingOptions) -> Void = { _ in }
  ) throws {
    files = try TemporaryDirectory()
    let path = "\(files.path)/tiny"
    ensemble = try TinyEnsemble(at: path, members: members, combination: combination)
    var options = ServingOptions(
      inference: InferenceOptions(threads: threads, cacheDirectory: nil))
    options.maximumBatch = 4
    change(&options)
    server = try ModelServer(options: options)
    try server.load("tiny", from: path)
    pool = try ComputePool(threadCount: 1)
    loaded = try LoadedEnsemble(
      ensemble.directory, on: pool, options: options,
      record: ModelRecord(name: "tiny", version: "1", members: members))
  }

  /// A request that has not begun.
  func idleJob() throws -> InferenceJob {
    InferenceJob(
      .tensor(TensorBytes(values: TinyEnsemble.images(1, seed: 1))), count: 1,
      wishes: .init(stageLimit: loaded.members.count), of: loaded, on: pool
    ) { _ in }
  }

  /// The head of a request for `count` images as float32, which follow it.
  static func head(_ count: Int, outputs: [String] = [], parameters: String = "") -> String {
    let side = TinyEnsemble.side
    let wanted = outputs.map { #"{"name": "\#($0)"}"# }.joined(separator: ", ")
    let size = count * TinyEnsemble.imageSize * 4
    return
      #"{"id": "r", "parameters": {"binary_data_output": true\#(parameters.isEmpty ? "" : ", " + parameters)}, "#
      + #""inputs": [{"name": "images", "datatype": "FP32", "shape": [\#(count), 3, \#(side), \#(side)], "#
      + #""parameters": {"binary_data_size": \#(size)}}]"#
      + (outputs.isEmpty ? "" : #", "outputs": [\#(wanted)]"#) + "}"
  }

  /// A request for images as float32.
  static func request(
    _ images: [Float], outputs: [String] = [], parameters: String = ""
  ) throws -> InferenceRequest {
    let head = Array(
      head(images.count / TinyEnsemble.imageSize, outputs: outputs, parameters: parameters).utf8)
    let body = head + images.withUnsafeBytes { Array($0) }
    return try InferenceRequest(
      body: TensorBytes(copying: body), headerLength: head.count, defaultID: "none")
  }

  /// The answer to a request; waits for it.
  func answer(
    _ request: InferenceRequest, version: String? = nil
  ) async -> Result<InferenceAnswer, ProtocolError> {
    await withCheckedContinuation { continuation in
      _ = server.infer(request, model: "tiny", version: version) {
        continuation.resume(returning: $0)
      }
    }
  }

  /// The values of an output of the answer.
  func values<Element: TensorElement>(
    _ output: String, _ request: InferenceRequest, of type: Element.Type = Element.self
  ) async throws -> [Element] {
    let answer = try await answer(request).get()
    let found = answer.outputs.first { $0.tensor.name == output }
    return found?.tensor.values() ?? []
  }
}
