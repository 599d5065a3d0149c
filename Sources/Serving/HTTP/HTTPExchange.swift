import CHTTP

/// A request, and the way for its answer.
///
/// An exchange that goes without an answer is answered 500.
public final class HTTPExchange: Sendable {
  /// What was asked, but for the body.
  public let request: HTTPRequest
  // The address as an integer, because it never changes and pointers are not Sendable. What it points to may be used by
  // several threads at once.
  private let handleAddress: UInt

  private var handle: ch_exchange { ch_exchange(pointer: .init(bitPattern: handleAddress)) }

  /// Takes over a request; nil where its target cannot be read, which it is answered with.
  init?(_ handle: ch_exchange) {
    handleAddress = UInt(bitPattern: handle.pointer)
    let request = HTTPRequest(handle)
    self.request = request ?? .unreadable
    if request == nil {
      respond(.error(400, "the request's path is not percent-encoded UTF-8"))
      return nil
    }
  }

  deinit { ch_exchange_free(handle) }

  /// The request's body, which is borrowed: valid as long as this exchange lives, also after the answer.
  public var body: UnsafeRawBufferPointer {
    let bytes = ch_exchange_body(handle)
    return UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.count)
  }

  /// Answers, from any thread. Only the first answer counts; it goes nowhere where the client has left.
  public func respond(_ response: HTTPResponse) {
    response.withForeign { ch_exchange_respond(handle, $0) }
  }

  /// Whether the client was seen to leave before the answer.
  ///
  /// A reset is seen at once. Where a client ends what it sends, an interim answer shows whether it has closed the
  /// connection, or only its half and waits for its answer; a client of HTTP/1.0 is taken to wait.
  public var isDisconnected: Bool { ch_exchange_is_disconnected(handle) }

  /// Calls `action` once when the client leaves before the answer, on a thread of the server, where it must return at
  /// once; or right now where the client has left. Takes the place of an earlier action. It must not hold this exchange.
  public func onDisconnect(_ action: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(Box(action))
    ch_exchange_on_disconnect(
      handle,
      { context in
        guard let context else { return }
        Unmanaged<Box<@Sendable () -> Void>>.fromOpaque(context).takeUnretainedValue().value()
      }, Box<@Sendable () -> Void>.release, context.toOpaque())
  }
}
