import Compression

/// How a body is compressed, by HTTP's names.
package enum ContentCoding: String, Hashable, Sendable, CaseIterable {
  /// Not at all.
  case identity
  /// RFC 1952.
  case gzip
  /// RFC 1950, which is zlib's own format.
  case deflate

  /// Reads the header Content-Encoding; nil for one that is not there.
  ///
  /// - Throws: `ProtocolError.unknownEncoding`, also for several encodings.
  package init(contentEncoding: String?) throws(ProtocolError) {
    let name = (contentEncoding ?? "").trimmed.lowercased()
    switch name {
    case "", "identity": self = .identity
    case "gzip", "x-gzip": self = .gzip
    case "deflate": self = .deflate
    default: throw .unknownEncoding(name)
    }
  }

  /// What an answer may be compressed by, from the header Accept-Encoding: the coding with the greatest weight, of equal ones gzip. A
  /// client that sends no header, or only codings of others, gets `identity`.
  ///
  /// Only successful answers to inference are to be compressed: tritonclient's asynchronous client decompresses no others.
  package init(acceptEncoding: String?) {
    var best = (weight: 0.0, coding: ContentCoding.identity)
    for entry in (acceptEncoding ?? "").split(separator: ",") {
      let parts = entry.split(separator: ";").map { String($0).trimmed.lowercased() }
      guard let name = parts.first else { continue }
      let weight = Self.weight(parts.dropFirst())
      let coding: ContentCoding
      switch name {
      case "gzip", "x-gzip", "*": coding = .gzip
      case "deflate": coding = .deflate
      case "identity": coding = .identity
      default: continue
      }
      if weight > best.weight || (weight == best.weight && weight > 0 && coding == .gzip) {
        best = (weight, coding)
      }
    }
    self = best.coding
  }

  private static func weight(_ parameters: ArraySlice<String>) -> Double {
    for parameter in parameters where parameter.hasPrefix("q=") {
      return Double(parameter.dropFirst(2)).flatMap { 0...1 ~= $0 ? $0 : nil } ?? 0
    }
    return 1
  }

  private var format: Compression.Format? {
    switch self {
    case .identity: nil
    case .gzip: .gzip
    case .deflate: .zlib
    }
  }

  /// The body without its compression.
  ///
  /// - Parameter limit: The most bytes that it may have then.
  /// - Throws: `ProtocolError.bodyTooLarge` or `.damagedBody`.
  package func decoded(_ body: TensorBytes, limit: Int) throws(ProtocolError) -> TensorBytes {
    guard let format else {
      guard body.count <= limit else { throw .bodyTooLarge(limit: limit) }
      return body
    }
    do throws(Compression.Failure) {
      return try body.withBytes { (bytes) throws(Compression.Failure) in
        TensorBytes(copying: try Compression.decompress(bytes, format, limit: limit))
      }
    } catch {
      switch error {
      case .damaged: throw .damagedBody(encoding: rawValue)
      case .tooLarge(let limit): throw .bodyTooLarge(limit: limit)
      case .noMemory: throw .overloaded(retryAfterSeconds: 1)
      }
    }
  }

  /// The body, compressed; nil where there is no memory for it, upon which it is sent as it is.
  package func encoded(_ body: [UInt8]) -> [UInt8]? {
    guard let format else { return body }
    return body.withUnsafeBytes { bytes in try? Compression.compress(bytes, format) }
  }
}

extension String {
  /// Without the space that HTTP allows around values.
  fileprivate var trimmed: String {
    String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
