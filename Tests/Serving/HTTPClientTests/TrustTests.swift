import HTTP
import HTTPClient
import Processes
import ServingTestSupport
import TestSupport
import Testing

@Suite struct TrustTests {
  private func outcome(
    _ port: UInt16, authorities: String?
  ) async throws -> HTTPClient.Outcome {
    var configuration = HTTPClient.Configuration()
    configuration.authoritiesPath = authorities
    let client = try HTTPClient(configuration)
    var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)/")
    (request.timeoutSeconds, request.connectSeconds) = (600, 600)
    return await withCheckedContinuation { [request] continuation in
      client.send(request) { outcome in
        withExtendedLifetime(client) { continuation.resume(returning: outcome) }
      }
    }
  }

  @Test func certificatesAreChecked() async throws {
    let files = try TemporaryDirectory()
    let (chain, key) = ("\(files.path)/chain.pem", "\(files.path)/key.pem")
    let made = try Subprocess.run(
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=IP:127.0.0.1",
      ], catchesErrorText: true)
    try #require(made.status == 0, "\(made.errorText)")
    let server = try HTTPServer(
      HTTPConfiguration(
        address: .tcp(host: "127.0.0.1", port: 0),
        certificate: HTTPCertificate(chainPath: chain, keyPath: key))
    ) { $0.respond(HTTPResponse(status: 204)) }
    let port = try #require(server.port)
    #expect(try await outcome(port, authorities: chain).get().status == 204)
    guard case .failure(.untrusted) = try await outcome(port, authorities: nil) else {
      Issue.record("a certificate of no authority was trusted")
      return
    }
  }
}
