import CHTTP
import Foundation
import ServingTestSupport
import TestSupport
import Testing

@testable import HTTP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a server listens, and what is said where it cannot.
@Suite struct AddressTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test func addressesAreRead() {
    #expect(HTTPAddress("127.0.0.1:80") == .tcp(host: "127.0.0.1", port: 80))
    #expect(HTTPAddress("localhost:0") == .tcp(host: "localhost", port: 0))
    #expect(HTTPAddress("[::1]:8080") == .tcp(host: "::1", port: 8080))
    #expect(HTTPAddress("unix:/a b/c:1") == .unix(path: "/a b/c:1"))
    for text in ["", ":80", "host", "host:", "host:65536", "host:-1", "::1:80", "unix:", "[]:80"] {
      #expect(HTTPAddress(text) == nil, "\(text)")
    }
    for text in ["127.0.0.1:80", "[::1]:8080", "unix:/a/b"] {
      #expect(HTTPAddress(text)?.description == text)
    }
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let first = try TestServer()
    let address = HTTPAddress.tcp(host: "127.0.0.1", port: try #require(first.port))
    #expect(throws: HTTPError.addressInUse(address: address.description)) {
      _ = try TestServer(at: address)
    }
    // Free again at once, also where a connection was served there.
    let client = try first.client()
    try client.send(Self.get)
    #expect(try client.response().status == 200)
    first.server.stop(within: 0)
    let second = try TestServer(at: address)
    #expect(second.port == first.port)
  }

  @Test(arguments: ["192.0.2.1", "no-such-host.invalid"])
  func addressesOfOtherMachines(host: String) throws {
    let error = #expect(throws: HTTPError.self) {
      _ = try TestServer(at: .tcp(host: host, port: 0))
    }
    guard case .unusableAddress("\(host):0", let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!reason.isEmpty)
  }

  @Test func namesAreResolved() throws {
    let server = try TestServer(at: .tcp(host: "localhost", port: 0))
    #expect(server.port != nil)
  }

  @Test func aUnixSocketIsServedAndRemoved() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let server = try TestServer(at: .unix(path: path))
    #expect(server.port == nil)
    let client = try RawClient(path: path)
    try client.send(Self.get)
    #expect(try client.response().text == "GET / ")
    server.server.stop(within: 0)
    #expect(try directory.names().isEmpty)
  }

  @Test func aSocketThatIsListenedAtIsRefused() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let server = try TestServer(at: .unix(path: path))
    #expect(throws: HTTPError.addressInUse(address: "unix:\(path)")) {
      _ = try TestServer(at: .unix(path: path))
    }
    let client = try RawClient(path: path)
    try client.send(Self.get)
    #expect(try client.response().text == "GET / ")
    server.server.stop(within: 0)
  }

  @Test func aStaleSocketIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    _ = try listening(at: path).map { close($0) }
    #expect(try directory.names() == ["socket"])
    let server = try TestServer(at: .unix(path: path))
    let client = try RawClient(path: path)
    try client.send(Self.get)
    #expect(try client.response().text == "GET / ")
    server.server.stop(within: 0)
    #expect(try directory.names().isEmpty)
  }

  /// The one that took the path meanwhile keeps it.
  @Test func anotherServersSocketIsLeft() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let first = try TestServer(at: .unix(path: path))
    unlink(path)
    let second = try TestServer(at: .unix(path: path))
    first.server.stop(within: 0)
    #expect(try directory.names() == ["socket"])
    second.server.stop(within: 0)
    #expect(try directory.names().isEmpty)
  }

  @Test func aFileThatIsNoSocketIsLeft() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write([1, 2, 3], to: "file")
    #expect(throws: HTTPError.addressInUse(address: "unix:\(path)")) {
      _ = try TestServer(at: .unix(path: path))
    }
    #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
  }

  #if os(Linux)
    /// Nobody may make a file in sysfs, root included.
    @Test func placesThatMayNotBeWrittenTo() {
      let path = "/sys/consort-test-socket"
      #expect(throws: HTTPError.permissionDenied(address: "unix:\(path)")) {
        _ = try TestServer(at: .unix(path: path))
      }
    }
  #endif

  @Test func pathsThatCannotBe() throws {
    let directory = try TemporaryDirectory()
    let long = directory.path + "/" + String(repeating: "a", count: 200)
    for path in [long, "\(directory.path)/no/such/directory"] {
      let error = #expect(throws: HTTPError.self) { _ = try TestServer(at: .unix(path: path)) }
      guard case .unusableAddress("unix:\(path)", _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func aSocketThatIsHandedOverIsServed() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let descriptor = try #require(try listening(at: path))
    let server = try TestServer(at: .inherited(descriptor: descriptor))
    let client = try RawClient(path: path)
    try client.send(Self.get)
    #expect(try client.response().text == "GET / ")
    server.server.stop(within: 0)
    // The file belongs to who made it.
    #expect(try directory.names() == ["socket"])
  }

  @Test func descriptorsThatDoNotListen() throws {
    let unbound = socket(AF_UNIX, streamSocket, 0)
    defer { close(unbound) }
    for descriptor in [unbound, 1_000_000] {
      #expect(throws: HTTPError.self) {
        _ = try TestServer(at: .inherited(descriptor: descriptor))
      }
    }
  }

  @Test func activationIsForTheProcessNamed() throws {
    func activated(_ process: String?, _ count: String?) throws -> HTTPAddress? {
      try HTTPAddress.activated(
        variables: ["LISTEN_PID": process, "LISTEN_FDS": count].compactMapValues { $0 }, process: 7)
    }
    #expect(try activated("7", "1") == .inherited(descriptor: 3))
    #expect(try activated("8", "1") == nil)
    #expect(try activated(nil, "1") == nil)
    #expect(try activated("7", nil) == nil)
    #expect(try activated("7", "0") == nil)
    #expect(try activated("seven", "x") == nil)
    #expect(throws: HTTPError.severalSockets(count: 2)) { try activated("7", "2") }
  }

  @Test func errorsSayWhatToDo() {
    let errors: [HTTPError: String] = [
      .addressInUse(address: "a:1"): "choose another address",
      .permissionDenied(address: "a:1"): "choose a port above 1023",
      .unusableAddress(address: "a:1", reason: "why"): "why; give an address",
      .unusableCertificate(reason: "why"): "with why; give PEM files",
      .severalSockets(count: 2): "2 sockets",
      .cannotListen(address: "a:1", reason: "why"): "'a:1': why",
    ]
    for (error, text) in errors { #expect(error.description.contains(text)) }
  }

  /// A socket that listens at `path`.
  private func listening(at path: String) throws -> Int32? {
    let descriptor = socket(AF_UNIX, streamSocket, 0)
    var address = sockaddr_un(path: path)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return status == 0 && listen(descriptor, 5) == 0 ? descriptor : nil
  }
}

/// In processes of their own, where no other test holds a handle.
@Suite struct LeakTests {
  @Test func handlesGoWithTheirOwners() async {
    await #expect(processExitsWith: .success) {
      func use() throws {
        let server = try TestServer()
        for _ in 0..<3 {
          let client = try server.client()
          try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n")
          #expect(try client.response().status == 200)
          #expect(try client.response().status == 400)
        }
        #expect(ch_live_handles() > 0)
        server.server.stop(within: 10)
      }
      for _ in 0..<3 { try use() }
      #expect(ch_live_handles() == 0)
    }
  }
}
