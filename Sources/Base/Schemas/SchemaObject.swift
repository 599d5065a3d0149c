#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A value that is an object in a JSON file, each key of which is declared once, for reading and for writing.
public protocol SchemaObject: Encodable {
  /// Declares each key with the property that it is: reading changes the property, writing takes its value down.
  ///
  /// - Throws: `SchemaError` naming the file, the key and the fix; writing throws nothing.
  mutating func walk(_ fields: inout ObjectFields) throws(SchemaError)
}

extension SchemaObject {
  /// Encodes all keys that are declared, but for those whose property is nil.
  public func encode(to encoder: any Encoder) throws {
    try ObjectFields.written(self).encode(to: encoder)
  }

  /// Reads the object that is the whole of `json`; a key that it lacks leaves its property as it is.
  ///
  /// - Parameter file: What errors call the file.
  package mutating func read(json: Data, file: String) throws(SchemaError) {
    let value: JSONValue
    do {
      value = try StrictJSON.decode(JSONValue.self, from: json)
    } catch let error as StrictJSON.KeyError {
      throw SchemaError(error, file: file)
    } catch {
      throw .notJSON(file: file, reason: Self.reason(of: error))
    }
    try read(value, FieldPlace(file: file, path: ""))
  }

  mutating func read(_ value: JSONValue, _ place: FieldPlace) throws(SchemaError) {
    var fields = try ObjectFields(value, place)
    try walk(&fields)
    try fields.finish()
  }

  private static func reason(of error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context)? = error as? DecodingError else {
      return "\(error)"
    }
    return context.underlyingError.map { "\($0)" } ?? context.debugDescription
  }
}

/// An object of one of several kinds, each with keys of its own, which the key "kind" tells apart.
///
/// Its `walk` begins with `fields.kind(&self)`.
public protocol KindedObject: SchemaObject {
  /// The kinds, by their names in files.
  associatedtype Kind: RawRepresentable & CaseIterable where Kind.RawValue == String
  /// The kind of this one.
  var kind: Kind { get }
  /// What an object of that kind is before its other keys are read.
  static func standard(_ kind: Kind) -> Self
}
