import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A connection of which each byte is the test's own.
package final class RawClient {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
    init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
  }

  private let descriptor: Int32
  private var unread: [UInt8] = []
  /// Lives as long as this client: the server.
  package var server: AnyObject?

  /// Connects to a port of this machine.
  package init(port: UInt16?) throws {
    descriptor = socket(AF_INET, streamSocket, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = (port ?? 0).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    try connect(to: &address)
  }

  /// Connects to a Unix socket.
  package init(path: String) throws {
    descriptor = socket(AF_UNIX, streamSocket, 0)
    var address = sockaddr_un(path: path)
    try connect(to: &address)
  }

  private func connect<Address>(to address: inout Address) throws {
    // A server that never answers fails the test, and does not stop it.
    var limit = timeval(tv_sec: 600, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #if canImport(Darwin)
          Darwin.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
        #else
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
        #endif
      }
    }
    guard status == 0 else { throw Failure("connect") }
  }

  deinit { close(descriptor) }

  /// Sends all bytes.
  package func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { rest in
        #if canImport(Darwin)
          Darwin.send(descriptor, rest.baseAddress, rest.count, 0)
        #else
          Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        #endif
      }
      guard count > 0 else { throw Failure("send") }
      sent += count
    }
  }

  package func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// Ends what is sent; the answer can still be read.
  package func shutDownWriting() { shutdown(descriptor, Int32(shutdownWrite)) }

  /// Closes the connection with a reset.
  package func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    // The number is not given to another until `deinit`.
    let other = socket(AF_UNIX, streamSocket, 0)
    dup2(other, descriptor)
    close(other)
  }

  /// Makes the system take few bytes that are not read.
  package func shrinkReceiveBuffer() {
    var size: Int32 = 4096
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }

  /// The bytes that come next; empty at the end.
  private func receive() throws -> [UInt8] {
    if !unread.isEmpty {
      defer { unread = [] }
      return unread
    }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    guard count >= 0 else { throw Failure("recv") }
    return Array(bytes.prefix(count))
  }

  /// All bytes until the server ends the connection.
  package func readToEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try receive()
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// Whether nothing more comes.
  package func isAtEnd() throws -> Bool {
    let bytes = try receive()
    unread = bytes
    return bytes.isEmpty
  }

  /// The next answer, interim ones too.
  package func response(toHead: Bool = false) throws -> RawResponse {
    var bytes: [UInt8] = []
    let end = Array("\r\n\r\n".utf8)
    while true {
      let more = try receive()
      guard !more.isEmpty else {
        throw RawResponse.Malformed(text: String(decoding: bytes, as: UTF8.self))
      }
      bytes += more
      guard let head = bytes.firstRange(of: end) else { continue }
      var response = try RawResponse(
        head: String(decoding: bytes[..<head.upperBound], as: UTF8.self))
      let length = toHead ? 0 : Int(response["Content-Length"] ?? "0") ?? 0
      guard bytes.count >= head.upperBound + length else { continue }
      response.body = Array(bytes[head.upperBound..<head.upperBound + length])
      unread = Array(bytes[(head.upperBound + length)...])
      return response
    }
  }
}

/// An answer as it came.
package struct RawResponse {
  package struct Malformed: Error {
    package let text: String
  }

  /// The status.
  package let status: Int
  /// The headers, in order.
  package let fields: [(name: String, value: String)]
  /// The body.
  package var body: [UInt8] = []

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The first value of a header.
  package subscript(name: String) -> String? {
    fields.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// Reads a head, which ends with an empty line.
  package init(head: String) throws {
    var lines = head.components(separatedBy: "\r\n").dropLast(2)
    let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
      throw Malformed(text: head)
    }
    self.status = status
    fields = try lines.map { line in
      guard let colon = line.firstRange(of: ": ") else { throw Malformed(text: head) }
      return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
    }
  }
}

#if canImport(Darwin)
  package let streamSocket = SOCK_STREAM
  private let shutdownWrite = SHUT_WR
#else
  package let streamSocket = Int32(SOCK_STREAM.rawValue)
  private let shutdownWrite = SHUT_WR
#endif

extension sockaddr_un {
  package init(path: String) {
    self.init()
    sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
  }
}
