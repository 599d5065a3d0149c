import Files

/// Takes a JSON object apart key by key, and refuses what is left over.
package struct ObjectReader {
  private let file: String
  private let path: String
  private var values: [String: JSONValue]
  private var known: [String] = []

  package init(_ value: JSONValue, file: String, path: String) throws(ExperimentError) {
    self.file = file
    self.path = path
    guard case .object(let values) = value else {
      throw .wrongType(
        file: file, key: path.isEmpty ? "the file" : path, expected: "an object", actual: value.kind
      )
    }
    self.values = values
  }

  private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private mutating func value(_ key: String) -> JSONValue? {
    known.append(key)
    if case .null? = values[key] { return nil }
    return values[key]
  }

  func wrongType(_ key: String, _ expected: String, _ value: JSONValue) -> ExperimentError {
    .wrongType(file: file, key: name(key), expected: expected, actual: value.kind)
  }

  private func present<T>(_ value: T?, _ key: String) throws(ExperimentError) -> T {
    guard let value else { throw .missingKey(file: file, key: name(key)) }
    return value
  }

  private func checked<T>(
    _ number: T, _ key: String, in range: ClosedRange<T>
  ) throws(ExperimentError) -> T {
    guard range.contains(number) else {
      throw .outOfRange(
        file: file, key: name(key), value: "\(number)",
        range: "\(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Takes what stands under a key's earlier name for the key's.
  mutating func rename(_ earlier: String, to key: String) throws(ExperimentError) {
    guard let value = values.removeValue(forKey: earlier), value != .null else { return }
    if let other = values[key], other != .null {
      throw invalid(earlier, "is the earlier name of '\(key)', which stands there too: remove it")
    }
    values[key] = value
  }

  /// The value as it stands.
  package mutating func json(_ key: String) throws(ExperimentError) -> JSONValue {
    try present(value(key), key)
  }

  package mutating func optionalString(_ key: String) throws(ExperimentError) -> String? {
    guard let value = value(key) else { return nil }
    guard case .string(let text) = value else { throw wrongType(key, "a text", value) }
    return text
  }

  package mutating func string(_ key: String) throws(ExperimentError) -> String {
    try present(optionalString(key), key)
  }

  /// What a directory can be called.
  package mutating func directoryName(_ key: String) throws(ExperimentError) -> String {
    try present(optionalDirectoryName(key), key)
  }

  mutating func optionalDirectoryName(_ key: String) throws(ExperimentError) -> String? {
    guard let name = try optionalString(key) else { return nil }
    guard DirectoryName.isValid(name) else {
      throw invalid(key, "is '\(name)', but must be \(DirectoryName.rule)")
    }
    return name
  }

  package mutating func optionalInteger(
    _ key: String, in range: ClosedRange<Int>
  ) throws(ExperimentError) -> Int? {
    guard let value = value(key) else { return nil }
    guard case .integer(let number) = value else { throw wrongType(key, "a whole number", value) }
    return try checked(number, key, in: range)
  }

  package mutating func integer(
    _ key: String, in range: ClosedRange<Int>
  ) throws(ExperimentError) -> Int {
    try present(optionalInteger(key, in: range), key)
  }

  package mutating func optionalNumber(
    _ key: String, in range: ClosedRange<Double>
  ) throws(ExperimentError) -> Double? {
    guard let value = value(key) else { return nil }
    let number: Double
    switch value {
    case .integer(let integer): number = Double(integer)
    case .number(let double): number = double
    default: throw wrongType(key, "a number", value)
    }
    return try checked(number, key, in: range)
  }

  package mutating func number(
    _ key: String, in range: ClosedRange<Double>
  ) throws(ExperimentError) -> Double {
    try present(optionalNumber(key, in: range), key)
  }

  mutating func optionalBoolean(_ key: String) throws(ExperimentError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .bool(let flag) = value else { throw wrongType(key, "true or false", value) }
    return flag
  }

  package mutating func optionalIntegers(
    _ key: String, in range: ClosedRange<Int>
  ) throws(ExperimentError) -> [Int]? {
    guard let value = value(key) else { return nil }
    guard case .array(let values) = value else {
      throw wrongType(key, "a list of whole numbers", value)
    }
    var numbers: [Int] = []
    for value in values {
      guard case .integer(let number) = value, range.contains(number) else {
        throw wrongType(key, "a list of whole numbers from \(range.lowerBound)", value)
      }
      numbers.append(number)
    }
    return numbers
  }

  /// A list of two numbers, the smaller first.
  mutating func optionalRange(
    _ key: String, in range: ClosedRange<Double>
  ) throws(ExperimentError) -> ClosedRange<Double>? {
    guard let value = value(key) else { return nil }
    guard case .array(let values) = value, values.count == 2 else {
      throw wrongType(key, "a list of two numbers", value)
    }
    var bounds: [Double] = []
    for value in values {
      switch value {
      case .integer(let integer): bounds.append(try checked(Double(integer), key, in: range))
      case .number(let number): bounds.append(try checked(number, key, in: range))
      default: throw wrongType(key, "a list of two numbers", value)
      }
    }
    guard bounds[0] <= bounds[1] else {
      throw invalid(key, "is [\(bounds[0]), \(bounds[1])], but the smaller comes first")
    }
    return bounds[0]...bounds[1]
  }

  /// A list of at least one value, each once.
  package mutating func options<Option: Hashable>(
    _ key: String, _ expected: String, _ read: (JSONValue) -> Option?
  ) throws(ExperimentError) -> [Option] {
    let list = try present(value(key), key)
    guard case .array(let values) = list else {
      throw wrongType(key, "a list of \(expected)", list)
    }
    guard !values.isEmpty else { throw invalid(key, "is empty: add \(expected) to choose from") }
    var options: [Option] = []
    for value in values {
      guard let option = read(value) else {
        throw invalid(key, "has \(value.kind), but may have \(expected) only")
      }
      guard !options.contains(option) else { throw invalid(key, "has \(value.kind) twice") }
      options.append(option)
    }
    return options
  }

  package mutating func optionalObject(_ key: String) throws(ExperimentError) -> ObjectReader? {
    guard let value = value(key) else { return nil }
    return try ObjectReader(value, file: file, path: name(key))
  }

  package mutating func object(_ key: String) throws(ExperimentError) -> ObjectReader {
    try present(optionalObject(key), key)
  }

  package mutating func objects(_ key: String) throws(ExperimentError) -> [ObjectReader] {
    try present(optionalObjects(key), key)
  }

  package mutating func optionalObjects(_ key: String) throws(ExperimentError) -> [ObjectReader]? {
    guard let value = value(key) else { return nil }
    guard case .array(let values) = value else { throw wrongType(key, "a list", value) }
    var readers: [ObjectReader] = []
    for (index, value) in values.enumerated() {
      readers.append(try ObjectReader(value, file: file, path: "\(name(key))[\(index)]"))
    }
    return readers
  }

  /// An error about the value of `key`.
  package func invalid(_ key: String, _ reason: String) -> ExperimentError {
    .invalid(file: file, key: name(key), reason: reason)
  }

  /// - Throws: `ExperimentError.unknownKey` where the object holds a key that was not read.
  package func finish() throws(ExperimentError) {
    for key in values.keys.sorted() where !known.contains(key) {
      throw .unknownKey(file: file, key: name(key), known: known)
    }
  }
}
