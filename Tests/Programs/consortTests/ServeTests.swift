import Ensembles
import Foundation
import ServingTestSupport
import TestSupport
import Testing

/// `consort serve`, started, asked and ended.
@Suite struct ServeTests {
  /// A server of two members, which runs.
  private struct Running {
    let directory: TemporaryDirectory
    let process: RunningConsort
    let port: UInt16

    init(
      _ options: [String] = [], name: String = "pair", expectedService: ExpectedService? = nil
    ) throws {
      directory = try TemporaryDirectory()
      _ = try TinyEnsemble(
        at: "\(directory.path)/\(name)", members: 2, expectedService: expectedService)
      process = try RunningConsort(
        ["serve", name, "--port", "0", "--threads", "1"] + options,
        environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"], directory: directory.path)
      let isReady = process.wait { $0.output.contains("Try: curl") }
      let text = process.output
      #expect(isReady, "\(text)")
      let match = try #require(text.firstMatch(of: /at http:\/\/127\.0\.0\.1:(\d+)\n/))
      port = try #require(UInt16(match.output.1))
    }

    func ask(_ method: String, _ path: String, body: [UInt8] = []) throws -> RawResponse {
      let client = try RawClient(port: port)
      try client.send(
        Array(
          "\(method) \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
          + body)
      return try client.response()
    }
  }

  @Test func answersAsPredictDoes() throws {
    let server = try Running()
    let path = try server.directory.write(try image("photo-small.jpg"), to: "a.jpg")
    let answer = try server.ask("POST", "/v2/models/pair/infer", body: try image("photo-small.jpg"))
    #expect(answer.status == 200)
    let outputs = try #require(
      (JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])?["outputs"]
        as? [[String: Any]])
    let found = try #require(outputs[0]["data"] as? [Double])
    let said = try Consort(
      ["predict", "pair", path, "--csv", "-"],
      environment: ["XDG_CACHE_HOME": "\(server.directory.path)/cache"],
      directory: server.directory.path)
    let expected = try Self.probabilities(said.output)
    #expect(expected.count == 5)
    for (index, name) in ["a", "b", "c", "d", "e"].enumerated() {
      #expect(abs(found[index] - (expected[name] ?? -1)) < 1e-6)
    }
    server.process.send(SIGINT)
    let ended = try server.process.finish()
    #expect(ended.status == 0)
    #expect(ended.output.hasSuffix("Ended; all requests are answered.\n"))
  }

  /// The classes of the first image and their probabilities, of a table as CSV.
  private static func probabilities(_ text: String) throws -> [String: Double] {
    let lines = text.split(separator: "\n")
    let cells = try #require(lines.dropFirst().first).split(separator: ",")
    let pairs = stride(from: 1, to: cells.count - 1, by: 2).compactMap { place in
      Double(cells[place + 1]).map { (String(cells[place]), $0) }
    }
    return Dictionary(pairs) { first, _ in first }
  }

  @Test func goesOnAfterSIGTERMWhileOthersLearnOfIt() throws {
    let server = try Running(["--drain", "3600"])
    server.process.send(SIGTERM)
    #expect(server.process.wait { $0.output.contains("Not ready any more") })
    #expect(try server.ask("GET", "/v2/health/ready").status == 503)
    #expect(try server.ask("GET", "/v2/health/live").status == 200)
    let answer = try server.ask("POST", "/v2/models/pair/infer", body: try image("photo-small.jpg"))
    #expect(answer.status == 200)
    // A second signal ends it before the hour is over.
    server.process.send(SIGTERM)
    #expect(try server.process.finish().status == 0)
  }

  @Test func readsAnewAtSIGHUP() throws {
    let server = try Running()
    let body = try image("photo-small.jpg")
    let before = try server.ask("POST", "/v2/models/pair/infer", body: body).text
    let path = "\(server.directory.path)/pair"
    try FileManager.default.removeItem(atPath: path)
    _ = try TinyEnsemble(at: path, members: 2, seed: 5)
    server.process.send(SIGHUP)
    #expect(server.process.wait { $0.output.contains("Reloaded model 'pair'.") })
    let after = try server.ask("POST", "/v2/models/pair/infer", body: body).text
    #expect(before.split(separator: "outputs").last != after.split(separator: "outputs").last)
    try FileManager.default.removeItem(atPath: path)
    server.process.send(SIGHUP)
    #expect(server.process.wait { $0.output.contains("Reloaded tokens.\nReloaded tokens.") })
    let still = try server.ask("POST", "/v2/models/pair/infer", body: body)
    #expect(still.text.split(separator: "outputs").last == after.split(separator: "outputs").last)
    server.process.send(SIGINT)
    let ended = try server.process.finish()
    #expect(ended.status == 0)
    #expect(ended.errors.contains("model 'pair' was not reloaded, and serves as before: "))
  }

  @Test func saysWhenTrafficDoesNotLookLikeTheHoldOut() throws {
    // A hold-out of which no answer was as probable as the half.
    let server = try Running(
      expectedService: TinyEnsemble.expectedService(
        images: 1000,
        AnswerCounts(
          exits: nil, confidenceBounds: [0.5], confidences: [1000, 0], disagreements: 0)))
    let numbers = TinyEnsemble.images(300, seed: 1).map { "\($0)" }.joined(separator: ",")
    let body =
      #"{"inputs": [{"name": "images", "datatype": "FP32", "shape": [300, 3, 12, 12], "data": [\#(numbers)]}]}"#
    let answer = try server.ask("POST", "/v2/models/pair/infer", body: Array(body.utf8))
    #expect(answer.status == 200)
    #expect(
      server.process.wait {
        $0.errors.contains(
          "the traffic of 'pair' does not look like the images that it was measured on")
      })
    #expect(server.process.errors.contains("have a probability below 0.5, 100.0 % of the hold-out"))
  }

  @Test func listensAtAUnixSocket() throws {
    let directory = try TemporaryDirectory()
    _ = try TinyEnsemble(at: "\(directory.path)/pair", members: 1)
    let process = try RunningConsort(
      ["serve", "two=pair", "--unix-socket", "s", "--threads", "1"],
      environment: ["CONSORT_TOKEN": "0123456789abcdef"], directory: directory.path)
    #expect(process.wait { $0.output.contains("Try: curl") })
    #expect(
      process.output.contains(
        #"curl --unix-socket s -H "Authorization: Bearer $CONSORT_TOKEN" --data-binary "#
          + "@IMAGE.jpg http://localhost/v2/models/two/infer"))
    let client = try RawClient(path: "\(directory.path)/s")
    try client.send("GET /v2/models/two HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().status == 401)
    try client.send(
      "GET /v2/models/two HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n")
    #expect(try client.response().status == 200)
    process.send(SIGINT)
    #expect(try process.finish().status == 0)
    #expect(try directory.names() == ["pair"])
  }

  @Test(arguments: [
    (["serve"], "ENSEMBLE is missing"),
    (["serve", "x=pair", "x=pair"], "two models are called 'x'"),
    (["serve", "."], "'.' has no name: give NAME=DIR"),
    (["serve", "pair", "--port", "70000"], "--port is from 0 to 65535"),
    (
      ["serve", "pair", "--unix-socket", "s", "--port", "1"], "takes the place of --host and --port"
    ),
    (["serve", "pair", "--tls-key", "k"], "give both"),
    (["serve", "pair", "--queue", "0"], "--queue is at least 1"),
    (["serve", "pair", "--timeout", "0"], "--timeout is above 0"),
    (["serve", "pair", "--max-batch", "0"], "--max-batch is from 1"),
    (
      ["serve", "pair", "--when-lost", "guess"], "--when-lost is one of degrade, fail, not 'guess'"
    ),
    (["serve", "pair", "--max-body", "0"], "--max-body is from 1"),
    (["serve", "pair", "--drain", "-1"], "--drain is from 0"),
  ])
  func refusesArgumentsThatMakeNoSense(_ arguments: [String], _ reason: String) throws {
    let said = try Consort(arguments)
    #expect(said.status == 2)
    #expect(said.errors.contains(reason), "\(said.errors)")
  }

  @Test func saysWhatCannotBeServed() throws {
    let directory = try TemporaryDirectory()
    let missing = try Consort(
      ["serve", "nothing", "--port", "0"], directory: directory.path)
    #expect(missing.status == 1)
    #expect(missing.errors.contains("'nothing' is not an ensemble"))
    let server = try Running()
    let taken = try Consort(["serve", "pair", "--port", "\(server.port)"])
    #expect(taken.status == 1)
    #expect(taken.errors.contains("it is in use"))
  }
}
