import Inference

/// A model on another server, and what is to be known of it that the server does not say.
package struct WorkerAddress: Hashable, Sendable, CustomStringConvertible {
  /// The model's path there: `http://host:port/v2/models/NAME`, perhaps with `/versions/V`.
  package let url: String
  /// Which of its inputs takes the images; nil for the one that fits.
  package var input: String?
  /// Which of its outputs holds the classes; nil for the one that the proof finds right.
  package var output: String?
  /// What that output is; nil for what the proof finds right.
  package var outputKind: ImageModel.OutputKind?

  /// Reads a URL: of a model, or of a server alone, whose model is then called as the member is.
  ///
  /// - Throws: `PlacementError.badURL`.
  package init(_ text: String, member: String) throws(PlacementError) {
    let scheme = ["http://", "https://"].first { text.lowercased().hasPrefix($0) }
    guard let scheme else { throw .badURL(text, reason: "it must begin with http:// or https://") }
    var rest = text.dropFirst(scheme.count)
    while rest.last == "/" { rest.removeLast() }
    guard rest.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
      throw .badURL(text, reason: "write what is not ASCII, and spaces, as %XX")
    }
    guard !rest.contains("?"), !rest.contains("#") else {
      throw .badURL(text, reason: "it must end with its path, without '?' and '#'")
    }
    let host = rest.prefix { $0 != "/" }
    guard !host.contains("@") else {
      // Not repeated in the error, which is printed.
      throw .badURL("\(scheme)…", reason: "it has a name or password: give a token instead")
    }
    guard !host.isEmpty, !host.hasPrefix(":") else { throw .badURL(text, reason: "it has no host") }
    var path = rest.dropFirst(host.count)
    let isModel = path.contains("/v2/models/")
    // A server alone is also written with the beginning of its models' paths.
    if let end = ["/v2/models", "/v2"].first(where: path.hasSuffix), !isModel {
      path.removeLast(end.count)
    }
    url = scheme + host + path + (isModel ? "" : "/v2/models/\(Self.percentEncoded(member))")
  }

  package var description: String { url }

  private static func percentEncoded(_ name: String) -> String {
    name.utf8.map { byte in
      let isPlain =
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 && byte < 0x80
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-._~".utf8.contains(byte)
      if isPlain { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16, uppercase: true)
      return "%" + (digits.count < 2 ? "0" : "") + digits
    }.joined()
  }
}
