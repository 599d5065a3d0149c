import Ensembles
import Inference
import Predictions
import ServingTestSupport
import Synchronization
import TestSupport

@testable import Serving

/// A tiny ensemble that is served, without HTTP.
struct ServedTinyEnsemble {
  let files: TemporaryDirectory
  let ensemble: TinyEnsemble
  let server: ModelServer

  init(
    members: Int = 3, combination: Combination = Combination(),
    expectedService: ExpectedService? = nil, errorCosts: ErrorCosts? = nil, seed: UInt64 = 1,
    first: Int = 0, threads: Int = 2,
    _ change: (inout ServingOptions) throws -> Void = { _ in }
  ) throws {
    files = try TemporaryDirectory()
    let path = "\(files.path)/tiny"
    ensemble = try TinyEnsemble(
      at: path, members: members, combination: combination, expectedService: expectedService,
      errorCosts: errorCosts, seed: seed, first: first)
    var options = ServingOptions(
      inference: InferenceOptions(threads: threads, cacheDirectory: nil))
    options.maximumBatch = 4
    options.timeoutSeconds = nil
    try change(&options)
    server = try ModelServer(options: options)
    try server.load("tiny", from: path)
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

/// Requests that have not begun, of a tiny ensemble on a pool of its own, which ends with it.
final class IdleJobs: Sendable {
  let pool: ComputePool
  private let ensemble: LoadedEnsemble
  private let files: TemporaryDirectory

  init() throws {
    files = try TemporaryDirectory()
    var options = ServingOptions(inference: InferenceOptions(threads: 1, cacheDirectory: nil))
    options.maximumBatch = 1
    pool = try ComputePool(threadCount: 1)
    ensemble = try LoadedEnsemble(
      TinyEnsemble(at: "\(files.path)/tiny", members: 1).directory, on: pool, options: options,
      record: ModelRecord(name: "tiny", version: "1", members: ["member-0"]))
  }

  deinit { pool.stop() }

  func next(_ count: Int = 1, memberDeadline: ContinuousClock.Instant? = nil) -> InferenceJob {
    InferenceJob(
      .tensor(TensorBytes(values: TinyEnsemble.images(count, seed: 1))), count: count,
      wishes: .init(stageLimit: 1, memberDeadline: memberDeadline), of: ensemble, on: pool
    ) { _, _ in }
  }
}

extension Result {
  /// What went wrong, if anything.
  var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
