import CHTTPClient
import Synchronization

/// An HTTP/1.1 client for servers that are asked again and again: connections are kept, and one thread carries all requests.
///
/// It follows no redirect, uses no proxy of the environment, and speaks http and https only; certificates are always checked.
package final class HTTPClient: Sendable {
  // The address as an integer, because it never changes and pointers are not Sendable. What it points to may be used by
  // several threads at once.
  private let handleAddress: UInt

  private var handle: cc_client { cc_client(pointer: .init(bitPattern: handleAddress)) }

  /// Which connections a client keeps, and whom it trusts.
  package struct Configuration: Hashable, Sendable {
    /// A PEM file of the authorities that are trusted in place of the system's; nil for the system's.
    package var authoritiesPath: String?
    /// Connections that are kept without a request.
    package var idleConnections = 256
    /// An idle connection that is older is not used again: servers close theirs without a word, consort's after 65 s.
    package var idleSeconds = 50

    /// The system's authorities.
    package init() {}
  }

  /// Starts the client's thread.
  ///
  /// - Throws: `HTTPClientError`.
  package init(_ configuration: Configuration = Configuration()) throws(HTTPClientError) {
    var client = cc_client()
    let status = Self.withOptionalCString(configuration.authoritiesPath) { authorities in
      var foreign = cc_configuration(
        authorities: authorities, idle_connections: UInt32(configuration.idleConnections),
        idle_seconds: UInt32(configuration.idleSeconds))
      return cc_client_create(&foreign, &client)
    }
    guard status == CC_OK else { throw HTTPClientError(status, String(cString: cc_last_error())) }
    handleAddress = UInt(bitPattern: client.pointer)
  }

  deinit { cc_client_free(handle) }

  /// How a request ended.
  package typealias Outcome = Result<HTTPClientResponse, HTTPClientError>

  /// A request that can be ended before its answer.
  package struct Sending: Sendable {
    fileprivate weak let client: HTTPClient?
    fileprivate let id: UInt64

    /// Ends the request with `HTTPClientError.cancelled`; nothing where it has ended.
    package func cancel() {
      if let client { cc_client_cancel(client.handle, id) }
    }
  }

  /// Sends a request.
  ///
  /// - Parameter completion: Is called once, on the client's thread, which must not wait in it; or on this one, before this
  ///   returns nil.
  @discardableResult
  package func send(
    _ request: HTTPClientRequest, completion: @escaping @Sendable (Outcome) -> Void
  ) -> Sending? {
    let context = Unmanaged.passRetained(Completion(completion, body: request.body))
    var id: UInt64 = 0
    let status = request.withForeign { foreign in
      cc_client_send(handle, foreign, Self.complete, context.toOpaque(), &id)
    }
    guard status == CC_OK else {
      context.release()
      completion(.failure(HTTPClientError(status, String(cString: cc_last_error()))))
      return nil
    }
    return Sending(client: self, id: id)
  }

  /// What waits for the answer, and what is sent meanwhile.
  private final class Completion: Sendable {
    let action: @Sendable (Outcome) -> Void
    let body: [any HTTPClientBody]

    init(_ action: @escaping @Sendable (Outcome) -> Void, body: [any HTTPClientBody]) {
      self.action = action
      self.body = body
    }
  }

  private static let complete: cc_completion = { context, status, message, response in
    guard let context else { return }
    let completion = Unmanaged<Completion>.fromOpaque(context).takeRetainedValue()
    guard status == CC_OK, let response else {
      let reason = message.map { String(cString: $0) } ?? ""
      return completion.action(.failure(HTTPClientError(status, reason)))
    }
    completion.action(.success(HTTPClientResponse(response.pointee)))
  }

  private static func withOptionalCString<R>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> R
  ) -> R {
    guard let text else { return body(nil) }
    return text.withCString(body)
  }
}
