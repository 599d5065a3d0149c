import ServingTestSupport
import HTTP
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Answers from other threads, clients that leave before theirs, and those that only seem to.
@Suite struct DisconnectTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// A server whose handler keeps requests, and says when their clients leave.
  private struct Waiting {
    let server: TestServer
    let exchanges = Mailbox<HTTPExchange>()
    let departures = Mailbox<Bool>()

    init(at address: HTTPAddress = .tcp(host: "127.0.0.1", port: 0)) throws {
      server = try TestServer(at: address) { [exchanges, departures] exchange in
        exchange.onDisconnect { departures.put(true) }
        exchanges.put(exchange)
      }
    }

    /// A client that has sent a request, and the request, which waits for its answer.
    func asked() async throws -> (RawClient, HTTPExchange) {
      let client = try server.client()
      try client.send(DisconnectTests.get)
      return (client, try await exchanges.take())
    }
  }

  @Test func anAnswerMayComeFromAnyThread() async throws {
    let waiting = try Waiting()
    let client = try waiting.server.client()
    for number in 0..<20 {
      try client.send(Self.get)
      let exchange = try await waiting.exchanges.take()
      await Task.detached { exchange.respond(.text("\(number)")) }.value
      #expect(try client.response().text == "\(number)")
      #expect(!exchange.isDisconnected)
    }
    #expect(waiting.departures.isEmpty)
  }

  @Test func onlyTheFirstAnswerCounts() async throws {
    let waiting = try Waiting()
    let (client, exchange) = try await waiting.asked()
    exchange.respond(.text("first"))
    exchange.respond(.text("second"))
    #expect(try client.response().text == "first")
    // Nor does it go to the next request.
    try client.send(Self.get)
    let next = try await waiting.exchanges.take()
    exchange.respond(.text("third"))
    next.respond(.text("next"))
    #expect(try client.response().text == "next")
  }

  @Test func ofManyThreadsOneAnswers() async throws {
    let waiting = try Waiting()
    let client = try waiting.server.client()
    for _ in 0..<20 {
      try client.send(Self.get)
      let exchange = try await waiting.exchanges.take()
      await withTaskGroup { group in
        for number in 0..<8 { group.addTask { exchange.respond(.text("\(number)")) } }
      }
      #expect(try client.response().text.count == 1)
    }
  }

  @Test func anExchangeThatGoesIsAnswered() async throws {
    let atOnce = try TestServer { _ in }
    let client = try atOnce.client()
    for _ in 0..<2 {
      try client.send(Self.get)
      let response = try client.response()
      #expect(response.status == 500)
      #expect(response["Content-Type"] == "application/json")
      #expect(response.text.hasPrefix("{\"error\": "))
    }
    let waiting = try Waiting()
    let other = try waiting.server.client()
    try other.send(Self.get)
    // It goes with the end of the statement.
    _ = try await waiting.exchanges.take().request
    #expect(try other.response().status == 500)
  }

  @Test func aResetIsNoticed() async throws {
    let waiting = try Waiting()
    let (client, exchange) = try await waiting.asked()
    #expect(!exchange.isDisconnected)
    client.reset()
    _ = try await waiting.departures.take()
    #expect(exchange.isDisconnected)
    // Nobody is there: it goes nowhere.
    exchange.respond(.text("late"))
    try await eventually { waiting.server.server.statistics.openConnections == 0 }
    #expect(waiting.server.server.statistics.disconnects == 1)
  }

  /// A closed connection looks like a half-closed one until something is sent into it.
  @Test func aCloseIsNoticed() async throws {
    let waiting = try Waiting()
    var client: RawClient? = try waiting.server.client()
    try client?.send(Self.get)
    let exchange = try await waiting.exchanges.take()
    client = nil
    _ = try await waiting.departures.take()
    #expect(exchange.isDisconnected)
  }

  @Test func aCloseIsNoticedAtAUnixSocket() async throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let waiting = try Waiting(at: .unix(path: path))
    var client: RawClient? = try RawClient(path: path)
    try client?.send(Self.get)
    let exchange = try await waiting.exchanges.take()
    #expect(exchange.request.peer == "unix")
    client = nil
    _ = try await waiting.departures.take()
    #expect(exchange.isDisconnected)
  }

  /// What was read ahead hides no reset.
  @Test func aResetIsNoticedBehindOtherRequests() async throws {
    let waiting = try Waiting()
    let client = try waiting.server.client()
    try client.send(String(repeating: Self.get, count: 1000))
    _ = try await keeping(waiting.exchanges.take()) { exchange in
      // The server reads as far as it has room, and then watches.
      try await Task.sleep(for: .milliseconds(50))
      client.reset()
      _ = try await waiting.departures.take()
      #expect(exchange.isDisconnected)
    }
    #expect(waiting.server.handled == 1)
  }

  private func keeping(
    _ exchange: HTTPExchange, _ body: (HTTPExchange) async throws -> Void
  ) async throws { try await body(exchange) }

  @Test func aHalfClosedClientGetsItsAnswer() async throws {
    let waiting = try Waiting()
    let (client, exchange) = try await waiting.asked()
    client.shutDownWriting()
    // The probe, which clients skip.
    #expect(try client.response().status == 100)
    #expect(!exchange.isDisconnected)
    exchange.respond(.text("here"))
    let response = try client.response()
    #expect(response.text == "here")
    #expect(response["Connection"] == "close")
    #expect(try client.isAtEnd())
    #expect(waiting.departures.isEmpty)
  }

  @Test func aHalfClosedClientThatLeavesLaterIsNoticed() async throws {
    let waiting = try Waiting()
    let (client, exchange) = try await waiting.asked()
    client.shutDownWriting()
    #expect(try client.response().status == 100)
    client.reset()
    _ = try await waiting.departures.take()
    #expect(exchange.isDisconnected)
  }

  @Test func aHalfClosedClientOfHTTP10GetsNoInterimAnswer() async throws {
    let waiting = try Waiting()
    let client = try waiting.server.client()
    try client.send("GET / HTTP/1.0\r\n\r\n")
    client.shutDownWriting()
    try await waiting.exchanges.take().respond(.text("here"))
    let bytes = try client.readToEnd()
    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(waiting.departures.isEmpty)
  }

  @Test func pipelinedRequestsOfAHalfClosedClientAreAnswered() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send((0..<3).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
    client.shutDownWriting()
    var texts: [String] = []
    while texts.count < 3 {
      let response = try client.response()
      if response.status != 100 { texts.append(response.text) }
    }
    #expect(texts == ["GET /0 ", "GET /1 ", "GET /2 "])
    #expect(try client.isAtEnd())
  }

  @Test func whoAsksLateIsToldAtOnce() async throws {
    let exchanges = Mailbox<HTTPExchange>()
    let server = try TestServer { exchanges.put($0) }
    let client = try server.client()
    try client.send(Self.get)
    let exchange = try await exchanges.take()
    client.reset()
    try await eventually { exchange.isDisconnected }
    let told = Counter()
    exchange.onDisconnect { told.add() }
    #expect(told.value == 1)
  }

  /// After the answer, or in the place of another, an action is let go and not called.
  @Test func actionsAreLetGo() async throws {
    let exchanges = Mailbox<HTTPExchange>()
    let server = try TestServer { exchanges.put($0) }
    let client = try server.client()
    try client.send(Self.get)
    let exchange = try await exchanges.take()
    weak var first: Counter?
    weak var second: Counter?
    do {
      let (one, other) = (Counter(), Counter())
      (first, second) = (one, other)
      exchange.onDisconnect { one.add() }
      exchange.onDisconnect { other.add() }
    }
    #expect(first == nil)
    #expect(second != nil)
    exchange.respond(.text(""))
    #expect(second == nil)
    #expect(try client.response().status == 200)
  }
}
