import CHTTP

/// An HTTP/1.1 server.
///
/// A few threads serve all connections, and hand each whole request to the handler. They wait for no work: the handler
/// must return at once, and answers then or later, from any thread. Requests of one connection come one after the other,
/// each after the answer to the one before.
///
/// What is no valid HTTP, or beyond the configuration's limits, is answered here, as JSON `{"error": …}`; the handler
/// never sees it.
public final class HTTPServer: Sendable {
  // The address as an integer, because it never changes and pointers are not Sendable. What it points to may be used by
  // several threads at once.
  private let handleAddress: UInt
  private let address: HTTPAddress

  private var handle: ch_server { ch_server(pointer: .init(bitPattern: handleAddress)) }

  /// Begins to listen and serve.
  ///
  /// - Parameters:
  ///   - screen: Looks at the head of a request whose body has yet to come. An answer refuses it: the body is not read,
  ///     and the connection is closed. Runs where the handler does.
  ///   - onRefusal: Is told of each request that the server itself answers with an error.
  /// - Throws: `HTTPError`.
  public init(
    _ configuration: HTTPConfiguration,
    handler: @escaping @Sendable (HTTPExchange) -> Void,
    screen: @escaping @Sendable (HTTPRequest) -> HTTPResponse? = { _ in nil },
    onRefusal: @escaping @Sendable (HTTPRefusal) -> Void = { _ in }
  ) throws(HTTPError) {
    address = configuration.address
    let context = Unmanaged.passRetained(
      Box(Callbacks(handler: handler, screen: screen, onRefusal: onRefusal)))
    var callbacks = ch_callbacks(
      handler: Self.receive, screen: Self.screen, refused: Self.reportRefusal,
      release: Box<Callbacks>.release, context: context.toOpaque())
    var server = ch_server()
    let status = configuration.withForeign { ch_server_create($0, &callbacks, &server) }
    guard status == CH_OK else {
      context.release()
      throw HTTPError(status, address: configuration.address)
    }
    handleAddress = UInt(bitPattern: server.pointer)
  }

  deinit { ch_server_free(handle) }

  private struct Callbacks: Sendable {
    let handler: @Sendable (HTTPExchange) -> Void
    let screen: @Sendable (HTTPRequest) -> HTTPResponse?
    let onRefusal: @Sendable (HTTPRefusal) -> Void

    static func at(_ context: UnsafeMutableRawPointer?) -> Callbacks? {
      context.map { Unmanaged<Box<Callbacks>>.fromOpaque($0).takeUnretainedValue().value }
    }
  }

  private static let receive: ch_handler = { context, handle in
    if let exchange = HTTPExchange(handle) { Callbacks.at(context)?.handler(exchange) }
  }

  private static let screen: ch_screen = { context, handle in
    // What cannot be read is refused when it is handed over.
    guard let request = HTTPRequest(handle) else { return }
    guard let response = Callbacks.at(context)?.screen(request) else { return }
    response.withForeign { ch_exchange_respond(handle, $0) }
  }

  private static let reportRefusal: ch_refused = { context, peer, requestLine, status, reason in
    Callbacks.at(context)?.onRefusal(
      HTTPRefusal(
        peer: String(peer), requestLine: String(requestLine), status: Int(status),
        reason: String(reason)))
  }

  /// The port that the server listens at; nil for a Unix socket.
  public var port: UInt16? {
    let port = ch_server_port(handle)
    return port == 0 ? nil : port
  }

  /// Goes on accepting and serving, and asks every client with its answer to close the connection: for a server that is
  /// to stop soon, while those that send requests learn of it.
  public func drain() { ch_server_drain(handle) }

  /// Accepts no more connections; those that are open are served on.
  public func stopListening() { ch_server_stop_listening(handle) }

  /// Accepts no more connections, closes those without a request, and waits until all requests are answered. Those that
  /// are not after `seconds` get 503. Not to be called by a handler.
  ///
  /// - Returns: Whether all requests were answered in time.
  @discardableResult
  public func stop(within seconds: Double) -> Bool { ch_server_stop(handle, seconds) }

  /// Reads the certificate's files again, for connections to come.
  ///
  /// - Throws: `HTTPError.unusableCertificate`, and goes on with those that it had.
  public func reloadCertificate() throws(HTTPError) {
    let status = ch_server_reload_certificate(handle)
    guard status == CH_OK else { throw HTTPError(status, address: address) }
  }

  /// What the server has done so far.
  public var statistics: HTTPStatistics {
    let counts = ch_server_statistics(handle)
    return HTTPStatistics(
      openConnections: Int(counts.open_connections),
      acceptedConnections: Int(counts.accepted_connections),
      refusedConnections: Int(counts.refused_connections), requests: Int(counts.requests),
      refusedRequests: Int(counts.refused_requests), disconnects: Int(counts.disconnects),
      heldBytes: Int(counts.held_bytes))
  }
}

/// A request that the server itself answered with an error: no valid HTTP, or beyond its limits.
public struct HTTPRefusal: Hashable, Sendable {
  /// The client's address, as `HTTPRequest.peer` is.
  public let peer: String
  /// Such as `GET / HTTP/1.1`, as the client wrote it; empty where the request's head was not read to its end.
  public let requestLine: String
  /// The answer's status.
  public let status: Int
  /// What the client was told.
  public let reason: String
}

/// What a server has done since its start.
public struct HTTPStatistics: Hashable, Sendable {
  /// Connections that are open now.
  public let openConnections: Int
  /// Connections since the start.
  public let acceptedConnections: Int
  /// Connections beyond `HTTPLimits.connectionCount`.
  public let refusedConnections: Int
  /// Requests that the handler was given.
  public let requests: Int
  /// Requests that the server itself answered with an error.
  public let refusedRequests: Int
  /// Requests whose client left before the answer.
  public let disconnects: Int
  /// Bytes of requests' bodies that are held now.
  public let heldBytes: Int
}

/// A value behind a pointer, for C to hand back.
final class Box<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }

  static var release: @convention(c) (UnsafeMutableRawPointer?) -> Void {
    { context in
      if let context { Unmanaged<AnyObject>.fromOpaque(context).release() }
    }
  }
}

extension HTTPConfiguration {
  fileprivate func withForeign<R>(_ body: (UnsafePointer<ch_configuration>) -> R) -> R {
    let (kind, name, port, descriptor): (ch_address_kind, String, UInt16, Int32) =
      switch address {
      case .tcp(let host, let port): (CH_TCP, host, port, -1)
      case .unix(let path): (CH_UNIX, path, 0, -1)
      case .inherited(let descriptor): (CH_DESCRIPTOR, "", 0, descriptor)
      }
    return name.withCString { name in
      (certificate?.chainPath ?? "").withCString { chain in
        (certificate?.keyPath ?? "").withCString { key in
          var configuration = ch_configuration(
            address: ch_address(kind: kind, name: name, port: port, descriptor: descriptor),
            certificate_chain: certificate == nil ? nil : chain,
            private_key: certificate == nil ? nil : key, threads: max(1, ioThreads),
            limits: limits.foreign)
          return body(&configuration)
        }
      }
    }
  }
}
