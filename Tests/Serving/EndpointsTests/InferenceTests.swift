import Compression
import Ensembles
import Foundation
import Serving
import ServingTestSupport
import TestSupport
import Testing

/// `POST /v2/models/NAME/infer` in all forms that clients send.
@Suite struct InferenceTests {
  private static let server = Result { try RunningServer() }
  private static let path = "/v2/models/tiny/infer"

  private func infer(
    _ headers: [String: String] = [:], _ body: [UInt8], path: String = path
  ) throws -> RawResponse {
    try Self.server.get().ask("POST", path, headers, body: body)
  }

  /// What the ensemble says of images, computed without any server.
  private static func expected(_ count: Int, seed: UInt64) throws -> [Float] {
    let directory = try TemporaryDirectory()
    let ensemble = try TinyEnsemble(at: "\(directory.path)/tiny")
    let said = try ensemble.logProbabilities(of: TinyEnsemble.images(count, seed: seed))
    return stride(from: 0, to: count * 5, by: 5).flatMap { row -> [Float] in
      let means = (0..<5).map { column in
        said.reduce(Float(0)) { $0 + $1[row + column] } / Float(said.count)
      }
      let sum = means.reduce(Float(0)) { $0 + exp($1) }
      return means.map { exp($0) / sum }
    }
  }

  @Test func answersBinaryTensorsInJSON() throws {
    let (headers, body) = RunningServer.binaryRequest(3)
    let answer = try infer(headers, body)
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "application/json")
    #expect(answer["Inference-Header-Content-Length"] == nil)
    let numbers = try answer.numbers("probabilities")
    let expected = try Self.expected(3, seed: 1)
    #expect(numbers.count == 15)
    for (number, right) in zip(numbers, expected) { #expect(abs(number - Double(right)) < 1e-6) }
    let id = try #require(try answer.object()["id"] as? String)
    #expect(!id.isEmpty)
  }

  @Test func answersInBinaryWhereThatIsAsked() throws {
    let (headers, body) = RunningServer.binaryRequest(
      2,
      more:
        #", "id": "mine", "outputs": [{"name": "probabilities", "parameters": {"binary_data": true}}, "#
        + #"{"name": "members_run"}]"#)
    let answer = try infer(headers, body)
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "application/octet-stream")
    let length = try #require(answer["Inference-Header-Content-Length"].flatMap { Int($0) })
    #expect(answer.body.count == length + 2 * 5 * 4)
    let head = String(decoding: answer.body[..<length], as: UTF8.self)
    #expect(head.contains(#""id":"mine""#))
    #expect(head.contains(#""binary_data_size":40"#))
    let values = answer.body[length...].withUnsafeBytes { bytes in
      (0..<10).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    for (value, right) in zip(values, try Self.expected(2, seed: 1)) {
      #expect(abs(value - right) < 1e-6)
    }
  }

  @Test func readsLargeBodiesOfJSON() throws {
    let images = TinyEnsemble.images(40, seed: 4)
    let json =
      #"{"inputs": [{"name": "images", "datatype": "FP32", "shape": [40, 3, 12, 12], "data": ["#
      + images.map { "\($0)" }.joined(separator: ",") + "]}]}"
    let answer = try infer([:], Array(json.utf8))
    #expect(answer.status == 200)
    let numbers = try answer.numbers("probabilities")
    for (number, right) in zip(numbers, try Self.expected(40, seed: 4)) {
      #expect(abs(number - Double(right)) < 1e-6)
    }
    #expect(numbers.count == 200)
  }

  @Test(arguments: [("gzip", Compression.Format.gzip), ("deflate", .zlib)])
  func readsAndWritesCompressed(_ name: String, _ format: Compression.Format) throws {
    let (headers, body) = RunningServer.binaryRequest(
      40, more: #", "parameters": {"binary_data_output": true}"#)
    let named = headers.merging(["X-Request-ID": "the same"]) { $1 }
    let plain = try infer(named, body)
    let packed = try body.withUnsafeBytes { try Compression.compress($0, format) }
    let answer = try infer(
      named.merging(["Content-Encoding": name, "Accept-Encoding": name]) { $1 }, packed)
    #expect(answer.status == 200)
    #expect(answer["Content-Encoding"] == name)
    #expect(answer["Vary"] == "Accept-Encoding")
    let unpacked = try answer.body.withUnsafeBytes {
      try Array(Compression.decompress($0, format, limit: 1 << 20))
    }
    let length = try #require(plain["Inference-Header-Content-Length"].flatMap { Int($0) })
    #expect(unpacked[length...] == plain.body[length...])
    #expect(answer["Inference-Header-Content-Length"] == "\(length)")
  }

  @Test func compressesNoErrorAndNothingElse() throws {
    let server = try Self.server.get()
    let wanted = ["Accept-Encoding": "gzip, deflate"]
    #expect(try server.ask("GET", "/v2/models/tiny", wanted)["Content-Encoding"] == nil)
    let error = try infer(wanted, Array("{".utf8))
    #expect(error.status == 400)
    #expect(error["Content-Encoding"] == nil)
  }

  @Test(arguments: [
    ["Content-Type": "image/jpeg"], ["Content-Type": "application/x-www-form-urlencoded"], [:],
  ])
  func takesAPhotograph(_ headers: [String: String]) throws {
    let file = try Data(
      contentsOf: URL(
        fileURLWithPath: fixture("photo-small.jpg", of: "Data/DatasetsTests")))
    let answer = try infer(headers, Array(file))
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "application/json")
    #expect(abs(try answer.numbers("probabilities").reduce(0, +) - 1) < 1e-5)
    let binary = try infer(
      headers.merging(["Accept": "application/octet-stream"]) { $1 }, Array(file))
    #expect(binary["Content-Type"] == "application/octet-stream")
    let raw = try infer(["Inference-Header-Content-Length": "0"], Array(file))
    #expect(raw.status == 200)
    #expect(raw["Inference-Header-Content-Length"] != nil)
  }

  @Test func takesATensorAlone() throws {
    let images = TinyEnsemble.images(2, seed: 1).withUnsafeBytes { Array($0) }
    let answer = try infer(["Inference-Header-Content-Length": "0"], images)
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "application/octet-stream")
    #expect(answer.text.contains(#""shape":[2,5]"#))
  }

  @Test(arguments: [
    ([:], "", 400, "the JSON is damaged"),
    ([:], "[1]", 400, "a request is an object"),
    ([:], #"{"inputs": []}"#, 400, "'inputs' is missing"),
    (["Content-Type": "image/png"], "no image", 400, "image 0"),
    (["Content-Type": "image/jpeg"], "/9j/4AAQSkZJRg==", 400, "content_type 'base64'"),
    (["Content-Encoding": "br"], "{}", 415, "unknown Content-Encoding 'br'"),
    (["Content-Encoding": "gzip"], "{}", 400, "the body is not gzip"),
    (
      ["Inference-Header-Content-Length": "-1"], "{}", 400,
      "Inference-Header-Content-Length is '-1'"
    ),
    (["Inference-Header-Content-Length": "3"], "{}", 400, "Inference-Header-Content-Length is '3'"),
    (["Inference-Header-Content-Length": "0"], "abc", 400, "the body alone cannot be the input"),
    (
      [:], #"{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}]}"#, 400,
      "input 'x'"
    ),
    (
      [:], #"{"inputs": [{"name": "images", "datatype": "FP32", "shape": [1], "data": [1]}]}"#, 400,
      "input 'images'"
    ),
    (
      [:],
      #"{"inputs": [{"name": "images", "datatype": "BYTES", "shape": [1], "data": ["a"], "#
        + #""parameters": {"shared_memory_region": "r"}}]}"#, 501, "shared memory"
    ),
  ])
  func refusesWithAReason(
    _ headers: [String: String], _ body: String, _ status: Int, _ reason: String
  ) throws {
    let answer = try infer(headers, Array(body.utf8))
    #expect(answer.status == status)
    #expect(answer["Content-Type"] == "application/json")
    #expect(answer.error?.contains(reason) == true, "\(answer.text)")
    #expect((answer["Accept-Encoding"] != nil) == (status == 415))
  }

  @Test func keepsTheNameOfTheRequest() throws {
    let (headers, body) = RunningServer.binaryRequest(1)
    let byHeader = try infer(headers.merging(["X-Request-ID": "from-proxy"]) { $1 }, body)
    #expect(try byHeader.object()["id"] as? String == "from-proxy")
    let (both, own) = RunningServer.binaryRequest(1, more: #", "id": "own""#)
    let byBody = try infer(both.merging(["X-Request-ID": "from-proxy"]) { $1 }, own)
    #expect(try byBody.object()["id"] as? String == "own")
  }

  @Test func answersRequestsOfOneConnectionInOrder() throws {
    let client = try Self.server.get().client()
    for number in 0..<5 {
      let (headers, body) = RunningServer.binaryRequest(
        1 + 7 * (number % 2), more: #", "id": "\#(number)""#)
      try client.send(RunningServer.request("POST", Self.path, headers, body: body))
    }
    for number in 0..<5 {
      let response = try client.response()
      #expect(
        try response.object()["id"] as? String == "\(number)", "\(response.status) \(response.text)"
      )
    }
  }
}
