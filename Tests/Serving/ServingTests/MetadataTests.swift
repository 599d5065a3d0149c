import Foundation
import Testing

@testable import Serving

/// The keys that clients read: tritonclient, KServe's client and perf_analyzer.
@Suite struct MetadataTests {
  private func json(_ value: some Encodable) throws -> String {
    String(decoding: try value.messageBody(), as: UTF8.self)
  }

  private let inputs = [
    TensorDescription(name: "x", type: .float32, shape: [-1, 3, 32, 32]),
    TensorDescription(name: "image", type: .bytes, shape: [-1], isOptional: true),
  ]
  private let outputs = [TensorDescription(name: "p", type: .float32, shape: [-1, 10])]

  @Test func server() throws {
    #expect(
      try json(ServerMetadata(name: "consort", version: "1.2"))
        == #"{"extensions":["binary_tensor_data","classification","model_configuration","parameters","schedule_policy","statistics"],"name":"consort","version":"1.2"}"#
    )
    #expect(
      ServerMetadata(name: "", version: "", hasRepository: true).extensions.contains(
        "model_repository"))
    #expect(try json(Readiness(ready: false)) == #"{"ready":false}"#)
    #expect(try json(Liveness(live: true)) == #"{"live":true}"#)
  }

  @Test func model() throws {
    let metadata = ModelMetadata(
      name: "m", versions: ["1"], platform: "consort_openvino", inputs: inputs, outputs: outputs)
    #expect(
      try json(metadata)
        == #"{"inputs":[{"datatype":"FP32","name":"x","shape":[-1,3,32,32]},{"datatype":"BYTES","name":"image","shape":[-1]}],"name":"m","outputs":[{"datatype":"FP32","name":"p","shape":[-1,10]}],"platform":"consort_openvino","versions":["1"]}"#
    )
  }

  @Test func configuration() throws {
    let configuration = ModelConfiguration(
      name: "m", platform: "consort_openvino", maxBatchSize: 8, inputs: inputs, outputs: outputs)
    #expect(
      try json(configuration)
        == #"{"backend":"consort_openvino","dynamic_batching":{"max_queue_delay_microseconds":0,"preferred_batch_size":[8]},"input":[{"data_type":"TYPE_FP32","dims":[3,32,32],"name":"x","optional":false},{"data_type":"TYPE_STRING","dims":[1],"name":"image","optional":true}],"max_batch_size":8,"model_transaction_policy":{"decoupled":false},"name":"m","output":[{"data_type":"TYPE_FP32","dims":[10],"name":"p"}],"platform":"consort_openvino","version_policy":{"latest":{"num_versions":1}}}"#
    )
  }

  @Test func statistics() throws {
    var model = ModelStatistics(name: "m", version: "1")
    model.lastInferenceMilliseconds = 5
    model.inferenceCount = 3
    model.executionCount = 2
    model.requests.success.add(nanoseconds: 7)
    model.requests.success.add(nanoseconds: 8)
    var batch = ModelStatistics.BatchDurations(batchSize: 2)
    batch.computeInfer.add(nanoseconds: 9)
    model.batches = [batch]
    let nothing = #"{"count":0,"ns":0}"#
    #expect(
      try json(StatisticsAnswer([model]))
        == #"{"model_stats":[{"batch_stats":[{"batch_size":2,"compute_infer":{"count":1,"ns":9},"compute_input":\#(nothing),"compute_output":\#(nothing)}],"execution_count":2,"inference_count":3,"inference_stats":{"cache_hit":\#(nothing),"cache_miss":\#(nothing),"compute_infer":\#(nothing),"compute_input":\#(nothing),"compute_output":\#(nothing),"fail":\#(nothing),"queue":\#(nothing),"success":{"count":2,"ns":15}},"last_inference":5,"memory_usage":[],"name":"m","response_stats":{},"version":"1"}]}"#
    )
  }

  @Test func repository() throws {
    let entries = [
      RepositoryEntry(name: "a", version: "1", state: .ready),
      RepositoryEntry(name: "b", version: "1", state: .unavailable, reason: "no file"),
    ]
    #expect(
      try json(entries)
        == #"[{"name":"a","reason":"","state":"READY","version":"1"},{"name":"b","reason":"no file","state":"UNAVAILABLE","version":"1"}]"#
    )
  }

  @Test func theIndexMayBeFiltered() throws {
    func onlyReady(_ body: String) throws -> Bool {
      try RepositoryIndexRequest(body: TensorBytes(copying: body.utf8)).onlyReady
    }
    #expect(try !onlyReady("") && !onlyReady("{}") && !onlyReady(#"{"ready":false,"x":[1]}"#))
    #expect(try onlyReady(#"{"ready":true}"#))
    for body in ["[]", #"{"ready":1}"#, "{", "{} {}"] {
      let error = #expect(throws: ProtocolError.self) { try onlyReady(body) }
      #expect(error?.status == 400)
    }
  }

  @Test func errorsAreJSON() throws {
    #expect(try json(ErrorBody(.unknownModel("a\"b/c"))) == #"{"error":"unknown model 'a\"b/c'"}"#)
    #expect(try json(ErrorBody(.unknownPath)) == #"{"error":"Not Found"}"#)
  }

  @Test func statusesAreThoseOfHTTP() {
    let statuses: [(ProtocolError, Int)] = [
      (.leftoverBytes(1), 400), (.unauthorized, 401), (.disabled("x"), 403), (.unknownPath, 404),
      (.unknownVersion(model: "m", version: "9"), 404), (.wrongMethod(allowed: ["GET"]), 405),
      (.bodyTooLarge(limit: 1), 413), (.unknownEncoding("br"), 415), (.internalFault("x"), 500),
      (.unsupported("x"), 501), (.notReady(model: "m"), 503),
      (.overloaded(retryAfterSeconds: 1), 503),
      (.membersLost(["a"]), 503), (.deadlineExceeded, 504),
    ]
    for (error, status) in statuses {
      #expect(error.status == status)
      #expect(!error.description.isEmpty)
    }
  }
}
