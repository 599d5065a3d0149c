import Endpoints
import Ensembles
import Foundation
import HTTP
import Inference
import Serving
import ServingTestSupport
import TestSupport
import Testing

/// A server of a tiny ensemble, called `tiny`, on a port that the system chooses.
final class RunningServer: Sendable {
  let files: TemporaryDirectory
  let server: EnsembleServer
  let model: ServedModel

  init(
    members: Int = 3, combination: Combination = Combination(),
    expectedService: ExpectedService? = nil, seed: UInt64 = 1, first: Int = 0,
    overflowing: Int? = nil, loads: Bool = true,
    _ change: (inout EnsembleServerOptions, TemporaryDirectory) throws -> Void = { _, _ in },
    serving: (inout ServingOptions) -> Void = { _ in }
  ) throws {
    files = try TemporaryDirectory()
    model = ServedModel(name: "tiny", path: "\(files.path)/tiny")
    _ = try TinyEnsemble(
      at: model.path, members: members, combination: combination,
      expectedService: expectedService, seed: seed, first: first, overflowing: overflowing)
    var how = ServingOptions(inference: InferenceOptions(threads: 1, cacheDirectory: nil))
    how.maximumBatch = 4
    // Times that no test reaches, however busy the machine is.
    how.timeoutSeconds = nil
    serving(&how)
    var options = EnsembleServerOptions(
      http: HTTPConfiguration(address: .tcp(host: "127.0.0.1", port: 0)), serving: how,
      models: [model])
    (options.http.limits.headSeconds, options.http.limits.bodySeconds) = (600, 600)
    (options.http.limits.writeSeconds, options.http.limits.idleSeconds) = (600, 3600)
    try change(&options, files)
    server = try EnsembleServer(options)
    if loads { try server.load(model) }
  }

  /// A client of its own connection.
  func client() throws -> RawClient {
    let client = try RawClient(port: server.port)
    client.server = self
    return client
  }

  /// Sends a request and reads its answer.
  func ask(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8] = []
  ) throws -> RawResponse {
    let client = try client()
    try client.send(Self.request(method, path, headers, body: body))
    return try client.response(toHead: method == "HEAD")
  }

  /// Waits until the metrics have one of these lines.
  func wait(for lines: [String]) throws {
    for _ in 0..<100_000 {
      let text = try ask("GET", "/metrics").text
      if lines.contains(where: { text.contains("\n\($0)\n") }) { return }
    }
    Issue.record("none of \(lines) came")
  }

  static func request(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8] = []
  ) -> [UInt8] {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if !body.isEmpty || method == "POST" { head += "Content-Length: \(body.count)\r\n" }
    return Array((head + "\r\n").utf8) + body
  }

  /// A request of `count` images as binary data, and what its header says of the JSON before them.
  static func binaryRequest(
    _ count: Int, seed: UInt64 = 1, more: String = ""
  ) -> (headers: [String: String], body: [UInt8]) {
    binaryRequest(TinyEnsemble.images(count, seed: seed), more: more)
  }

  /// A request of these images.
  static func binaryRequest(
    _ images: [Float], more: String = ""
  ) -> (headers: [String: String], body: [UInt8]) {
    let count = images.count / TinyEnsemble.imageSize
    let json =
      #"{"inputs": [{"name": "images", "datatype": "FP32", "shape": [\#(count), 3, 12, 12], "#
      + #""parameters": {"binary_data_size": \#(images.count * 4)}}]\#(more)}"#
    let body = Array(json.utf8) + images.withUnsafeBytes { Array($0) }
    return (["Inference-Header-Content-Length": "\(json.utf8.count)"], body)
  }
}

extension RawResponse {
  /// The body as an object of JSON.
  func object() throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
  }

  /// What the body says went wrong.
  var error: String? { (try? object())?["error"] as? String }

  /// The values of an output in JSON.
  func numbers(_ output: String) throws -> [Double] {
    let outputs = try #require(object()["outputs"] as? [[String: Any]])
    let found = try #require(outputs.first { $0["name"] as? String == output })
    return try #require(found["data"] as? [Double])
  }
}
