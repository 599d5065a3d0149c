import CCrypto

/// A hash over bytes given piece by piece, computed by OpenSSL.
private final class Digest {
  private let context = EVP_MD_CTX_new()

  init(_ algorithm: OpaquePointer?) {
    let status = EVP_DigestInit_ex(context, algorithm, nil)
    precondition(status == 1, "OpenSSL lacks a standard digest")
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    EVP_DigestFinal_ex(context, &bytes, &count)
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}

/// SHA-256, for fingerprints and checksums.
public struct SHA256Hasher: ~Copyable {
  private let digest = Digest(EVP_sha256())

  /// Starts an empty hash.
  public init() {}

  /// Adds `bytes`.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { digest.update(bytes) }

  /// Adds the UTF-8 of `text`.
  public mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
  }

  /// Returns the hash of all bytes given, in lower-case hexadecimal.
  public consuming func finish() -> String { digest.finish() }
}

/// The name that Git gives to a file of these bytes: a SHA-1, in lower-case hexadecimal.
public func gitBlobHash(of bytes: UnsafeRawBufferPointer) -> String {
  let digest = Digest(EVP_sha1())
  Array("blob \(bytes.count)\0".utf8).withUnsafeBytes { digest.update($0) }
  digest.update(bytes)
  return digest.finish()
}

/// The SHA-256 of `bytes`, in lower-case hexadecimal.
public func sha256(of bytes: UnsafeRawBufferPointer) -> String {
  var hasher = SHA256Hasher()
  hasher.update(bytes)
  return hasher.finish()
}
