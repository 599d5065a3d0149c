import Files

/// What keeps a JSON file that a user writes from being understood.
public enum SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file is not JSON.
  case notJSON(file: String, reason: String)
  /// A key that the object does not have.
  case unknownKey(file: String, key: String, known: [String])
  /// A key that an object holds twice.
  case repeatedKey(file: String, key: String)
  /// A key that must be there is not.
  case missingKey(file: String, key: String)
  /// A value of another type.
  case wrongType(file: String, key: String, expected: String, actual: String)
  /// A number outside its range.
  case outOfRange(file: String, key: String, value: String, range: String)
  /// A value that makes no sense.
  case invalid(file: String, key: String, reason: String)

  /// The fault of a key in `file`.
  package init(_ error: StrictJSON.KeyError, file: String) {
    switch error {
    case .repeated(let key): self = .repeatedKey(file: file, key: key)
    case .unknown(let place): self = .unknownKey(file: file, key: place, known: [])
    }
  }

  /// One sentence or two: the file, what is wrong, and the fix.
  public var description: String {
    switch self {
    case .notJSON(let file, let reason):
      "'\(file)' is not JSON (\(reason)): `\(Shell.line(["python3", "-m", "json.tool", Shell.operand(file)]))` shows where"
    case .unknownKey(let file, let key, let known):
      "'\(file)': unknown key '\(key)'\(Self.suggestion(for: key, among: known)); remove it"
        + (known.isEmpty ? "" : ", or give one of \(known.sorted().joined(separator: ", "))")
    case .repeatedKey(let file, let key):
      "'\(file)': the key '\(key)' stands twice in one object; remove one of them"
    case .missingKey(let file, let key): "'\(file)': the key '\(key)' is missing; add it"
    case .wrongType(let file, let key, let expected, let actual):
      "'\(file)': \(key) must be \(expected), but is \(actual)"
    case .outOfRange(let file, let key, let value, let range):
      "'\(file)': \(key) is \(value), but must be in \(range)"
    case .invalid(let file, let key, let reason): "'\(file)': \(key) \(reason)"
    }
  }

  /// For the last part of a key such as recipe.epoch.
  private static func suggestion(for key: String, among known: [String]) -> String {
    let last = key.split(separator: ".").last ?? ""
    return Spelling.suggestion(for: String(last), among: known.sorted())
  }
}
