import HTTP
import Serving
import Synchronization

/// A request on its way to its answer, which it gets once.
final class Call: Sendable {
  let exchange: HTTPExchange
  private let start = ContinuousClock.now
  private let state = Mutex(AccessLogEntry())
  private let finish: @Sendable (Call, HTTPResponse, AccessLogEntry) -> Void

  var request: HTTPRequest { exchange.request }

  /// - Parameter finish: Is called with the answer and what is logged of it.
  init(
    _ exchange: HTTPExchange,
    finish: @escaping @Sendable (Call, HTTPResponse, AccessLogEntry) -> Void
  ) {
    self.exchange = exchange
    self.finish = finish
  }

  /// Keeps something for the log.
  func note(_ change: (inout AccessLogEntry) -> Void) { state.withLock { change(&$0) } }

  /// The request's body.
  var body: TensorBytes { TensorBytes(borrowing: exchange.body, owner: exchange) }

  func answer(_ response: HTTPResponse) {
    var entry = state.withLock { $0 }
    entry.peer = request.peer
    entry.method = request.method
    entry.path = request.target
    entry.id = entry.id ?? request.headers["X-Request-ID"]
    entry.status = exchange.isDisconnected ? ProtocolError.cancelled.status : response.status
    entry.milliseconds = start.duration(to: .now) / .milliseconds(1)
    entry.requestBytes = exchange.body.count
    entry.responseBytes = response.body.reduce(0) { $0 + $1.buffer.count }
    finish(self, response, entry)
  }

  /// Answers with a value as JSON.
  func answer(_ value: some Encodable, status: Int = 200) {
    do throws(ProtocolError) {
      answer(
        HTTPResponse(
          status: status, contentType: "application/json", HTTPBytes(try value.messageBody())))
    } catch {
      fail(error)
    }
  }

  /// Answers with an error.
  func fail(_ error: ProtocolError) {
    note { $0.error = error.description }
    answer(HTTPResponse(error))
  }
}

extension HTTPResponse {
  /// The answer for an error.
  init(_ error: ProtocolError) {
    self = .error(error.status, error.description)
    switch error {
    case .overloaded(let seconds): headers.append("Retry-After", "\(seconds)")
    case .notReady, .membersLost: headers.append("Retry-After", "1")
    case .unauthorized: headers.append("WWW-Authenticate", "Bearer")
    case .wrongMethod(let allowed): headers.append("Allow", allowed.joined(separator: ", "))
    // RFC 7694, section 3.
    case .unknownEncoding: headers.append("Accept-Encoding", "gzip, deflate")
    default: break
    }
  }

  /// An answer to inference.
  ///
  /// - Parameter coding: How the client takes it compressed.
  init(_ message: EncodedMessage, coding: ContentCoding) {
    self.init(headers: HTTPHeaders([HTTPHeader("Content-Type", message.contentType)]))
    if let length = message.headerLength {
      headers.append(EncodedMessage.headerLengthName, "\(length)")
    }
    // A packet is not sent faster for being half full.
    if coding != .identity, message.count > 1024, let encoded = coding.encoded(message.joined) {
      headers.append("Content-Encoding", coding.rawValue)
      headers.append("Vary", "Accept-Encoding")
      body = [HTTPBytes(encoded)]
    } else {
      body = message.parts.map(HTTPBytes.init)
    }
  }
}

extension HTTPBytes {
  private final class Owner: Sendable {
    let bytes: TensorBytes
    init(_ bytes: TensorBytes) { self.bytes = bytes }
  }

  /// The same bytes, which are not copied.
  fileprivate convenience init(_ bytes: TensorBytes) {
    self.init(bytes.withBytes { $0 }, owner: Owner(bytes))
  }
}
