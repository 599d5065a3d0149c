import Files

extension ModelMetadata {
  /// Where Ultralytics' exports name the classes: a Python dictionary, such as `{0: 'cat', 1: "owl's nest"}`.
  static let namesKey = "names"

  /// The classes' names as Ultralytics' exports give them; nil where there are none, or they are not those of `classes`.
  func numberedNames(classes: Int) -> [String]? {
    guard let text = values[Self.namesKey] else { return nil }
    var rest = Substring(text)
    guard rest.take("{") else { return nil }
    var names: [String] = []
    while !rest.take("}") {
      // In order: what is numbered otherwise is something else.
      guard rest.take("\(names.count)"), rest.take(":"), let name = rest.takeQuoted() else {
        return nil
      }
      names.append(name)
      guard rest.take(",") || rest.first == "}" else { return nil }
    }
    return names.count == classes ? names : nil
  }

  /// What became of such names.
  func notes(labels: [String]?) -> [Note] {
    guard values[Self.labelsKey] == nil, values[Self.namesKey] != nil else { return [] }
    let text =
      labels == nil
      ? "its metadata \"names\" are not those of its classes, and are not read"
      : "its classes are named by its metadata \"names\""
    return [Note(source: source, text: text)]
  }
}

extension Substring {
  private mutating func skipSpace() { self = drop(while: \.isWhitespace) }

  fileprivate mutating func take(_ text: String) -> Bool {
    skipSpace()
    guard hasPrefix(text) else { return false }
    removeFirst(text.count)
    skipSpace()
    return true
  }

  /// A string in either quotes, in which a backslash stands before a quote or another backslash.
  fileprivate mutating func takeQuoted() -> String? {
    guard let quote = first, quote == "'" || quote == "\"" else { return nil }
    removeFirst()
    var text = ""
    while let character = popFirst() {
      if character == quote {
        skipSpace()
        return text
      }
      guard character == "\\" else {
        text.append(character)
        continue
      }
      guard let escaped = popFirst(), "'\"\\".contains(escaped) else { return nil }
      text.append(escaped)
    }
    return nil
  }
}
