import ServingTestSupport
import HTTP
import Testing

/// What HTTP/1.0 and 1.1 promise a client.
@Suite struct ProtocolTests {
  @Test func oneConnectionTakesManyRequests() throws {
    let server = try TestServer()
    let client = try server.client()
    for number in 0..<3 {
      try client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
      let response = try client.response()
      #expect(response.status == 200)
      #expect(response.text == "GET /\(number) ")
      #expect(response["Connection"] == nil)
      #expect(response["Date"]?.hasSuffix(" GMT") == true)
    }
    #expect(server.server.statistics.acceptedConnections == 1)
  }

  @Test func aClientMayAskForTheEnd() throws {
    let client = try TestServer().client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(try client.response()["Connection"] == "close")
    #expect(try client.isAtEnd())
  }

  @Test func http10EndsAfterTheAnswerUnlessAskedNotTo() throws {
    let server = try TestServer()
    let once = try server.client()
    try once.send("GET / HTTP/1.0\r\n\r\n")
    #expect(try once.response()["Connection"] == "close")
    #expect(try once.isAtEnd())
    let twice = try server.client()
    for _ in 0..<2 {
      try twice.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(try twice.response()["Connection"] == "keep-alive")
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let server = try TestServer()
    let client = try server.client()
    let requests = (0..<50).map { "POST /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" }
    try client.send(requests.joined())
    for number in 0..<50 {
      #expect(try client.response().text == "POST /\(number) ab")
    }
  }

  /// What comes of the next request while one is worked on is read ahead, and the rest of its body goes behind it.
  @Test(arguments: [0, 3, 4000, 20_000])
  func theNextRequestsBodyMayComeInParts(read early: Int) throws {
    let server = try TestServer()
    let client = try server.client()
    let body = String(
      decoding: (0..<30_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }, as: UTF8.self)
    let head = "POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n"
    let first = "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
    try client.send(first + head + body.prefix(early))
    #expect(try client.response().text == "POST /first ab")
    try client.send(String(body.dropFirst(early)) + first)
    #expect(try client.response().text == "POST /second \(body)")
    #expect(try client.response().text == "POST /first ab")
  }

  /// More than is read ahead waits in the system, and is read after the answers before it.
  @Test func pipelinedRequestsAreTakenOneByOne() async throws {
    let (waiting, all) = (Mailbox<HTTPExchange>(), 300)
    let server = try TestServer { waiting.put($0) }
    let client = try server.client()
    try client.send((0..<all).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
    for number in 0..<all {
      let exchange = try await waiting.take()
      #expect(exchange.request.target == "/\(number)")
      #expect(waiting.isEmpty)
      #expect(server.handled == number + 1)
      exchange.respond(.echo(exchange))
      #expect(try client.response().text == "GET /\(number) ")
    }
  }

  @Test func aRequestMayComeByteByByte() throws {
    let client = try TestServer().client()
    for byte in "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".utf8 {
      try client.send([byte])
    }
    #expect(try client.response().text == "POST /x hello")
  }

  @Test func largeBodiesArriveWhole() throws {
    let server = try TestServer { exchange in
      let sum = exchange.body.reduce(0) { ($0 &* 31 &+ Int($1)) % 1_000_003 }
      exchange.respond(.text("\(exchange.body.count) \(sum)"))
    }
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let sum = body.reduce(0) { ($0 &* 31 &+ Int($1)) % 1_000_003 }
    let client = try server.client()
    for _ in 0..<2 {
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
      try client.send(body)
      #expect(try client.response().text == "\(body.count) \(sum)")
    }
    try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in stride(from: 0, to: body.count, by: 100_000) {
      try client.send("186a0\r\n")
      try client.send(Array(body[start..<start + 100_000]))
      try client.send("\r\n")
    }
    try client.send("0\r\n\r\n")
    #expect(try client.response().text == "\(body.count) \(sum)")
  }

  @Test(arguments: [
    "5\r\nhello\r\n0\r\n\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "005;a=b\r\nhello\r\n0\r\n\r\n",
    "5;name=\"quoted text\"\r\nhello\r\n000\r\nTrailer: x\r\nAuthorization: y\r\n\r\n",
  ])
  func chunkedBodiesAreJoined(body: String) throws {
    let server = try TestServer { exchange in
      // A trailer must not stand where a proxy has looked at the headers.
      #expect(exchange.request.headers["Authorization"] == nil)
      exchange.respond(.echo(exchange))
    }
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
    let whole = try server.client()
    try whole.send(head + body + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try whole.response().text == "POST / hello")
    #expect(try whole.response().text == "GET /next ")
    let piecewise = try server.client()
    for byte in (head + body).utf8 { try piecewise.send([byte]) }
    #expect(try piecewise.response().text == "POST / hello")
  }

  @Test func aBodyIsAskedForWhereItIsWaitedFor() throws {
    let client = try TestServer().client()
    try client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n")
    let interim = try client.response()
    #expect(interim.status == 100)
    #expect(interim.fields.isEmpty)
    try client.send("hello")
    #expect(try client.response().text == "POST / hello")
  }

  @Test func toHeadThereIsNoBody() throws {
    let client = try TestServer().client()
    try client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let head = try client.response(toHead: true)
    #expect(head["Content-Length"] == "8")
    #expect(try client.response().text == "GET / ")
  }

  @Test func anAnswerWithoutContentHasNoLength() throws {
    let server = try TestServer { $0.respond(HTTPResponse(status: 204)) }
    let client = try server.client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let response = try client.response()
    #expect(response.status == 204)
    #expect(response["Content-Length"] == nil)
  }

  @Test func emptyLinesBeforeARequestAreSkipped() throws {
    let client = try TestServer().client()
    try client.send("\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().text == "GET /1 ")
    try client.send("\r")
    try client.send("\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().text == "GET /2 ")
  }

  @Test func partsOfABodyAreSentAsOne() throws {
    let parts = (0..<200).map { HTTPBytes([UInt8](repeating: UInt8($0), count: $0 * 50)) }
    let server = try TestServer { $0.respond(HTTPResponse(body: parts)) }
    let client = try server.client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().body == parts.flatMap { Array($0.buffer) })
  }

  @Test func theAnswerHasTheHandlersHeaders() throws {
    let server = try TestServer { exchange in
      var response = HTTPResponse.error(429, "\"slowly\"\n\u{1}")
      response.headers.append("Retry-After", "7")
      // How a message is framed is the server's business.
      response.headers.append("content-length", "1")
      response.headers.append("Transfer-Encoding", "chunked")
      response.headers.append("Connection", "upgrade")
      exchange.respond(response)
    }
    let client = try server.client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let response = try client.response()
    #expect(response.status == 429)
    #expect(response["Retry-After"] == "7")
    #expect(response["Content-Type"] == "application/json")
    #expect(response["Transfer-Encoding"] == nil)
    #expect(response["Connection"] == nil)
    #expect(response.text == #"{"error": "\"slowly\"\n\u0001"}"#)
  }

  @Test(arguments: [
    ("X-A\r\nX-B", "1"), ("", "1"), ("X A", "1"), ("X-A", "1\r\nX-B: 2"), ("X-A", "1\u{0}"),
  ])
  func anAnswerCannotBeSplit(name: String, value: String) throws {
    let server = try TestServer { exchange in
      exchange.respond(HTTPResponse(headers: HTTPHeaders([HTTPHeader(name, value)])))
    }
    let client = try server.client()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in 0..<2 {
      let response = try client.response()
      #expect(response.status == 500)
      #expect(response["X-B"] == nil)
    }
  }
}

/// What a handler learns of a request.
@Suite struct RequestTests {
  private func request(_ text: String) async throws -> HTTPRequest {
    let requests = Mailbox<HTTPRequest>()
    let server = try TestServer { exchange in
      requests.put(exchange.request)
      exchange.respond(.text(""))
    }
    let client = try server.client()
    try client.send(text)
    #expect(try client.response().status == 200)
    return try await requests.take()
  }

  @Test func headersAreFoundInAnyCaseAndKeptTwice() async throws {
    let request = try await request(
      "GET / HTTP/1.1\r\nHOST: a\r\nX-Tag:  one \r\nx-tag:\ttwo\r\nEmpty:\r\nname: \u{e9}\r\n\r\n")
    #expect(request.headers["host"] == "a")
    #expect(request.headers["X-TAG"] == "one")
    #expect(request.headers.values(of: "X-Tag") == ["one", "two"])
    #expect(request.headers["empty"] == "")
    #expect(request.headers["Name"] == "\u{e9}")
    #expect(request.headers["other"] == nil)
    #expect(request.headers.fields.map(\.name) == ["HOST", "X-Tag", "x-tag", "Empty", "name"])
    #expect(request.minorVersion == 1)
    #expect(request.peer.hasPrefix("127.0.0.1:"))
  }

  @Test(arguments: [
    ("/", []), ("/v2/models/a%2Fb/infer", ["v2", "models", "a/b", "infer"]),
    ("/v2/", ["v2", ""]), ("//a", ["", "a"]), ("/%C3%A9%20+?a/b", ["\u{e9} +"]),
    ("http://host:80/v2/x", ["v2", "x"]), ("http://host", []), ("HTTPS://host?q", []),
  ])
  func segmentsAreDecodedOneByOne(target: String, segments: [String]) async throws {
    let request = try await request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(request.pathSegments == segments)
    #expect(request.target == target)
  }

  @Test func aQueryIsKeptAndSplit() async throws {
    let request = try await request("GET /a?x=1&y=a%26b+c&z&=3 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(request.query == "x=1&y=a%26b+c&z&=3")
    #expect(request.queryItems.map(\.key) == ["x", "y", "z", ""])
    #expect(request.queryItems.map(\.value) == ["1", "a&b c", "", "3"])
    let without = try await self.request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(without.query == nil)
    #expect(without.queryItems.isEmpty)
    #expect(without.pathSegments == [])
  }
}
