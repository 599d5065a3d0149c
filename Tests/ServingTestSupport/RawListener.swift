import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A server that answers whatever is asked with the same bytes, once a connection, and closes it.
package final class RawListener: Sendable {
  package struct Failure: Error {}

  private let descriptor: Int32
  /// Where it listens.
  package let port: UInt16

  /// Begins to listen.
  package init(answer: String) throws {
    let descriptor = socket(AF_INET, streamSocket, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound else { throw Failure() }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
    let bytes = Array(answer.utf8)
    Thread.detachNewThread {
      while true {
        let client = accept(descriptor, nil, nil)
        guard client >= 0 else { return }
        var request = [UInt8](repeating: 0, count: 65536)
        _ = recv(client, &request, request.count, 0)
        _ = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, 0) }
        shutdown(client, Int32(SHUT_WR))
        // What is still being sent must not make the system reset the connection before the answer was read.
        while recv(client, &request, request.count, 0) > 0 {}
        close(client)
      }
    }
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }
}
