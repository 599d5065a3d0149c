import Foundation
import ServingTestSupport
import HTTP
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What clients may ask for, and what becomes of those that ask for more, or take their time.
@Suite struct LimitTests {
  private static let post = "POST / HTTP/1.1\r\nHost: a\r\n"
  private static let small = HTTPLimits { limits in
    limits.headBytes = 1000
    limits.headerCount = 5
    limits.targetBytes = 100
    limits.bodyBytes = 1000
    limits.chunkCount = 10
  }

  @Test func targets() throws {
    let most = "GET /\(String(repeating: "a", count: 99)) HTTP/1.1\r\nHost: a\r\n\r\n"
    let client = try TestServer(limits: Self.small).client()
    try client.send(most)
    #expect(try client.response().status == 200)
    try RefusalTests.expectRefusal(
      "GET /\(String(repeating: "a", count: 100)) HTTP/1.1\r\nHost: a\r\n\r\n", 414,
      limits: Self.small)
    // Refused before its end comes.
    try RefusalTests.expectRefusal(
      "GET /" + String(repeating: "a", count: 200), 414, limits: Self.small)
  }

  @Test func headers() throws {
    let fields = (0..<4).map { "X-\($0): y\r\n" }.joined()
    let client = try TestServer(limits: Self.small).client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    #expect(try client.response().status == 200)
    try RefusalTests.expectRefusal(
      "GET / HTTP/1.1\r\nHost: a\r\n\(fields)X: y\r\n\r\n", 431, limits: Self.small)
    let long = "X: " + String(repeating: "y", count: 1000)
    try RefusalTests.expectRefusal(
      "GET / HTTP/1.1\r\nHost: a\r\n\(long)\r\n\r\n", 431, limits: Self.small)
    try RefusalTests.expectRefusal("GET / HTTP/1.1\r\nHost: a\r\n\(long)", 431, limits: Self.small)
    // As many as they like to send, at the usual limits.
    try RefusalTests.expectRefusal(
      "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 20_000), 431)
  }

  @Test func headsAsLargeAsTheLimit() throws {
    let client = try TestServer().client()
    let value = String(repeating: "y", count: 30_000)
    for _ in 0..<3 {
      try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n")
      #expect(try client.response().status == 200)
    }
  }

  @Test func declaredBodies() throws {
    let client = try TestServer(limits: Self.small).client()
    try client.send(
      "\(Self.post)Content-Length: 1000\r\n\r\n" + String(repeating: "a", count: 1000))
    #expect(try client.response().status == 200)
    // Before a byte of it is sent, and instead of an interim answer that would ask for it.
    for expectation in ["", "Expect: 100-continue\r\n"] {
      try RefusalTests.expectRefusal(
        "\(Self.post)Content-Length: 1001\r\n\(expectation)\r\n", 413, limits: Self.small)
    }
  }

  @Test func chunkedBodies() throws {
    let head = "\(Self.post)Transfer-Encoding: chunked\r\n\r\n"
    func chunks(_ count: Int, of size: Int) -> String {
      let digits = String(size, radix: 16)
      return String(
        repeating: "\(digits)\r\n\(String(repeating: "a", count: size))\r\n", count: count)
    }
    let client = try TestServer(limits: Self.small).client()
    try client.send(head + chunks(4, of: 250) + "0\r\n\r\n")
    #expect(try client.response().status == 200)
    try RefusalTests.expectRefusal(head + chunks(5, of: 250), 413, limits: Self.small)
    try RefusalTests.expectRefusal(head + "3e9\r\n", 413, limits: Self.small)
    try RefusalTests.expectRefusal(head + "7fffffffffffffff\r\n", 413, limits: Self.small)
    try RefusalTests.expectRefusal(head + chunks(11, of: 1), 413, limits: Self.small)
    let extensions = "1;" + String(repeating: "a", count: 100_000)
    try RefusalTests.expectRefusal(head + extensions, 431, limits: Self.small)
    let trailers = "0\r\n" + String(repeating: "X: y\r\n", count: 20_000)
    try RefusalTests.expectRefusal(head + trailers, 431, limits: Self.small)
  }

  @Test func chunksOfAByte() throws {
    let client = try TestServer().client()
    let head = "\(Self.post)Transfer-Encoding: chunked\r\n\r\n"
    try client.send(head + String(repeating: "1\r\na\r\n", count: 65_536) + "0\r\n\r\n")
    #expect(try client.response().body.count == 65_536 + 7)
    try RefusalTests.expectRefusal(
      head + String(repeating: "1\r\na\r\n", count: 65_537) + "0\r\n\r\n", 413)
  }

  /// A client that sends on and on still finds its answer: the connection is not reset under it.
  @Test func theAnswerReachesAClientThatGoesOnSending() throws {
    let limits = HTTPLimits {
      $0.bodyBytes = 1000
      $0.lingerSeconds = 60
    }
    let client = try TestServer(limits: limits).client()
    try client.send("\(Self.post)Content-Length: 20000000\r\n\r\n")
    try client.send([UInt8](repeating: 0, count: 20_000_000))
    client.shutDownWriting()
    let response = try client.response()
    #expect(response.status == 413)
    #expect(response["Connection"] == "close")
    #expect(try client.isAtEnd())
  }

  @Test func bytesOfAllRequestsTogether() async throws {
    let limits = HTTPLimits {
      $0.bodyBytes = 1000
      $0.heldBytes = 1500
    }
    let waiting = Mailbox<HTTPExchange>()
    let server = try TestServer(limits: limits) { waiting.put($0) }
    let body = "Content-Length: 1000\r\n\r\n" + String(repeating: "a", count: 1000)
    let first = try server.client()
    try first.send(Self.post + body)
    var exchange: HTTPExchange? = try await waiting.take()
    #expect(server.server.statistics.heldBytes == 1000)
    // Declared, and chunk by chunk.
    for more in [
      body, "Transfer-Encoding: chunked\r\n\r\n1f5\r\n" + String(repeating: "a", count: 501),
    ] {
      let second = try server.client()
      try second.send(Self.post + more)
      let response = try second.response()
      #expect(response.status == 503)
      #expect(response["Retry-After"] == "1")
      #expect(response["Content-Type"] == "application/json")
      #expect(try second.isAtEnd())
    }
    // Small ones have room.
    let third = try server.client()
    try third.send("\(Self.post)Content-Length: 5\r\n\r\nhello")
    try await waiting.take().respond(.text("third"))
    #expect(try third.response().text == "third")
    // The bytes are held until the exchange goes, also after its answer.
    exchange?.respond(.text("first"))
    #expect(try first.response().text == "first")
    #expect(exchange?.body.count == 1000)
    exchange = nil
    try await eventually { server.server.statistics.heldBytes == 0 }
    try third.send(Self.post + body)
    try await waiting.take().respond(.text("again"))
    #expect(try third.response().text == "again")
  }

  @Test func connections() async throws {
    let limits = HTTPLimits { $0.connectionCount = 3 }
    let server = try TestServer(limits: limits)
    var clients: [RawClient] = []
    for _ in 0..<3 {
      let client = try server.client()
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().status == 200)
      clients.append(client)
    }
    // Told so without being asked.
    let fourth = try server.client()
    let response = try fourth.response()
    #expect(response.status == 503)
    #expect(response["Retry-After"] == "1")
    #expect(response["Content-Type"] == "application/json")
    #expect(response.text.hasPrefix("{\"error\": "))
    #expect(try fourth.isAtEnd())
    #expect(server.server.statistics.refusedConnections == 1)
    clients.removeAll()
    try await eventually { server.server.statistics.openConnections <= 1 }
    let next = try server.client()
    try next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try next.response().status == 200)
  }

  /// Beyond those that are told so, connections wait, and are served when there is room.
  @Test func moreConnectionsThanAreRefusedAtOnce() throws {
    let limits = HTTPLimits {
      $0.connectionCount = 1
      $0.lingerSeconds = 0.05
    }
    let server = try TestServer(limits: limits)
    let clients = try (0..<400).map { _ in try server.client() }
    let served = try clients.dropFirst().map { try $0.response().status }
    #expect(served.allSatisfy { $0 == 503 })
    try clients[0].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try clients[0].response().status == 200)
  }

  @Test(arguments: [
    "G", "GET / HTTP/1.1\r\nHost: a\r\n", "\(post)Content-Length: 5\r\n\r\nhell",
    "\(post)Transfer-Encoding: chunked\r\n\r\n",
    "\(post)Transfer-Encoding: chunked\r\n\r\n5\r\nhell",
  ])
  func requestsThatNeverEnd(text: String) throws {
    let limits = HTTPLimits {
      $0.headSeconds = 0.1
      $0.bodySeconds = 0.1
    }
    try RefusalTests.expectRefusal(text, 408, limits: limits)
  }

  /// A byte now and then does not renew the time.
  @Test func requestsThatTrickle() throws {
    let limits = HTTPLimits {
      $0.headSeconds = 0.2
      $0.bodySeconds = 0.2
    }
    for head in ["GET / HTTP/1.1\r\nX: ", "\(Self.post)Content-Length: 100000\r\n\r\n"] {
      let client = try TestServer(limits: limits).client()
      try client.send(head)
      // Until the connection is closed.
      while (try? client.send("a")) != nil { usleep(20_000) }
    }
  }

  @Test func connectionsWithoutARequestAreClosed() throws {
    let limits = HTTPLimits { $0.idleSeconds = 0.1 }
    let server = try TestServer(limits: limits)
    let silent = try server.client()
    #expect(try silent.readToEnd().isEmpty)
    // On a busy machine the limit may pass before the request is sent: then another connection is tried.
    while true {
      let used = try server.client()
      guard (try? used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) != nil,
        let response = try? used.response()
      else { continue }
      #expect(response.status == 200)
      #expect(try used.isAtEnd())
      break
    }
  }

  @Test func readersThatNeverReadAreLeft() async throws {
    let limits = HTTPLimits {
      $0.writeSeconds = 0.1
      $0.bytesPerSecond = 1_000_000_000
    }
    let server = try TestServer(limits: limits) {
      $0.respond(HTTPResponse(body: [HTTPBytes([UInt8](repeating: 1, count: 50_000_000))]))
    }
    let client = try server.client()
    client.shrinkReceiveBuffer()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try await eventually {
      let statistics = server.server.statistics
      return statistics.requests == 1 && statistics.openConnections == 0
    }
  }

  @Test func slowWorkHasNoLimitHere() async throws {
    let limits = HTTPLimits {
      $0.headSeconds = 0.05
      $0.bodySeconds = 0.05
      $0.writeSeconds = 0.05
    }
    let waiting = Mailbox<HTTPExchange>()
    let server = try TestServer(limits: limits) { waiting.put($0) }
    let client = try server.client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let exchange = try await waiting.take()
    try await Task.sleep(for: .milliseconds(300))
    #expect(!exchange.isDisconnected)
    exchange.respond(.text("late"))
    #expect(try client.response().text == "late")
  }

  /// Few threads, and as many connections as the machine lets this process open, up to five thousand.
  @Test func manyIdleConnections() async throws {
    let server = try TestServer(limits: HTTPLimits { $0.idleSeconds = 3600 })
    var limit = rlimit()
    getrlimit(noFileLimit, &limit)
    // Both ends are this process's; others of its tests need some too.
    let count = min(5000, (Int(limit.rlim_cur) - 1000) / 2)
    #expect(count > 0)
    var clients: [RawClient] = []
    for _ in 0..<count { clients.append(try server.client()) }
    for client in clients.shuffled().prefix(100) {
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().status == 200)
    }
    try await eventually { server.server.statistics.openConnections == count }
    #expect(server.server.statistics.acceptedConnections == count)
  }
}

#if canImport(Darwin)
  private let noFileLimit = RLIMIT_NOFILE
#else
  private let noFileLimit = Int32(RLIMIT_NOFILE.rawValue)
#endif

/// Waits until `condition` is so, which another thread brings about; fails the test where it is not for a minute.
func eventually(
  _ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  for _ in 0..<6000 {
    if condition() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  Issue.record("it never came", sourceLocation: sourceLocation)
}
