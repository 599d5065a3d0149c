import CHTTP

/// What a client asks for, but for the body.
public struct HTTPRequest: Sendable {
  /// As the client wrote it, such as `GET`.
  public let method: String
  /// As the client wrote it: a path with a query, `*`, or an address with scheme and host.
  public let target: String
  /// What stands between the path's slashes, percent-decoded one by one, so that a name may have a slash in it: `[]` for
  /// `/`, `["v2", "models", "a/b"]` for `/v2/models/a%2Fb`, `["v2", ""]` for `/v2/`.
  public let pathSegments: [String]
  /// What follows the question mark, as the client wrote it; nil without one.
  public let query: String?
  /// HTTP's minor version: 0 or 1.
  public let minorVersion: Int
  /// All headers, in their order.
  public let headers: HTTPHeaders
  /// The client's address, such as `127.0.0.1:50312`; `unix` at a Unix socket.
  public let peer: String

  /// The pairs of the query, percent-decoded; a key without `=` has the value "".
  public var queryItems: [(key: String, value: String)] {
    (query ?? "").split(separator: "&").compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let decoded = parts.map { percentDecoded($0.replacing("+", with: " ")) }
      guard let key = decoded[0], let value = decoded.count > 1 ? decoded[1] : "" else {
        return nil
      }
      return (key, value)
    }
  }
}

extension HTTPRequest {
  /// Reads a request; nil where its path is not UTF-8.
  init?(_ handle: ch_exchange) {
    let target = String(ch_exchange_target(handle))
    let (path, query) = Self.parts(of: target)
    guard let segments = Self.segments(of: path) else { return nil }
    self.init(
      method: String(ch_exchange_method(handle)), target: target, pathSegments: segments,
      query: query.map { String($0) }, minorVersion: Int(ch_exchange_version(handle)) % 10,
      headers: HTTPHeaders(handle), peer: String(ch_exchange_peer(handle)))
  }

  /// Stands in for a request that is refused.
  static let unreadable = HTTPRequest(
    method: "", target: "", pathSegments: [], query: nil, minorVersion: 1,
    headers: HTTPHeaders([]), peer: "")

  /// Path and query of a target, without scheme and host.
  private static func parts(of target: String) -> (path: Substring, query: Substring?) {
    var rest = target[...]
    if !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") {
      rest = target[scheme.upperBound...]
      rest = rest[(rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex)...]
    }
    guard let mark = rest.firstIndex(of: "?") else { return (rest, nil) }
    return (rest[..<mark], rest[rest.index(after: mark)...])
  }

  private static func segments(of path: Substring) -> [String]? {
    guard path.hasPrefix("/"), path != "/" else { return [] }
    var segments: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let segment = percentDecoded(part) else { return nil }
      segments.append(segment)
    }
    return segments
  }
}

/// The text with `%20` and its like replaced; nil where that is not UTF-8, or a percent sign stands alone.
private func percentDecoded(_ text: some StringProtocol) -> String? {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
  var bytes: [UInt8] = []
  var rest = text.utf8[...]
  while let byte = rest.popFirst() {
    if byte == UInt8(ascii: "%") {
      guard let high = rest.popFirst().flatMap(hexValue),
        let low = rest.popFirst().flatMap(hexValue)
      else { return nil }
      bytes.append(high << 4 | low)
    } else {
      bytes.append(byte)
    }
  }
  return String(validating: bytes, as: UTF8.self)
}

private func hexValue(_ digit: UInt8) -> UInt8? {
  switch digit {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
  default: nil
  }
}

extension String {
  /// What is not UTF-8 is replaced.
  init(_ bytes: ch_bytes) {
    let buffer = UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.count)
    self.init(decoding: buffer, as: UTF8.self)
  }
}
