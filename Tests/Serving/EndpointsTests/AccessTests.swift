import Endpoints
import Foundation
import ServingTestSupport
import TestSupport
import Testing

/// Who may ask for what.
@Suite struct AccessTests {
  private static let inference = "inference-0123456789"
  private static let metrics = "metrics-0123456789ab"
  private static let administration = "admin-0123456789abcd"

  private func server(
    _ tokens: [AccessGroup: String], _ change: (inout EnsembleServerOptions) -> Void = { _ in }
  ) throws -> RunningServer {
    try RunningServer(members: 1) { options, files in
      var paths: [AccessGroup: String] = [:]
      for (group, token) in tokens {
        paths[group] = try files.write(Array("\(token)\r\n\n".utf8), to: group.rawValue)
      }
      let places = paths
      options.tokens = { try AccessTokens(files: places) }
      options.allowsRepository = true
      change(&options)
    }
  }

  private func status(
    _ server: RunningServer, _ method: String, _ path: String, token: String?
  ) throws -> Int {
    try server.ask(
      method, path, token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
    ).status
  }

  @Test func healthIsOpenAndTheRestIsNot() throws {
    let server = try server([.inference: Self.inference])
    for path in ["/v2/health/live", "/v2/health/ready"] {
      #expect(try status(server, "GET", path, token: nil) == 200)
    }
    for path in [
      "/v2", "/v2/models/tiny", "/v2/models/tiny/ready", "/v2/models/stats", "/metrics", "/status",
    ] {
      #expect(try status(server, "GET", path, token: nil) == 401)
      #expect(try status(server, "GET", path, token: Self.inference) == 200)
    }
    let refused = try server.ask("POST", "/v2/models/tiny/infer")
    #expect(refused.status == 401)
    #expect(refused["WWW-Authenticate"] == "Bearer")
    #expect(refused.error?.contains("Authorization: Bearer TOKEN") == true)
    let (headers, body) = RunningServer.binaryRequest(1)
    let answered = try server.ask(
      "POST", "/v2/models/tiny/infer",
      headers.merging(["Authorization": "bearer  \(Self.inference) "]) { $1 }, body: body)
    #expect(answered.status == 200)
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "Basic inference-0123456789", "Bearer inference-012345678",
    "Bearer inference-01234567890", "Bearer Inference-0123456789", "inference-0123456789",
  ])
  func refusesWhatIsNotTheToken(_ header: String) throws {
    var tokens = AccessTokens()
    try tokens.add([Self.inference], to: .inference, source: "test")
    #expect(!tokens.permits(.inference, authorization: header))
    #expect(!tokens.permits(.inference, authorization: nil))
    #expect(tokens.permits(.inference, authorization: "Bearer \(Self.inference)"))
  }

  /// A client without a token does not get to send 64 MiB.
  @Test(arguments: [
    "Content-Length: 1000000", "Content-Length: 1000000\r\nExpect: 100-continue",
    "Transfer-Encoding: chunked",
  ])
  func isRefusedBeforeItsBodyIsRead(_ framing: String) throws {
    let server = try server([.inference: Self.inference]) {
      $0.accessLog = "\($0.models[0].path).log"
    }
    let cases: [(head: String, status: Int)] = [
      ("POST /v2/models/tiny/infer", 401), ("POST /v2/nothing", 404), ("PUT /v2/models/tiny", 405),
    ]
    for (head, status) in cases {
      let client = try server.client()
      try client.send("\(head) HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
      let answer = try client.response()
      #expect(answer.status == status)
      #expect(answer["Connection"] == "close")
      #expect(answer.error?.isEmpty == false)
    }
    server.server.stop(within: 10)
    let log = try String(contentsOfFile: "\(server.model.path).log", encoding: .utf8)
    let lines = log.split(separator: "\n")
    #expect(lines.count == cases.count)
    for (line, (_, status)) in zip(lines, cases) {
      #expect(line.contains("\"status\":\(status)"), "\(line)")
    }
  }

  @Test func whatIsNoHTTPIsLoggedToo() throws {
    let server = try server([:]) { $0.accessLog = "\($0.models[0].path).log" }
    let client = try server.client()
    try client.send(
      "POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
    #expect(try client.response().status == 400)
    server.server.stop(within: 10)
    let line = try String(contentsOfFile: "\(server.model.path).log", encoding: .utf8)
    #expect(line.contains("\"status\":400") && line.contains("Content-Length"), "\(line)")
    #expect(line.contains("\"method\":\"POST\"") && line.contains("127.0.0.1:"), "\(line)")
  }

  @Test func eachGroupHasItsOwnTokens() throws {
    let server = try server([
      .inference: Self.inference, .metrics: Self.metrics, .administration: Self.administration,
    ])
    let cases: [(String, String, String)] = [
      ("GET", "/v2/models/tiny", Self.inference), ("GET", "/metrics", Self.metrics),
      ("POST", "/v2/repository/models/tiny/load", Self.administration),
    ]
    for (method, path, right) in cases {
      for token in [Self.inference, Self.metrics, Self.administration] {
        #expect(try status(server, method, path, token: token) == (token == right ? 200 : 401))
      }
    }
    // The page has one token.
    for (token, expected) in [
      (Self.inference, 200), (Self.metrics, 200), (Self.administration, 401),
    ] {
      #expect(try status(server, "GET", "/status", token: token) == expected)
    }
  }

  @Test func metricsMayBeGuardedAlone() throws {
    let server = try server([.metrics: Self.metrics])
    #expect(try status(server, "GET", "/v2/models/tiny", token: nil) == 200)
    #expect(try status(server, "GET", "/metrics", token: nil) == 401)
  }

  @Test func aFileMayHaveSeveralTokensAndBeReplaced() throws {
    let files = try TemporaryDirectory()
    let path = try files.write(Array("\(Self.inference)\n\(Self.metrics)\n".utf8), to: "tokens")
    let server = try RunningServer(members: 1) { options, _ in
      options.tokens = { try AccessTokens(files: [.inference: path]) }
    }
    for token in [Self.inference, Self.metrics] {
      #expect(try status(server, "GET", "/v2", token: token) == 200)
    }
    try files.write(Array(Self.administration.utf8), to: "tokens")
    #expect(server.server.reload().allSatisfy { $0.error == nil })
    #expect(try status(server, "GET", "/v2", token: Self.inference) == 401)
    #expect(try status(server, "GET", "/v2", token: Self.administration) == 200)
    // An empty file would open the server: the tokens stay.
    try files.write([], to: "tokens")
    #expect(server.server.reload().compactMap(\.error).count == 1)
    #expect(try status(server, "GET", "/v2", token: nil) == 401)
    #expect(try status(server, "GET", "/v2", token: Self.administration) == 200)
  }

  @Test(arguments: [
    ("", true), (" \n\n", true), ("short", false), ("with space 0123456789", false),
  ])
  func refusesFilesWithoutUsableTokens(_ text: String, _ isEmpty: Bool) throws {
    let files = try TemporaryDirectory()
    let path = try files.write(Array(text.utf8), to: "tokens")
    #expect(throws: isEmpty ? AccessError.noToken(path: path) : .unusableToken(path: path)) {
      try AccessTokens(files: [.inference: path])
    }
  }

  @Test func pagesOfOtherOriginsAreAnsweredWhereTheyAreNamed() throws {
    let server = try server([.inference: Self.inference]) {
      $0.crossOrigin = CrossOriginPolicy(origins: ["https://a.example"])
    }
    let asked = try server.ask(
      "OPTIONS", "/v2/models/tiny/infer",
      ["Origin": "https://a.example", "Access-Control-Request-Method": "POST"])
    #expect(asked.status == 204)
    #expect(asked["Access-Control-Allow-Origin"] == "https://a.example")
    #expect(asked["Access-Control-Allow-Methods"] == "POST, OPTIONS")
    #expect(asked["Access-Control-Allow-Headers"]?.contains("Authorization") == true)
    let other = try server.ask("GET", "/v2/health/live", ["Origin": "https://b.example"])
    #expect(other.status == 200)
    #expect(other["Access-Control-Allow-Origin"] == nil)
    #expect(other["Vary"] == "Origin")
    // An error is to be read as well.
    let refused = try server.ask("GET", "/v2", ["Origin": "https://a.example"])
    #expect(refused.status == 401)
    #expect(refused["Access-Control-Allow-Origin"] == "https://a.example")
    let all = CrossOriginPolicy(origins: ["*"])
    let open = try self.server([:]) { $0.crossOrigin = all }
    let answer = try open.ask("GET", "/v2", ["Origin": "https://c.example"])
    #expect(answer["Access-Control-Allow-Origin"] == "*")
  }
}
