import Foundation
import ServingTestSupport
import HTTP
import Testing

/// What is no valid HTTP, or could be read in two ways, is refused in a way that every client can read.
@Suite struct RefusalTests {
  /// Sends `bytes`, and makes sure that the answer is an error as JSON, the last of its connection, and not the handler's.
  static func expectRefusal(
    _ bytes: [UInt8], _ status: Int, limits: HTTPLimits = .patient, endsSending: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let server = try TestServer(limits: limits)
    let client = try server.client()
    try client.send(bytes)
    if endsSending { client.shutDownWriting() }
    let response = try client.response()
    #expect(response.status == status, sourceLocation: sourceLocation)
    #expect(response["Content-Type"] == "application/json", sourceLocation: sourceLocation)
    #expect(response["Connection"] == "close", sourceLocation: sourceLocation)
    let error = try JSONDecoder().decode([String: String].self, from: Data(response.body))
    #expect(error["error"]?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(try client.isAtEnd(), sourceLocation: sourceLocation)
    #expect(server.handled == 0, sourceLocation: sourceLocation)
    #expect(server.server.statistics.refusedRequests == 1, sourceLocation: sourceLocation)
  }

  static func expectRefusal(
    _ text: String, _ status: Int, limits: HTTPLimits = .patient, endsSending: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expectRefusal(
      Array(text.utf8), status, limits: limits, endsSending: endsSending,
      sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5, 5", "Content-Length: 5\r\ncontent-length: 5", "Content-Length: -5",
    "Content-Length: +5", "Content-Length: 0x5", "Content-Length: 5 5", "Content-Length: 5.0",
    "Content-Length:", "Content-Length: 18446744073709551621",
    "Content-Length: 9223372036854775808",
    "Content-Length: 00000000000000000000000000000005", "Content-Length: five",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Content-Length : 5",
    " Content-Length: 5", "X: y\r\n Content-Length: 5", "X: y\r\n\tfolded\r\nContent-Length: 5",
    "X\u{0}: y\r\nContent-Length: 5", "X: y\u{0}z", "X: y\u{1}z", "X: y\u{7f}z", "X: y\u{b}z",
    "X: y\nContent-Length: 5", "X: y\rContent-Length: 5", "X: y\r\r\nContent-Length: 5", ": x", "X",
    "X Y: z", "X\t: z", "Host: b", "X(: y",
  ])
  func framingThatCanBeReadInTwoWays(fields: String) throws {
    try Self.expectRefusal("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\nhello", 400)
  }

  @Test(arguments: [
    "gzip", "gzip, chunked", "chunked, gzip", "identity", "xchunked", "chunked, chunked",
    "chunked;q=1",
    "\"chunked\"", "",
  ])
  func unknownTransferEncodings(coding: String) throws {
    try Self.expectRefusal(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(coding)\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      501)
  }

  @Test func transferEncodingInHTTP10() throws {
    try Self.expectRefusal(
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 400)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\nHost: a\n\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\r\nHost: a\r\n\r\n", "GET\r\nHost: a\r\n\r\n",
    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
    "G\u{e9}T / HTTP/1.1\r\nHost: a\r\n\r\n",
    "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /%0 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /#part HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "GET path HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT host:80 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / http/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1.1\r\nHost: a\r\n\r\n", "GET / HTTP/11\r\nHost: a\r\n\r\n",
    "GET / HTTQ/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
  ])
  func requestsThatAreNone(text: String) throws {
    try Self.expectRefusal(text, 400)
  }

  @Test(arguments: ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0"])
  func otherVersions(version: String) throws {
    try Self.expectRefusal("PRI * \(version)\r\n\r\nSM\r\n\r\n", 505)
  }

  @Test(arguments: [
    "5\nhello\n0\n\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
    "+5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
    " 5\r\nhello\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
    "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "5;a\u{0}\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
    "5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\n\r\n\r\n", "g\r\n",
    "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n X: y\r\n\r\n",
  ])
  func chunksThatAreNone(body: String) throws {
    try Self.expectRefusal(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", 400)
  }

  @Test(arguments: [
    "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  ])
  func requestsThatEndEarly(text: String) throws {
    try Self.expectRefusal(text, 400, endsSending: true)
  }

  @Test func otherExpectations() throws {
    try Self.expectRefusal(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: more\r\n\r\n", 417)
  }

  @Test func pathsThatAreNoText() throws {
    let server = try TestServer()
    let client = try server.client()
    try client.send("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let response = try client.response()
    #expect(response.status == 400)
    #expect(response["Content-Type"] == "application/json")
    // Its framing was right: the connection goes on.
    #expect(try client.response().text == "GET / ")
    #expect(server.handled == 1)
  }

  /// What comes before is answered, what comes after is not looked at.
  @Test func aBadRequestEndsThePipeline() throws {
    let server = try TestServer()
    let client = try server.client()
    let good = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n"
    try client.send(good + "GET /bad HTTP/1.1\r\n\r\n" + good)
    #expect(try client.response().text == "GET /good ")
    #expect(try client.response().status == 400)
    #expect(try client.isAtEnd())
    #expect(server.handled == 1)
  }

  @Test func afterARefusedHeadTheAnswerHasItsBody() throws {
    let client = try TestServer().client()
    try client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    #expect(try client.response(toHead: true).status == 200)
    let response = try client.response()
    #expect(response.status == 400)
    #expect(response.text.hasPrefix("{"))
  }
}
