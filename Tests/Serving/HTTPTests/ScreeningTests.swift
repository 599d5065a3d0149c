import HTTP
import ServingTestSupport
import Testing

/// Requests that are looked at before their bodies come.
@Suite struct ScreeningTests {
  private static let screen: @Sendable (HTTPRequest) -> HTTPResponse? = { request in
    request.headers["X-Key"] == "right" ? nil : .error(401, "no key")
  }

  @Test func aBodyThatHasYetToComeIsNotWaitedFor() throws {
    let server = try TestServer(screen: Self.screen)
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
      let client = try server.client()
      try client.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\nExpect: 100-continue\r\n\r\n")
      let response = try client.response()
      #expect(response.status == 401)
      #expect(response["Connection"] == "close")
      client.shutDownWriting()
      #expect(try client.isAtEnd())
    }
    #expect(server.handled == 0)
  }

  @Test func othersAreReadToTheirEnd() throws {
    let server = try TestServer(screen: Self.screen)
    let client = try server.client()
    try client.send("POST /a HTTP/1.1\r\nHost: a\r\nX-Key: right\r\nContent-Length: 5\r\n\r\nhel")
    try client.send("lo")
    #expect(try client.response().status == 200)
    // The connection is kept.
    try client.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().status == 200)
    #expect(server.handled == 2)
  }

  @Test func refusalsOfTheServerAreReported() async throws {
    let refusals = Mailbox<HTTPRefusal>()
    let server = try TestServer(onRefusal: refusals.put)
    let client = try server.client()
    try client.send("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    #expect(try client.response().status == 400)
    let refusal = try await refusals.take()
    #expect(refusal.status == 400)
    #expect(refusal.requestLine == "GET /x HTTP/1.1")
    #expect(refusal.peer.hasPrefix("127.0.0.1:"))
    #expect(!refusal.reason.isEmpty)
  }
}
