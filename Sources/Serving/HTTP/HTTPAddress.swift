#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a server listens.
public enum HTTPAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host's name or number, and a port; 0 lets the system choose one.
  case tcp(host: String, port: UInt16)
  /// A Unix socket, whose file is made, and removed when the server stops. One that no process listens at is replaced.
  case unix(path: String)
  /// A socket of this process that listens already; the server takes it over, and closes it at the end.
  case inherited(descriptor: Int32)

  /// As in `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/consort.sock`.
  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    case .inherited(let descriptor): "descriptor \(descriptor)"
    }
  }

  /// Reads `host:port`, `[host]:port` with a host of colons, or `unix:path`; nil where it is none of them.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = text.dropFirst(5)
      guard !path.isEmpty else { return nil }
      self = .unix(path: String(path))
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self = .tcp(host: String(host), port: port)
  }

  /// The socket that systemd's socket activation hands over; nil where there is none. The variables that say so are
  /// removed, so that no child takes it for its own.
  ///
  /// - Throws: `HTTPError.severalSockets` where there are more than one.
  ///
  /// Source: sd_listen_fds(3).
  public static func activated() throws(HTTPError) -> HTTPAddress? {
    let names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    var variables: [String: String] = [:]
    for name in names { variables[name] = getenv(name).map { String(cString: $0) } }
    defer { for name in names { unsetenv(name) } }
    return try activated(variables: variables, process: getpid())
  }

  static func activated(
    variables: [String: String], process: pid_t
  ) throws(HTTPError) -> HTTPAddress? {
    guard let receiver = variables["LISTEN_PID"].flatMap({ pid_t($0) }), receiver == process,
      let count = variables["LISTEN_FDS"].flatMap({ Int($0) }), count > 0
    else { return nil }
    guard count == 1 else { throw .severalSockets(count: count) }
    // The first after standard input, output and error.
    return .inherited(descriptor: 3)
  }
}
