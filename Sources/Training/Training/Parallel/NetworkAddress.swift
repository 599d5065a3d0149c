#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// This host's addresses, as other hosts see them.
enum NetworkAddress {
  /// Why a name has no address.
  struct Unresolvable: Error {
    let reason: String
  }

  /// The address from which packets to `host` leave this host, such as "10.0.0.7"; nil where there is no way to it.
  ///
  /// Nothing is sent.
  static func local(towards host: String, port: Int) throws(Unresolvable) -> String? {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    #else
      hints.ai_socktype = SOCK_DGRAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, "\(port)", &hints, &list)
    guard status == 0, let list else {
      throw Unresolvable(reason: String(cString: gai_strerror(status)))
    }
    defer { freeaddrinfo(list) }
    var next: UnsafeMutablePointer<addrinfo>? = list
    while let info = next?.pointee {
      if let address = local(towards: info) { return address }
      next = info.ai_next
    }
    return nil
  }

  private static func local(towards info: addrinfo) -> String? {
    let descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { return nil }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var text = [CChar](repeating: 0, count: 1025)
    let isNamed = withUnsafeMutableBytes(of: &storage) { bytes in
      guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
        return false
      }
      return getsockname(descriptor, address, &length) == 0
        && getnameinfo(
          address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
    }
    guard isNamed else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether no other host reaches it.
  static func isLoopback(_ address: String) -> Bool {
    address.hasPrefix("127.") || address == "::1"
  }
}
