#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads JSON that says everything once, and nothing that is not understood.
public enum StrictJSON {
  /// A key that makes the rest of an object doubtful.
  public enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It stands twice in one object, and readers of JSON keep one of the two, not all the same one.
    case repeated(String)
    /// Its place, such as `members[0].fiel`: what it says would be passed over.
    case unknown(place: String)

    /// What is wrong, and the fix.
    public var description: String {
      switch self {
      case .repeated(let key): "the key '\(key)' stands twice in one object; remove one of them"
      case .unknown(let place): "unknown key '\(place)'; remove it"
      }
    }
  }

  /// The value that `json` holds.
  ///
  /// - Throws: `KeyError.repeated`, or `DecodingError`.
  public static func decode<Value: Decodable>(_ type: Value.Type, from json: Data) throws -> Value {
    do {
      let value = try JSONDecoder().decode(type, from: json)
      try checkKeys(of: json)
      return value
    } catch let error as DecodingError {
      // Of JSON that is well formed, a key that stands twice is the better reason.
      if (try? JSONDecoder().decode(JSONValue.self, from: json)) != nil { try checkKeys(of: json) }
      throw error
    }
  }

  /// The same, where every key of `json` must be one that the value keeps.
  ///
  /// - Parameter isOptional: Whether a key may be left out of what the value is encoded to, though it was read.
  /// - Throws: `KeyError`, or `DecodingError`.
  public static func decodeAll<Value: Codable>(
    _ type: Value.Type, from json: Data, isOptional: (String) -> Bool = { _ in false }
  ) throws -> Value {
    let value = try decode(type, from: json)
    let given = try JSONDecoder().decode(JSONValue.self, from: json)
    let read = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    if let place = given.firstKey(missingIn: read, isOptional: isOptional) {
      throw KeyError.unknown(place: place)
    }
    return value
  }

  private static func checkKeys(of json: Data) throws(KeyError) {
    if let key = RepeatedKeys.first(in: json) { throw .repeated(key) }
  }
}

extension JSONValue {
  /// The place of the first key that is not in `read`, which is what became of the value: a mistyped one would go unnoticed.
  fileprivate func firstKey(
    missingIn read: JSONValue, at path: String = "", isOptional: (String) -> Bool
  ) -> String? {
    switch (self, read) {
    case (.object(let given), .object(let read)):
      for (key, value) in given.sorted(by: { $0.key < $1.key }) {
        let place = path.isEmpty ? key : "\(path).\(key)"
        if let counterpart = read[key] {
          if let found = value.firstKey(missingIn: counterpart, at: place, isOptional: isOptional) {
            return found
          }
        } else if value != .null, !isOptional(key) {
          return place
        }
      }
    case (.array(let given), .array(let read)):
      for (index, (value, counterpart)) in zip(given, read).enumerated() {
        let place = "\(path)[\(index)]"
        if let found = value.firstKey(missingIn: counterpart, at: place, isOptional: isOptional) {
          return found
        }
      }
    default: break
    }
    return nil
  }
}
