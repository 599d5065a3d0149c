/// What a hub says of a file: the head of its answer to a request for it.
struct HubAnswer {
  let status: Int
  private let fields: [String: String]

  /// - Parameter text: Heads of answers, of which the last counts.
  init?(_ text: String) {
    let lines = text.split(whereSeparator: \.isNewline)
    guard let start = lines.lastIndex(where: { $0.hasPrefix("HTTP/") }) else { return nil }
    let words = lines[start].split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else { return nil }
    self.status = status
    var fields: [String: String] = [:]
    for line in lines[(start + 1)...] {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      fields[line[..<colon].lowercased()] = String(value.reversed().drop { $0 == " " }.reversed())
    }
    self.fields = fields
  }

  var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }
  /// Whether the answer is itself of a file kept elsewhere.
  var isOfLargeFile: Bool { fields["x-linked-etag"] != nil }
  var location: String? { fields["location"] }
  /// The hub's name for what went wrong, such as "EntryNotFound".
  var errorCode: String? { fields["x-error-code"] }
  var isPage: Bool { fields["content-type"]?.lowercased().hasPrefix("text/html") == true }
  var byteCount: Int? { (fields["x-linked-size"] ?? fields["content-length"]).flatMap { Int($0) } }

  /// The hash of the file.
  var hash: FileHash? { FileHash(entityTag: fields["x-linked-etag"] ?? fields["etag"] ?? "") }
}

/// The hash by which a hub knows a file.
enum FileHash: Hashable {
  /// Of large files.
  case sha256(String)
  /// Of small ones, as Git has it.
  case gitBlob(String)

  /// - Parameter tag: In quotes, as HTTP has it.
  init?(entityTag tag: String) {
    let text = String((tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]).filter { $0 != "\"" })
      .lowercased()
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      return nil
    }
    switch text.utf8.count {
    case 64: self = .sha256(text)
    case 40: self = .gitBlob(text)
    default: return nil
    }
  }

  var text: String {
    switch self {
    case .sha256(let text), .gitBlob(let text): text
    }
  }
}
