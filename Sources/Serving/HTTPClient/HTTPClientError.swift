import CHTTPClient

/// A request that got no answer, or a client that cannot start.
package enum HTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No URL of http or https, or one with a name and password.
  case unusableURL(reason: String)
  /// The host's name has no address.
  case unknownHost(reason: String)
  /// Nothing answers there: refused, unreachable, or no connection in time.
  case unreachable(reason: String)
  /// The certificate is not trusted, or there is no TLS.
  case untrusted(reason: String)
  /// Connected, and no whole answer in time.
  case timedOut(reason: String)
  /// The answer has more bytes than were wanted.
  case tooLarge
  /// The connection ended before the answer did, or it is no HTTP.
  case broken(reason: String)
  /// It was ended by the one who sent it.
  case cancelled
  /// The client's end came before the answer.
  case stopped
  /// The authorities' certificates cannot be read.
  case unreadableAuthorities(reason: String)
  /// The system has no thread or memory.
  case system(reason: String)

  /// What went wrong; without the URL.
  package var description: String {
    switch self {
    case .unusableURL(let reason), .unknownHost(let reason), .unreachable(let reason),
      .timedOut(let reason), .broken(let reason), .system(let reason):
      reason
    case .untrusted(let reason): "TLS: \(reason)"
    case .tooLarge: "the answer is too large"
    case .cancelled: "cancelled"
    case .stopped: "stopped"
    case .unreadableAuthorities(let reason): "certificates: \(reason); give a PEM file"
    }
  }

  init(_ status: cc_status, _ reason: String) {
    self =
      switch status {
      case CC_BAD_URL: .unusableURL(reason: reason)
      case CC_UNKNOWN_HOST: .unknownHost(reason: reason)
      case CC_CANNOT_CONNECT: .unreachable(reason: reason)
      case CC_UNTRUSTED: .untrusted(reason: reason)
      case CC_TIMED_OUT: .timedOut(reason: reason)
      case CC_TOO_LARGE: .tooLarge
      case CC_BROKEN: .broken(reason: reason)
      case CC_CANCELLED: .cancelled
      case CC_STOPPED: .stopped
      case CC_BAD_CERTIFICATES: .unreadableAuthorities(reason: reason)
      default: .system(reason: reason)
      }
  }
}
