import Endpoints
import Foundation
import ServingTestSupport
import TestSupport
import Testing

/// Models loaded and unloaded while the server runs.
@Suite struct RepositoryTests {
  private func repositoryServer() throws -> RunningServer {
    try RunningServer(members: 1) { options, _ in options.allowsRepository = true }
  }

  private func probabilities(_ server: RunningServer) throws -> [Double] {
    let (headers, body) = RunningServer.binaryRequest(1)
    return try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
      .numbers("probabilities")
  }

  @Test func unloadsAndLoads() throws {
    let server = try repositoryServer()
    #expect(try server.ask("GET", "/v2").text.contains("model_repository"))
    let unloaded = try server.ask("POST", "/v2/repository/models/tiny/unload")
    #expect(unloaded.status == 200)
    #expect(unloaded.body.isEmpty)
    for (method, path) in [
      ("GET", "/v2/models/tiny/ready"), ("GET", "/v2/models/tiny"),
      ("POST", "/v2/models/tiny/infer"),
      ("GET", "/v2/health/ready"),
    ] {
      #expect(try server.ask(method, path).status == 503)
    }
    #expect(try server.ask("GET", "/v2/health/live").status == 200)
    #expect(
      try server.ask("POST", "/v2/repository/index").text
        == #"[{"name":"tiny","reason":"unloaded","state":"UNAVAILABLE","version":"1"}]"#)
    #expect(
      try server.ask("POST", "/v2/repository/index", body: Array(#"{"ready": true}"#.utf8)).text
        == "[]")
    #expect(
      try server.ask("POST", "/v2/repository/models/tiny/load", body: Array("{}".utf8)).status
        == 200)
    #expect(try server.ask("GET", "/v2/models/tiny/ready").status == 200)
    #expect(try server.ask("GET", "/v2/health/ready").status == 200)
  }

  @Test func loadsWhatTheDirectoryHoldsNow() throws {
    let server = try repositoryServer()
    let before = try probabilities(server)
    try FileManager.default.removeItem(atPath: server.model.path)
    // Without its directory the model goes on, and says why it is not loaded.
    let failed = try server.ask("POST", "/v2/repository/models/tiny/load")
    #expect(failed.status == 500)
    #expect(failed.error?.contains(server.model.path) == true)
    #expect(try probabilities(server) == before)
    #expect(try server.ask("POST", "/v2/repository/index").text.contains("READY"))
    _ = try TinyEnsemble(at: server.model.path, members: 1, seed: 2)
    #expect(try server.ask("POST", "/v2/repository/models/tiny/load").status == 200)
    #expect(try probabilities(server) != before)
  }

  @Test func knowsOnlyTheModelsThatItWasStartedWith() throws {
    let server = try repositoryServer()
    for action in ["load", "unload"] {
      let answer = try server.ask("POST", "/v2/repository/models/other/\(action)")
      #expect(answer.status == 404)
    }
    let configured = try server.ask(
      "POST", "/v2/repository/models/tiny/load",
      body: Array(#"{"parameters": {"config": "{}"}}"#.utf8))
    #expect(configured.status == 501)
    let damaged = try server.ask(
      "POST", "/v2/repository/models/tiny/load", body: Array("{".utf8))
    #expect(damaged.status == 400)
  }

  @Test func reloadsAllWithoutLosingARequest() throws {
    let server = try repositoryServer()
    let first = try probabilities(server)
    let (headers, body) = RunningServer.binaryRequest(1)
    let asking = AskingClient(server, headers, body)
    let reloads = (0..<3).flatMap { _ in server.server.reload() }
    let answers = try asking.finish()
    #expect(reloads.map(\.what).contains("model 'tiny'"))
    #expect(reloads.allSatisfy { $0.error == nil })
    #expect(!answers.isEmpty)
    #expect(answers.allSatisfy { $0 == first })
  }

  @Test func keepsTheOldModelWhereTheNewOneCannotBeLoaded() throws {
    let server = try repositoryServer()
    let before = try probabilities(server)
    try FileManager.default.removeItem(atPath: "\(server.model.path)/member-0.onnx")
    let failed = server.server.reload().filter { $0.error != nil }
    #expect(failed.map(\.what) == ["model 'tiny'"])
    #expect(try probabilities(server) == before)
    #expect(try server.ask("GET", "/v2/health/ready").status == 200)
  }
}

/// A client that asks again and again, on a thread of its own.
///
/// `@unchecked Sendable`: the outcome is written by the thread, and read once that has ended.
final class AskingClient: @unchecked Sendable {
  private var outcome: Result<[[Double]], any Error> = .success([])
  private let lock = NSLock()
  private var isOver = false
  private let done = DispatchSemaphore(value: 0)

  init(_ server: RunningServer, _ headers: [String: String], _ body: [UInt8]) {
    let thread = Thread { [self] in
      outcome = Result {
        var answers: [[Double]] = []
        let client = try server.client()
        repeat {
          try client.send(
            RunningServer.request("POST", "/v2/models/tiny/infer", headers, body: body))
          answers.append(try client.response().numbers("probabilities"))
        } while !lock.withLock { isOver }
        return answers
      }
      done.signal()
    }
    thread.start()
  }

  func finish() throws -> [[Double]] {
    lock.withLock { isOver = true }
    done.wait()
    return try outcome.get()
  }
}
