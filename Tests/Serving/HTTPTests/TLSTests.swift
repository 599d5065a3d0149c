import Foundation
import ServingTestSupport
import HTTP
import Processes
import TestSupport
import Testing

/// Through curl, whose TLS is not ours.
@Suite struct TLSTests {
  /// Certificates that are made anew for each test, by OpenSSL's own program.
  private struct Files {
    let directory: TemporaryDirectory
    var certificate: HTTPCertificate {
      HTTPCertificate(
        chainPath: "\(directory.path)/chain.pem", keyPath: "\(directory.path)/key.pem")
    }

    init() throws {
      directory = try TemporaryDirectory()
      try make()
    }

    /// Writes another certificate with another key.
    func make() throws {
      let outcome = try Subprocess.run(
        [
          "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
          "-nodes", "-keyout", certificate.keyPath, "-out", certificate.chainPath, "-days", "2",
          "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
        ], catchesErrorText: true)
      try #require(outcome.status == 0, "\(outcome.errorText)")
    }

    /// What curl gets, where it trusts this certificate; nil where it fails.
    func get(_ server: TestServer, _ options: [String] = []) throws -> String? {
      let port = try #require(server.port)
      let output = "\(directory.path)/output"
      let outcome = try Subprocess.run(
        ["curl", "-s", "-S", "--cacert", certificate.chainPath, "-o", output] + options + [
          "https://127.0.0.1:\(port)/x"
        ], catchesErrorText: true)
      guard outcome.status == 0 else { return nil }
      return try String(contentsOfFile: output, encoding: .utf8)
    }
  }

  @Test func requestsAreServed() throws {
    let files = try Files()
    let server = try TestServer(certificate: files.certificate)
    #expect(try files.get(server) == "GET /x ")
    #expect(try files.get(server, ["--tls-max", "1.2"]) == "GET /x ")
    let body = try files.directory.write([UInt8](repeating: 97, count: 3_000_000), to: "body")
    let answer = try files.get(server, ["--data-binary", "@\(body)", "-H", "Expect: 100-continue"])
    #expect(answer?.utf8.count == 3_000_000 + 8)
    // Two requests through one connection.
    let port = try #require(server.port)
    let before = server.server.statistics.acceptedConnections
    let output = "\(files.directory.path)/other"
    #expect(
      try files.get(server, ["https://127.0.0.1:\(port)/y", "-o", output]) == "GET /y ")
    #expect(server.server.statistics.acceptedConnections == before + 1)
  }

  @Test func oldVersionsAreRefused() throws {
    let files = try Files()
    let server = try TestServer(certificate: files.certificate)
    #expect(try files.get(server, ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]) == nil)
    #expect(server.handled == 0)
  }

  @Test func plainRequestsAndSilenceEndTheConnection() async throws {
    let files = try Files()
    let server = try TestServer(certificate: files.certificate)
    let plain = try server.client()
    try plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    _ = try? plain.readToEnd()
    #expect(server.handled == 0)
    #expect(try files.get(server) == "GET /x ")
    let limits = HTTPLimits { $0.headSeconds = 0.1 }
    let impatient = try TestServer(certificate: files.certificate, limits: limits)
    let silent = try impatient.client()
    _ = try? silent.readToEnd()
    try await eventually { impatient.server.statistics.openConnections == 0 }
  }

  @Test func certificatesAreReadAgain() throws {
    let files = try Files()
    let server = try TestServer(certificate: files.certificate)
    #expect(try files.get(server) == "GET /x ")
    try files.make()
    // curl trusts the new one, the server still shows the old.
    #expect(try files.get(server) == nil)
    try server.server.reloadCertificate()
    #expect(try files.get(server) == "GET /x ")
    // Those that cannot be used change nothing.
    try files.directory.write(Array("rubbish".utf8), to: "key.pem")
    #expect(throws: HTTPError.self) { try server.server.reloadCertificate() }
    #expect(try files.get(server) == "GET /x ")
  }

  @Test func withoutCertificatesThereAreNoneToRead() throws {
    let server = try TestServer()
    #expect(throws: HTTPError.self) { try server.server.reloadCertificate() }
  }

  @Test func filesThatCannotBeUsedAreNamed() throws {
    let (files, others) = (try Files(), try Files())
    func reason(_ certificate: HTTPCertificate) throws -> String {
      let error = #expect(throws: HTTPError.self) { _ = try TestServer(certificate: certificate) }
      guard case .unusableCertificate(let reason) = error else { return "" }
      return reason
    }
    var certificate = files.certificate
    certificate.chainPath = "/no/such/file"
    #expect(try reason(certificate).contains("'/no/such/file': No such file or directory"))
    certificate = files.certificate
    certificate.keyPath = others.certificate.keyPath
    #expect(try reason(certificate).contains("'\(others.certificate.keyPath)'"))
    let rubbish = try files.directory.write(Array("rubbish".utf8), to: "rubbish")
    certificate = files.certificate
    certificate.chainPath = rubbish
    #expect(try reason(certificate).contains("'\(rubbish)'"))
    certificate = files.certificate
    certificate.keyPath = rubbish
    #expect(try reason(certificate).contains("'\(rubbish)'"))
  }
}
