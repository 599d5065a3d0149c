#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Any JSON value: for files whose keys are not known beforehand, and for documents built piece by piece.
public enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number without fraction that fits.
  case integer(Int)
  /// Any other number.
  case number(Double)
  /// A string, unescaped.
  case string(String)
  /// An array, in its order.
  case array([JSONValue])
  /// Values by key.
  case object([String: JSONValue])
}

extension JSONValue: Codable {
  /// Decodes whatever is there.
  ///
  /// - Throws: `DecodingError` where the input is no JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// Encodes the value; a number that is not finite, which JSON lacks, becomes null.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value) where !value.isFinite: try container.encodeNil()
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// `.string`, of a literal in code.
  public init(stringLiteral value: String) { self = .string(value) }
  /// `.integer`, of a literal in code.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// `.number`, of a literal in code.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// `.bool`, of a literal in code.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// `.array`, of a literal in code.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// `.object`, of a literal in code; of equal keys the last counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}

extension JSONValue {
  /// The value as errors about it show it.
  package var shortDescription: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "the text \"\(value.prefix(40))\""
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The number, whole or not; nil for anything else.
  var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

extension JSONValue {
  /// What `value` is encoded to.
  ///
  /// - Throws: `SchemaError.invalid` where it has a number that is not finite.
  package init(encoding value: some Encodable) throws(SchemaError) {
    do {
      self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    } catch {
      throw .invalid(file: "", key: "\(type(of: value))", reason: "cannot be written: \(error)")
    }
  }
}
