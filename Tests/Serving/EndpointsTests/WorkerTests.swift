import Endpoints
import Foundation
import HTTP
import Serving
import ServingTestSupport
import Synchronization
import Testing

/// Members on other servers, over HTTP.
@Suite struct WorkerTests {
  private static let token = "0123456789abcdef"

  /// A server of one member alone.
  private static func worker(
    _ member: Int, at port: UInt16 = 0, token: String? = nil
  ) throws -> RunningServer {
    try RunningServer(
      members: 1, first: member,
      { options, _ in
        options.http.address = .tcp(host: "127.0.0.1", port: port)
        if let token {
          var tokens = AccessTokens()
          try tokens.add([token], to: .inference, source: "test")
          options.tokens = { [tokens] in tokens }
        }
      })
  }

  private static func url(_ worker: RunningServer) -> String {
    "http://127.0.0.1:\(worker.server.port ?? 0)/v2/models/tiny"
  }

  /// A server whose members run at these URLs, by number.
  private static func router(
    _ urls: [(member: Int, url: String)], _ change: (inout WorkerOptions) -> Void = { _ in }
  ) throws -> RunningServer {
    var placement = Placement()
    for (member, url) in urls { try placement.add("member-\(member)=\(url)", models: ["tiny"]) }
    var workers = WorkerOptions(placement)
    workers.timeoutSeconds = 600
    change(&workers)
    return try RunningServer({ [workers] options, _ in options.workers = workers })
  }

  private static func ask(_ server: RunningServer, seed: UInt64) throws -> RawResponse {
    let (headers, body) = RunningServer.binaryRequest(2, seed: seed)
    return try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
  }

  @Test func answersAreThoseOfAllMembersHere() throws {
    let (one, two) = (try Self.worker(1), try Self.worker(2))
    let router = try Self.router([(1, Self.url(one)), (2, Self.url(two))])
    let local = try RunningServer()
    var largest = 0.0
    for seed in 0..<20 {
      let found = try Self.ask(router, seed: UInt64(seed))
      #expect(found.status == 200)
      let expected = try Self.ask(local, seed: UInt64(seed))
      for (one, other) in zip(
        try found.numbers("probabilities"), try expected.numbers("probabilities"))
      {
        largest = max(largest, abs(one - other))
      }
    }
    #expect(largest <= 1e-6)
    let metrics = try router.ask("GET", "/metrics").text
    let labels = #"model="tiny",member="member-1",worker="\#(Self.url(one))""#
    #expect(metrics.contains("consort_worker_state{\(labels),state=\"serving\"} 1\n"))
    #expect(metrics.contains("consort_worker_images_total{\(labels)} 40\n"))
    #expect(metrics.contains("consort_worker_duration_seconds_bucket{\(labels),le=\"+Inf\"} 20\n"))
  }

  @Test func tokensOpenWorkers() throws {
    let worker = try Self.worker(1, token: Self.token)
    let url = Self.url(worker)
    #expect {
      _ = try Self.router([(1, url)])
    } throws: {
      "\($0)".contains("it wants another token")
    }
    let router = try Self.router([(1, url)]) { $0.token = Self.token }
    #expect(try Self.ask(router, seed: 1).status == 200)
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", "name no input"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>", "is no metadata"),
    ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "status 404"),
    ("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", nil),
    ("SSH-2.0-OpenSSH_9.2p1\r\n", nil),
    ("", nil),
  ])
  func whatIsNoWorker(answer: String, message: String?) throws {
    let listener = try RawListener(answer: answer)
    let url = "http://127.0.0.1:\(listener.port)"
    if let message {
      #expect {
        _ = try Self.router([(1, url)])
      } throws: {
        "\($0)".contains(message)
      }
    } else {
      // It may be about to come: the server starts, and the member is lost until then.
      let router = try Self.router([(1, url)])
      #expect(try Self.isHonest(Self.ask(router, seed: 1)))
    }
  }

  /// Whether an answer says that a member is missing.
  private static func isHonest(_ response: RawResponse) throws -> Bool {
    guard response.status == 200 else { return response.status == 503 }
    let parameters = try response.object()["parameters"] as? [String: Any]
    return parameters?["degraded"] as? Bool == true
  }

  /// Every request has an answer, and none is another model's.
  @Test func aWorkerThatEndsAndComesBackUnderLoad() async throws {
    let states = Mutex<[WorkerState]>([])
    let worker = try Self.worker(1)
    let (url, port) = (Self.url(worker), try #require(worker.server.port))
    let router = try Self.router([(1, url)]) { options in
      // What the worker has when it ends may never be answered: it is lost when its time is over.
      options.timeoutSeconds = 20
      options.report = { change in states.withLock { $0.append(change.state) } }
    }
    let local = try RunningServer()
    let expected = try (0..<4).map {
      try Self.ask(local, seed: UInt64($0)).numbers("probabilities")
    }
    let isOver = Mutex(false)
    let counts = Mutex((right: 0, honest: 0, wrong: [String]()))
    let clients = (0..<3).map { number in
      let client = LoadClient {
        var seed = number
        while !isOver.withLock({ $0 }) {
          // Other tests run beside: a load without pause would take their processors for as long as they take.
          Thread.sleep(forTimeInterval: 0.05)
          seed = (seed + 1) % 4
          let answer: RawResponse
          do {
            answer = try Self.ask(router, seed: UInt64(seed))
          } catch {
            counts.withLock { $0.wrong.append("\(error)") }
            continue
          }
          let isHonest = (try? Self.isHonest(answer)) == true
          let values = answer.status == 200 ? (try? answer.numbers("probabilities")) ?? [] : []
          let isRight =
            values.count == 10 && zip(values, expected[seed]).allSatisfy { abs($0 - $1) <= 1e-6 }
          counts.withLock { counts in
            if isHonest {
              counts.honest += 1
            } else if isRight {
              counts.right += 1
            } else {
              counts.wrong.append("\(answer.status): \(answer.text)")
            }
          }
        }
      }
      client.start()
      return client
    }
    defer {
      isOver.withLock { $0 = true }
      for client in clients { client.wait() }
    }
    try await Self.wait { counts.withLock(\.right) > 20 }
    worker.server.stop(within: 0)
    try await Self.wait {
      counts.withLock(\.honest) > 20 && states.withLock { $0.last != .serving }
    }
    let next = try Self.worker(1, at: port)
    try await Self.wait { states.withLock { $0.last == .serving } }
    let before = counts.withLock(\.right)
    try await Self.wait { counts.withLock(\.right) > before + 20 }
    #expect(counts.withLock(\.wrong) == [])
    #expect(next.server.isReady)
  }

  private static func wait(_ isThere: () -> Bool) async throws {
    for _ in 0..<60_000 {
      if isThere() { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("it never came")
  }
}

/// A client on a thread of its own.
private final class LoadClient: Sendable {
  private let body: @Sendable () -> Void
  private let end = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func start() {
    Thread.detachNewThread { [self] in
      body()
      end.signal()
    }
  }

  func wait() { end.wait() }
}
