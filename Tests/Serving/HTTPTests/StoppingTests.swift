import Concurrency
import HTTP
import ServingTestSupport
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How a server ends.
@Suite struct StoppingTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test func drainingGoesOnAndAsksClientsToClose() throws {
    let server = try TestServer()
    let before = try server.client()
    try before.send(Self.get)
    #expect(try before.response()["Connection"] == nil)
    server.server.drain()
    try before.send(Self.get)
    #expect(try before.response()["Connection"] == "close")
    #expect(try before.isAtEnd())
    let after = try server.client()
    try after.send(Self.get)
    let response = try after.response()
    #expect(response.status == 200)
    #expect(response["Connection"] == "close")
  }

  @Test func afterListeningOpenConnectionsGoOn() async throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send(Self.get)
    #expect(try client.response().status == 200)
    server.server.stopListening()
    try await eventually { (try? server.client()) == nil }
    try client.send(Self.get)
    #expect(try client.response().status == 200)
  }

  @Test func stoppingWaitsForAnswers() async throws {
    let exchanges = Mailbox<HTTPExchange>()
    let server = try TestServer { exchanges.put($0) }
    let (idle, busy) = (try server.client(), try server.client())
    try busy.send(Self.get)
    let exchange = try await exchanges.take()
    // On a thread of its own: all of the tests' may be waiting.
    let ends = Mailbox<Bool>()
    try WorkerThread { ends.put(server.server.stop(within: 600)) }.detach()
    #expect(try idle.isAtEnd())
    exchange.respond(.text("last"))
    let response = try busy.response()
    #expect(response.text == "last")
    #expect(response["Connection"] == "close")
    #expect(try busy.isAtEnd())
    #expect(try await ends.take())
    #expect(server.server.statistics.openConnections == 0)
  }

  /// It would hold the connection open otherwise, and its client would wait for as long as it runs.
  @Test func aProgramThatIsStartedMeanwhileHoldsNoConnection() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send(Self.get)
    #expect(try client.response().status == 200)
    var child = pid_t()
    let path = "/bin/sleep"
    let status = path.withCString { path in
      "600".withCString { seconds in
        var arguments = [strdup(path), strdup(seconds), nil]
        defer { arguments.forEach { free($0) } }
        return posix_spawn(&child, path, nil, nil, &arguments, nil)
      }
    }
    try #require(status == 0)
    defer {
      kill(child, SIGKILL)
      waitpid(child, nil, 0)
    }
    server.server.stop(within: 0)
    #expect(try client.isAtEnd())
  }

  @Test func whatTakesTooLongIsGivenUp() async throws {
    let (exchanges, departures) = (Mailbox<HTTPExchange>(), Mailbox<Bool>())
    let server = try TestServer { exchange in
      exchange.onDisconnect { departures.put(true) }
      exchanges.put(exchange)
    }
    let client = try server.client()
    try client.send(Self.get)
    let exchange = try await exchanges.take()
    let isDone = await Task.detached { server.server.stop(within: 0.1) }.value
    #expect(!isDone)
    let response = try client.response()
    #expect(response.status == 503)
    #expect(response["Content-Type"] == "application/json")
    _ = try await departures.take()
    #expect(exchange.isDisconnected)
    // The exchange outlives its server.
    exchange.respond(.text("late"))
    #expect(server.server.stop(within: 1))
  }

  /// Handlers, exchanges and connections end in any order.
  @Test func aServerMayGoBeforeItsExchanges() async throws {
    let exchanges = Mailbox<HTTPExchange>()
    var client: RawClient?
    do {
      let server = try TestServer { exchanges.put($0) }
      client = try RawClient(port: server.port)
      try client?.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
      try await eventually { server.handled == 1 }
    }
    let exchange = try await exchanges.take()
    #expect(Array(exchange.body) == Array("hello".utf8))
    exchange.respond(.text("late"))
    _ = try? client?.readToEnd()
  }

  /// The thread that ends the server is one of its own, which cannot wait for itself.
  @Test func aServerMayBeLetGoByItsHandler() async throws {
    let holder = Holder()
    weak var captured: Counter?
    var port: UInt16?
    do {
      let counter = Counter()
      captured = counter
      let server = try HTTPServer(.init(address: .tcp(host: "127.0.0.1", port: 0))) { exchange in
        counter.add()
        holder.server.withLock { $0 = nil }
        exchange.respond(.text(""))
      }
      port = server.port
      holder.server.withLock { $0 = server }
    }
    let client = try RawClient(port: port)
    try client.send(Self.get)
    _ = try? client.readToEnd()
    // The handler goes when nothing can call it any more.
    try await eventually { captured == nil }
  }

  private final class Holder: Sendable {
    let server = Mutex<HTTPServer?>(nil)
  }
}
