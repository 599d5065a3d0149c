import CHTTP

/// A server that cannot start, or certificates that it cannot use.
public enum HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Something else listens at the address.
  case addressInUse(address: String)
  /// This process may not listen at the address.
  case permissionDenied(address: String)
  /// The address is none of this machine's, or no socket that listens.
  case unusableAddress(address: String, reason: String)
  /// The certificates or the key cannot be used; the reason names the file.
  case unusableCertificate(reason: String)
  /// More than one socket was handed over by socket activation.
  case severalSockets(count: Int)
  /// The system has no socket, thread or memory.
  case cannotListen(address: String, reason: String)

  /// One sentence naming the address or the file, what is wrong and the fix.
  public var description: String {
    switch self {
    case .addressInUse(let address):
      "cannot listen at '\(address)': it is in use; stop what listens there, or choose another address"
    case .permissionDenied(let address):
      "cannot listen at '\(address)': permission denied; choose a port above 1023, or a directory that you may write to"
    case .unusableAddress(let address, let reason):
      "cannot listen at '\(address)': \(reason); give an address of this machine, such as 127.0.0.1:8080"
    case .unusableCertificate(let reason):
      "cannot serve TLS with \(reason); give PEM files, the key without a pass phrase"
    case .severalSockets(let count):
      "\(count) sockets were handed over (LISTEN_FDS): give one, with a single Listen... line in the .socket file"
    case .cannotListen(let address, let reason):
      "cannot listen at '\(address)': \(reason)"
    }
  }

  init(_ status: ch_status, address: HTTPAddress) {
    let reason = String(cString: ch_last_error())
    self =
      switch status {
      case CH_ADDRESS_IN_USE: .addressInUse(address: address.description)
      case CH_PERMISSION_DENIED: .permissionDenied(address: address.description)
      case CH_BAD_ADDRESS: .unusableAddress(address: address.description, reason: reason)
      case CH_BAD_CERTIFICATE: .unusableCertificate(reason: reason)
      default: .cannotListen(address: address.description, reason: reason)
      }
  }
}
