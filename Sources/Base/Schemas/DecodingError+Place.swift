extension DecodingError {
  private var context: Context? {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context), .dataCorrupted(let context):
      context
    @unknown default: nil
    }
  }

  /// Where in the file the fault is, such as "members[0].name"; empty for the whole file.
  private var path: String {
    var keys = context?.codingPath ?? []
    if case .keyNotFound(let key, _) = self { keys.append(key) }
    return keys.reduce("") { path, key in
      if let index = key.intValue { return "\(path)[\(index)]" }
      return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
    }
  }

  /// What is wrong, and where, in words that need no knowledge of the decoder, such as "'members[0].name' is missing".
  package var fault: String {
    switch self {
    case .keyNotFound: "'\(path)' is missing"
    case .typeMismatch, .valueNotFound:
      path.isEmpty ? "it is not a JSON object" : "'\(path)' is of another type"
    case .dataCorrupted: path.isEmpty ? "it is not JSON" : "'\(path)' has a value that is not known"
    @unknown default: "it cannot be understood"
    }
  }

  /// What is wrong, and where, in the decoder's own words: for values that say what is wrong with them.
  package var placeAndReason: String {
    guard let context else { return "\(self)" }
    let place = Self.dataCorrupted(context).path
    let text = context.debugDescription
    let reason = text.last == "." ? String(text.dropLast()) : text
    return place.isEmpty ? reason : "\(place): \(reason)"
  }
}
