import CHTTPClient
import HTTP
import HTTPClient
import ServingTestSupport
import Synchronization
import Testing

/// The library counts what is alive in the whole process: one at a time.
@Suite(.serialized) struct HTTPClientTests {
  private let client: HTTPClient

  init() throws { client = try HTTPClient() }

  /// A server that says what it was asked.
  private func echo() throws -> HTTPServer {
    try server { exchange in
      let headers = exchange.request.headers
      let body = String(decoding: exchange.body, as: UTF8.self)
      var response = HTTPResponse(
        status: 207, contentType: "text/plain",
        HTTPBytes(
          "\(exchange.request.method) \(exchange.request.target) \(headers["X-Test"] ?? "-") "
            + "\(headers["Expect"] ?? "-") \(headers["Content-Length"] ?? "-") \(body)"))
      response.headers.append("X-Answer", " of it ")
      exchange.respond(response)
    }
  }

  private func server(
    _ handler: @escaping @Sendable (HTTPExchange) -> Void
  ) throws -> HTTPServer {
    try HTTPServer(
      HTTPConfiguration(address: .tcp(host: "127.0.0.1", port: 0)), handler: handler)
  }

  private func request(_ server: HTTPServer, _ path: String = "/") -> HTTPClientRequest {
    request("http://127.0.0.1:\(server.port ?? 0)\(path)")
  }

  private func request(_ url: String) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url)
    // No test reaches it, however busy the machine is.
    (request.timeoutSeconds, request.connectSeconds) = (600, 600)
    return request
  }

  private func outcome(_ request: HTTPClientRequest) async -> HTTPClient.Outcome {
    await withCheckedContinuation { continuation in
      client.send(request) { continuation.resume(returning: $0) }
    }
  }

  private func error(_ request: HTTPClientRequest) async -> HTTPClientError? {
    if case .failure(let error) = await outcome(request) { error } else { nil }
  }

  @Test func asksAndReads() async throws {
    let server = try echo()
    var request = request(server, "/a%20b?c=d")
    request.headers = [HTTPClientHeader("X-Test", "yes")]
    let response = try await outcome(request).get()
    #expect(response.status == 207)
    #expect(response["x-answer"] == "of it")
    #expect(response["none"] == nil)
    #expect(String(decoding: response.body, as: UTF8.self) == "GET /a%20b?c=d yes - - ")
  }

  @Test func postsAllPartsInOrder() async throws {
    let server = try echo()
    var request = request(server)
    request.isPost = true
    request.body = [Part("one "), Part(""), Part(String(repeating: "x", count: 3_000_000))]
    let response = try await outcome(request).get()
    let text = String(decoding: response.body, as: UTF8.self)
    // Without `Expect`, for which a server would have to be waited for.
    #expect(text.hasPrefix("POST / - - 3000004 one xxx"))
    #expect(text.utf8.count == "POST / - - 3000004 one ".utf8.count + 3_000_000)
  }

  @Test func anEmptyPostHasALength() async throws {
    let server = try echo()
    var request = request(server)
    request.isPost = true
    let response = try await outcome(request).get()
    #expect(String(decoding: response.body, as: UTF8.self) == "POST / - - 0 ")
  }

  @Test func connectionsAreKept() async throws {
    let server = try echo()
    for _ in 0..<20 { _ = try await outcome(request(server)).get() }
    #expect(server.statistics.acceptedConnections == 1)
    var request = request(server)
    request.wantsNewConnection = true
    _ = try await outcome(request).get()
    #expect(server.statistics.acceptedConnections == 2)
  }

  @Test func requestsRunSideBySide() async throws {
    let held = Mutex<[HTTPExchange]>([])
    let server = try server { exchange in
      let all = held.withLock { held in
        held.append(exchange)
        return held.count == 50 ? held : []
      }
      // None is answered before all have come.
      for exchange in all { exchange.respond(HTTPResponse(status: 204)) }
    }
    let request = request(server)
    let statuses = await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<50 { group.addTask { try? await outcome(request).get().status } }
      return await group.reduce(into: [Int?]()) { $0.append($1) }
    }
    #expect(statuses == [Int?](repeating: 204, count: 50))
  }

  @Test func redirectsAreNotFollowed() async throws {
    let server = try server { exchange in
      var response = HTTPResponse(status: 302)
      response.headers.append("Location", "/elsewhere")
      exchange.respond(response)
    }
    #expect(try await outcome(request(server)).get().status == 302)
    #expect(server.statistics.requests == 1)
  }

  @Test func aLargeAnswerIsNotRead() async throws {
    let server = try server {
      let body = HTTPBytes([UInt8](repeating: 1, count: 1001))
      $0.respond(HTTPResponse(contentType: "a/b", body))
    }
    var request = request(server)
    request.bodyLimit = 1000
    #expect(await error(request) == .tooLarge)
    request.bodyLimit = 1001
    #expect(try await outcome(request).get().body.count == 1001)
  }

  @Test func nothingComesInTime() async throws {
    let held = Mutex<[HTTPExchange]>([])
    let server = try server { exchange in held.withLock { $0.append(exchange) } }
    var request = request(server)
    request.timeoutSeconds = 0.05
    guard case .timedOut? = await error(request) else {
      Issue.record("not timed out")
      return
    }
  }

  @Test func nothingListens() async throws {
    let port = try {
      let server = try echo()
      return server.port ?? 0
    }()
    guard case .unreachable? = await error(request("http://127.0.0.1:\(port)/")) else {
      Issue.record("not unreachable")
      return
    }
  }

  @Test(arguments: [
    "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "http://", "no url at all",
    "http://name:password@127.0.0.1:1/",
  ])
  func unusableURLs(url: String) async throws {
    guard case .unusableURL? = await error(request(url)) else {
      Issue.record("'\(url)' was used: \(String(describing: await error(request(url))))")
      return
    }
  }

  @Test func aHeaderCannotBeginAnother() async throws {
    let server = try echo()
    var request = request(server)
    request.headers = [HTTPClientHeader("X-Test", "yes\r\nX-Other: yes")]
    guard case .system? = await error(request) else {
      Issue.record("it was sent")
      return
    }
  }

  @Test func cancelledRequestsEnd() async throws {
    let arrived = Mutex<[HTTPExchange]>([])
    let server = try server { exchange in arrived.withLock { $0.append(exchange) } }
    let sending = Mutex<HTTPClient.Sending?>(nil)
    let held = request(server)
    let ended = await withCheckedContinuation { continuation in
      let sent = client.send(held) { continuation.resume(returning: $0) }
      sending.withLock { $0 = sent }
      sent?.cancel()
    }
    guard case .failure(.cancelled) = ended else {
      Issue.record("not cancelled")
      return
    }
    // Once more: it has ended.
    sending.withLock { $0?.cancel() }
    let other = try echo()
    #expect(try await outcome(request(other)).get().status == 207)
  }

  @Test func whatIsUnderWayEndsWithTheClient() async throws {
    let held = Mutex<[HTTPExchange]>([])
    let server = try server { exchange in held.withLock { $0.append(exchange) } }
    let request = request(server)
    let outcome = await withCheckedContinuation { continuation in
      let other = try? HTTPClient()
      other?.send(request) { continuation.resume(returning: $0) }
    }
    guard case .failure(.stopped) = outcome else {
      Issue.record("not stopped")
      return
    }
  }

  @Test func anAnswerThatIsNoHTTPIsBroken() async throws {
    let listener = try RawListener(answer: "garbage\n\n")
    let found = await error(request("http://127.0.0.1:\(listener.port)/"))
    guard case .broken? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test func anAnswerThatEndsEarlyIsBroken() async throws {
    let listener = try RawListener(
      answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n12345")
    let found = await error(request("http://127.0.0.1:\(listener.port)/"))
    guard case .broken? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test func authoritiesThatCannotBeRead() {
    var configuration = HTTPClient.Configuration()
    configuration.authoritiesPath = "/none/such.pem"
    #expect {
      _ = try HTTPClient(configuration)
    } throws: {
      ($0 as? HTTPClientError)?.description.contains("/none/such.pem") == true
    }
  }

  @Test func handlesAreFreed() async throws {
    let before = cc_live_handles()
    let server = try echo()
    do {
      let other = try HTTPClient()
      let request = request(server)
      _ = await withCheckedContinuation { continuation in
        other.send(request) { continuation.resume(returning: $0) }
      }
    }
    // The client ends on a thread of its own where its last request's end was its own.
    for _ in 0..<60_000 where cc_live_handles() != before {
      try await Task.sleep(for: .milliseconds(1))
    }
    #expect(cc_live_handles() == before)
  }
}

private struct Part: HTTPClientBody {
  private let owner: HTTPBytes

  init(_ text: String) { owner = HTTPBytes(text) }

  var bytes: UnsafeRawBufferPointer { owner.buffer }
}
