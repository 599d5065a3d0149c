import HTTP
import Testing

@Suite struct HTTPServerTests {
  @Test func starts() throws {
    let server = try HTTPServer(.init(address: .tcp(host: "127.0.0.1", port: 0))) { exchange in
      exchange.respond(HTTPResponse(contentType: "text/plain", HTTPBytes("hello")))
    }
    #expect(server.port != nil)
  }
}
