import CHTTP

/// Where a server listens, whether it speaks TLS, and what it lets clients do.
public struct HTTPConfiguration: Sendable {
  /// Where the server listens.
  public var address: HTTPAddress
  /// What the server proves to be with; nil serves plain HTTP.
  public var certificate: HTTPCertificate?
  /// Threads that read requests and write answers; handlers' work is not theirs. Two serve tens of thousands of small
  /// requests a second, which is more than models can answer, and leave the cores to these.
  public var ioThreads = 2
  /// What a client may ask for.
  public var limits = HTTPLimits()

  /// Serves at `address`, with TLS where a certificate is given.
  public init(address: HTTPAddress, certificate: HTTPCertificate? = nil) {
    self.address = address
    self.certificate = certificate
  }
}

/// PEM files: the server's certificate with those of its issuers, and its key, without a pass phrase.
public struct HTTPCertificate: Hashable, Sendable {
  /// The server's certificate first.
  public var chainPath: String
  /// The key of the first certificate.
  public var keyPath: String

  /// Names the files; they are read when the server starts, and by `HTTPServer.reloadCertificate()`.
  public init(chainPath: String, keyPath: String) {
    self.chainPath = chainPath
    self.keyPath = keyPath
  }
}

/// What clients may ask for, so that none of them, nor all together, keep the server from the others.
///
/// Whatever is beyond a limit gets the status named, with `{"error": …}`, and its connection is closed.
public struct HTTPLimits: Hashable, Sendable {
  /// Bytes of a request's line and headers: 431. 32 KiB hold the longest tokens and traces that proxies add; nginx
  /// allows as much.
  public var headBytes = 32 * 1024
  /// Headers of a request: 431. Clients send 5 to 20, proxies add a few.
  public var headerCount = 100
  /// Bytes of a request's target: 414. RFC 9112, section 3, recommends 8000 at least.
  public var targetBytes = 8192
  /// Bytes of a request's body: 413, before it is read where its length is declared. As Triton's 64 MiB: 111 images
  /// `[3, 224, 224]` of float32.
  public var bodyBytes = 64 * 1024 * 1024
  /// Chunks of a chunked body: 413. As Triton's 65,536; chunks of a byte cost more work than they bring.
  public var chunkCount = 65_536
  /// Connections at once: 503. The connection is accepted and told so, because a client left in the system's queue learns
  /// only from its own time limit that it should ask elsewhere; beyond 128 that are being told, it is left there. Each
  /// takes a descriptor and about 6 KiB; where the system allows fewer descriptors, it is as many as they allow.
  public var connectionCount = 8192
  /// Bytes of the bodies of all requests that are read or worked on: 503 with `Retry-After`. Sixteen of the largest.
  public var heldBytes = 1024 * 1024 * 1024
  /// Seconds from the first byte of a request to the end of its head, and for a TLS handshake: 408. A head is one packet
  /// or two; only what wants to keep a connection busy takes longer.
  public var headSeconds = 10.0
  /// Seconds for a request's body, and a second more for each `bytesPerSecond`: 408. For slow starts of slow links.
  public var bodySeconds = 30.0
  /// Seconds for a client to take an answer, and a second more for each `bytesPerSecond`; then the connection is closed.
  public var writeSeconds = 30.0
  /// Bytes a second that the slowest client takes and sends in the long run. 64 KiB are a bad mobile link; one byte now
  /// and then is an attack.
  public var bytesPerSecond = 64 * 1024
  /// Seconds that a connection stays open without a request. More than the 60 s of most proxies, which else send a request
  /// into a connection that is just being closed; KServe uses 65 too.
  public var idleSeconds = 65.0
  /// Seconds in which a client can read the last answer of a connection, while what it still sends is thrown away: if the
  /// connection were closed at once, the answer would be lost with it.
  public var lingerSeconds = 2.0

  /// The limits that fit most.
  public init() {}

  var foreign: ch_limits {
    func count(_ value: Int) -> UInt64 { UInt64(max(1, value)) }
    return ch_limits(
      head_bytes: count(headBytes), headers: count(headerCount), target_bytes: count(targetBytes),
      body_bytes: count(bodyBytes), chunks: count(chunkCount), connections: count(connectionCount),
      // Else the largest body would never be taken.
      held_bytes: count(max(heldBytes, bodyBytes)), head_seconds: headSeconds,
      body_seconds: bodySeconds, write_seconds: writeSeconds,
      bytes_per_second: count(bytesPerSecond), idle_seconds: idleSeconds,
      linger_seconds: lingerSeconds)
  }
}
