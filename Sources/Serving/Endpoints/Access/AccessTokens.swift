import Files
import Synchronization

/// Those who may ask for different things.
package enum AccessGroup: String, Hashable, Sendable, CaseIterable {
  /// Inference, and all that is read of models.
  case inference
  /// What is measured.
  case metrics
  /// Models loaded and unloaded.
  case administration
}

/// Tokens that cannot be used.
package enum AccessError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file has no line with a token.
  case noToken(path: String)
  /// A token is too short to keep anyone out, or has what a header cannot carry.
  case unusableToken(path: String)

  /// One sentence naming the file, what is wrong and the fix.
  package var description: String {
    switch self {
    case .noToken(let path):
      "'\(path)' has no token: write one a line, such as what `openssl rand -hex 32` prints"
    case .unusableToken(let path):
      "a token in '\(path)' has fewer than \(AccessTokens.leastLength) characters, or others than letters, digits and "
        + "-._~+/=: write what `openssl rand -hex 32` prints"
    }
  }
}

/// The bearer tokens that each group takes; a group without tokens of its own takes those of inference, and where these are not
/// there either, everyone.
package struct AccessTokens: Sendable {
  /// The fewest characters of a token.
  static let leastLength = 16

  /// Of each token, its SHA-256: of equal length whatever the token's, which is then not told by the time of comparing.
  private var digests: [AccessGroup: [[UInt8]]] = [:]

  /// Everyone may ask for everything.
  package init() {}

  /// Reads files of tokens, one a line.
  ///
  /// - Throws: `AccessError`, or `FileError` where a file cannot be read.
  package init(files: [AccessGroup: String]) throws {
    for (group, path) in files {
      let file = try MappedFile(path: path)
      let text = file.withBytes { String(decoding: $0, as: UTF8.self) }
      try add(text.split(whereSeparator: \.isNewline).map(String.init), to: group, source: path)
    }
  }

  /// Takes tokens for a group, beside those that it has.
  ///
  /// - Parameter source: Where they are from, for the error.
  /// - Throws: `AccessError`.
  package mutating func add(
    _ lines: [String], to group: AccessGroup, source: String
  ) throws(AccessError) {
    let tokens = lines.map(Self.trimmed).filter { !$0.isEmpty }
    guard !tokens.isEmpty else { throw .noToken(path: source) }
    guard tokens.allSatisfy(Self.isUsable) else { throw .unusableToken(path: source) }
    digests[group, default: []] += tokens.map(Self.digest)
  }

  private static func isUsable(_ token: String) -> Bool {
    // RFC 6750, section 2.1.
    token.utf8.count >= leastLength
      && token.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "-._~+/=".unicodeScalars.contains(scalar))
      }
  }

  private static func trimmed(_ text: String) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }

  private static func digest(_ token: String) -> [UInt8] {
    var bytes = Array(token.utf8)
    return bytes.withUnsafeMutableBytes { Array(sha256(of: UnsafeRawBufferPointer($0)).utf8) }
  }

  /// Whether a request may be answered.
  ///
  /// - Parameter authorization: The header Authorization.
  package func permits(_ group: AccessGroup, authorization: String?) -> Bool {
    guard let known = digests[group] ?? digests[.inference] else { return true }
    let scheme = "bearer "
    guard let authorization, authorization.utf8.count > scheme.utf8.count,
      authorization.prefix(scheme.count).lowercased() == scheme
    else { return false }
    let given = Self.digest(Self.trimmed(String(authorization.dropFirst(scheme.count))))
    // All are compared to their ends, so that the time gives nothing away.
    var isKnown = false
    for digest in known {
      var difference: UInt8 = 0
      for (one, other) in zip(digest, given) { difference |= one ^ other }
      isKnown = difference == 0 || isKnown
    }
    return isKnown
  }

  /// Whether anyone may ask for inference.
  package var areMissing: Bool { digests[.inference] == nil }
}
