/// The keys of one JSON object, which are read into properties or written down from them.
///
/// Reading, a key that is missing or null leaves its property as it is, unless it is required; a value of another type than is
/// declared is an error; so is, in the end, a key that was not declared.
public struct ObjectFields {
  /// Where the object stands that is read; nil for one that is written.
  private let place: FieldPlace?
  private var values: [String: JSONValue]
  private var known: [String] = []
  /// The names under which keys stand that have another one now.
  private var earlierNames: [String: String] = [:]

  /// Reads `value`.
  init(_ value: JSONValue, _ place: FieldPlace) throws(SchemaError) {
    guard case .object(let values) = value else { throw place.wrongType("an object", value) }
    self.place = place
    self.values = values
  }

  private init() {
    place = nil
    values = [:]
  }

  /// All keys and values of an object.
  static func written(_ object: some SchemaObject) throws(SchemaError) -> JSONValue {
    var fields = ObjectFields()
    var object = object
    try object.walk(&fields)
    return .object(fields.values)
  }

  /// Whether properties are being read, and may have to be looked at together.
  package var isReading: Bool { place != nil }

  /// Where the value of `key` stands.
  package func place(of key: String) -> FieldPlace {
    (place ?? FieldPlace(file: "", path: "")).key(earlierNames[key] ?? key)
  }

  /// Declares a key that always has a value.
  ///
  /// - Parameter isRequired: Whether it must be there to be read.
  package mutating func field<Value>(
    _ key: String, _ property: inout Value, _ type: FieldType<Value>, isRequired: Bool = false
  ) throws(SchemaError) {
    guard isReading else {
      values[key] = try type.write(property)
      return
    }
    if let value = given(key) {
      property = try type.read(value, place(of: key))
    } else if isRequired {
      throw .missingKey(file: place(of: key).file, key: place(of: key).path)
    }
  }

  /// Declares a key that is left out where the property is nil.
  package mutating func field<Value>(
    _ key: String, _ property: inout Value?, _ type: FieldType<Value>
  ) throws(SchemaError) {
    if isReading {
      if let value = given(key) { property = try type.read(value, place(of: key)) }
    } else if let property {
      values[key] = try type.write(property)
    }
  }

  /// Declares a key whose object changes what is there, key by key.
  package mutating func object(
    _ key: String, _ property: inout some SchemaObject, isRequired: Bool = false
  ) throws(SchemaError) {
    try field(key, &property, .object(property), isRequired: isRequired)
  }

  /// Declares the key "kind": reading, the object becomes one of the kind that is named.
  package mutating func kind<Object: KindedObject>(_ object: inout Object) throws(SchemaError) {
    var kind = object.kind
    try field("kind", &kind, .choice, isRequired: true)
    if isReading { object = .standard(kind) }
  }

  private mutating func given(_ key: String) -> JSONValue? {
    known.append(key)
    return values[key] == .null ? nil : values[key]
  }

  /// Takes what stands under a key's earlier name for the key's.
  package mutating func rename(_ earlier: String, to key: String) throws(SchemaError) {
    guard isReading, let value = values.removeValue(forKey: earlier), value != .null else { return }
    if let other = values[key], other != .null {
      throw invalid(earlier, "is the earlier name of '\(key)', which stands there too: remove it")
    }
    values[key] = value
    earlierNames[key] = earlier
  }

  /// An error about the value of `key`.
  package func invalid(_ key: String, _ reason: String) -> SchemaError {
    place(of: key).invalid(reason)
  }

  /// - Throws: `SchemaError.unknownKey` where the object that is read holds a key that was not declared.
  func finish() throws(SchemaError) {
    guard let place else { return }
    for key in values.keys.sorted() where !known.contains(key) {
      throw .unknownKey(file: place.file, key: place.key(key).path, known: known)
    }
  }
}
