/// Where in a JSON file a value stands, for errors about it.
public struct FieldPlace: Sendable {
  /// What the file is called.
  public let file: String
  /// Such as "recipe.epochs" or "members[0].network"; empty for the whole file.
  public let path: String

  package func key(_ key: String) -> FieldPlace {
    FieldPlace(file: file, path: path.isEmpty ? key : "\(path).\(key)")
  }

  package func element(_ index: Int) -> FieldPlace {
    FieldPlace(file: file, path: "\(path)[\(index)]")
  }

  package func wrongType(_ expected: String, _ value: JSONValue) -> SchemaError {
    .wrongType(
      file: file, key: path.isEmpty ? "the file" : path, expected: expected,
      actual: value.shortDescription)
  }

  package func invalid(_ reason: String) -> SchemaError {
    .invalid(file: file, key: path, reason: reason)
  }

  /// The number, if it is in its range.
  func checked<Number>(
    _ number: Number, in range: ClosedRange<Number>
  ) throws(SchemaError) -> Number {
    guard range.contains(number) else {
      throw .outOfRange(
        file: file, key: path, value: "\(number)",
        range: "\(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
