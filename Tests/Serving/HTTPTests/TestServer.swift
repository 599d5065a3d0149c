import ServingTestSupport
import HTTP
import Synchronization
import Testing

/// A server on a port that the system chooses, which keeps count of what its handler was given.
final class TestServer: Sendable {
  typealias Handler = @Sendable (HTTPExchange) -> Void

  let server: HTTPServer
  private let count: Counter

  /// - Parameter handler: Says what was asked, where none is given.
  init(
    at address: HTTPAddress = .tcp(host: "127.0.0.1", port: 0),
    certificate: HTTPCertificate? = nil, limits: HTTPLimits = .patient,
    handler: @escaping Handler = { $0.respond(.echo($0)) },
    screen: @escaping @Sendable (HTTPRequest) -> HTTPResponse? = { _ in nil },
    onRefusal: @escaping @Sendable (HTTPRefusal) -> Void = { _ in }
  ) throws {
    var configuration = HTTPConfiguration(address: address, certificate: certificate)
    configuration.limits = limits
    let count = Counter()
    self.count = count
    server = try HTTPServer(
      configuration,
      handler: { exchange in
        count.add()
        handler(exchange)
      }, screen: screen, onRefusal: onRefusal)
  }

  var port: UInt16? { server.port }
  /// How many requests the handler was given.
  var handled: Int { count.value }

  /// A client, as long as which the server lives.
  func client() throws -> RawClient {
    let client = try RawClient(port: port)
    client.server = self
    return client
  }
}

final class Counter: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .sequentiallyConsistent) }
  func add() { count.add(1, ordering: .sequentiallyConsistent) }
}

/// A value that a thread of the server hands to the test, which waits for it.
final class Mailbox<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])

  func put(_ value: Value) { values.withLock { $0.append(value) } }

  /// The first value that was not taken yet; fails the test where none comes for ten minutes.
  func take() async throws -> Value {
    for _ in 0..<60_000 {
      if let value = values.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return value }
      try await Task.sleep(for: .milliseconds(10))
    }
    return try #require(nil, "nothing came")
  }

  var isEmpty: Bool { values.withLock(\.isEmpty) }
}

extension HTTPLimits {
  /// Times that no test reaches, however busy the machine is.
  static var patient: HTTPLimits {
    var limits = HTTPLimits()
    (limits.headSeconds, limits.bodySeconds, limits.writeSeconds) = (600, 600, 600)
    limits.idleSeconds = 3600
    return limits
  }

  init(_ change: (inout HTTPLimits) -> Void) {
    self = .patient
    change(&self)
  }
}

extension HTTPResponse {
  static func text(_ text: String) -> HTTPResponse {
    HTTPResponse(contentType: "text/plain", HTTPBytes(text))
  }

  /// Method, target and body of the request.
  static func echo(_ exchange: HTTPExchange) -> HTTPResponse {
    let request = exchange.request
    let body = String(decoding: exchange.body, as: UTF8.self)
    return .text("\(request.method) \(request.target) \(body)")
  }
}
