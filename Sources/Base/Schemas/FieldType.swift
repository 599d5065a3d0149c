import Files

/// What stands under a key, and how it becomes a value and comes of one.
public struct FieldType<Value> {
  /// Several of them, in words for errors, such as "whole numbers from 1 to 9".
  let plural: String
  let read: (JSONValue, FieldPlace) throws(SchemaError) -> Value
  let write: (Value) throws(SchemaError) -> JSONValue

  /// A type of any kind of its own.
  ///
  /// - Parameters:
  ///   - plural: Several of them, in words for errors.
  ///   - read: The value that stands at a place.
  ///   - write: What a value is written as.
  package init(
    plural: String = "values",
    read: @escaping (JSONValue, FieldPlace) throws(SchemaError) -> Value,
    write: @escaping (Value) throws(SchemaError) -> JSONValue
  ) {
    self.plural = plural
    self.read = read
    self.write = write
  }

  /// Values of this type that keep a rule.
  ///
  /// - Parameter fault: What is wrong with a value, to stand after its key, such as "is 'x', but must be …"; nil for nothing.
  package func refusing(_ fault: @escaping (Value) -> String?) -> Self {
    Self(
      plural: plural,
      read: { (value, place) throws(SchemaError) in
        let found = try read(value, place)
        if let fault = fault(found) { throw place.invalid(fault) }
        return found
      }, write: write)
  }
}

extension FieldType<Int> {
  /// A whole number in `range`.
  package static func integer(_ range: ClosedRange<Int>) -> Self {
    Self(
      plural: "whole numbers from \(range.lowerBound) to \(range.upperBound)",
      read: { (value, place) throws(SchemaError) in
        guard case .integer(let number) = value else {
          throw place.wrongType("a whole number", value)
        }
        return try place.checked(number, in: range)
      }, write: { .integer($0) })
  }
}

extension FieldType<Double> {
  /// A number in `range`.
  package static func number(_ range: ClosedRange<Double>) -> Self {
    Self(
      plural: "numbers from \(range.lowerBound) to \(range.upperBound)",
      read: { (value, place) throws(SchemaError) in
        guard let number = value.asNumber else { throw place.wrongType("a number", value) }
        return try place.checked(number, in: range)
      }, write: { .number($0) })
  }
}

extension FieldType<ClosedRange<Double>> {
  /// A list of two numbers in `range`, the smaller first.
  package static func bounds(_ range: ClosedRange<Double>) -> Self {
    Self(
      read: { (value, place) throws(SchemaError) in
        guard case .array(let values) = value, values.count == 2 else {
          throw place.wrongType("a list of two numbers", value)
        }
        guard let lower = values[0].asNumber else {
          throw place.element(0).wrongType("a number", values[0])
        }
        guard let upper = values[1].asNumber else {
          throw place.element(1).wrongType("a number", values[1])
        }
        let bounds = (try place.checked(lower, in: range), try place.checked(upper, in: range))
        guard bounds.0 <= bounds.1 else {
          throw place.invalid("is [\(bounds.0), \(bounds.1)], but the smaller comes first")
        }
        return bounds.0...bounds.1
      }, write: { [.number($0.lowerBound), .number($0.upperBound)] })
  }
}

extension FieldType<Bool> {
  /// true or false.
  package static var flag: Self {
    Self(
      plural: "true, false",
      read: { (value, place) throws(SchemaError) in
        guard case .bool(let flag) = value else { throw place.wrongType("true or false", value) }
        return flag
      }, write: { .bool($0) })
  }
}

extension FieldType<String> {
  /// Any text.
  package static var text: Self {
    Self(
      plural: "texts",
      read: { (value, place) throws(SchemaError) in
        guard case .string(let text) = value else { throw place.wrongType("a text", value) }
        return text
      }, write: { .string($0) })
  }
}

extension FieldType<JSONValue> {
  /// Anything.
  package static var json: Self { Self(read: { value, _ in value }, write: { $0 }) }
}

extension FieldType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// The name of one of the cases.
  package static var choice: Self {
    Self(
      plural: Value.allCases.map(\.rawValue).joined(separator: ", "),
      read: { (value, place) throws(SchemaError) in
        let name = try FieldType<String>.text.read(value, place)
        guard let choice = Value(rawValue: name) else {
          throw place.invalid(
            "must be " + Spelling.oneOf(Value.allCases.map(\.rawValue), not: name))
        }
        return choice
      }, write: { .string($0.rawValue) })
  }
}

extension FieldType {
  /// A list, which may be empty.
  package static func list<Element>(of element: FieldType<Element>) -> Self
  where Value == [Element] {
    Self(
      read: { (value, place) throws(SchemaError) in
        guard case .array(let values) = value else {
          throw place.wrongType("a list of \(element.plural)", value)
        }
        var elements: [Element] = []
        for (index, value) in values.enumerated() {
          elements.append(try element.read(value, place.element(index)))
        }
        return elements
      },
      write: { (elements) throws(SchemaError) in
        var values: [JSONValue] = []
        for value in elements { values.append(try element.write(value)) }
        return .array(values)
      })
  }

  /// A list of at least one value, each once, to choose from.
  package static func options<Option: Hashable>(of option: FieldType<Option>) -> Self
  where Value == [Option] {
    let list = FieldType<[Option]>.list(of: option)
    return Self(
      read: { (value, place) throws(SchemaError) in
        let options = try list.read(value, place)
        guard !options.isEmpty else {
          throw place.invalid("is empty: add \(option.plural) to choose from")
        }
        for (index, option) in options.enumerated() where options[..<index].contains(option) {
          throw place.invalid("has \(option) twice")
        }
        return options
      }, write: list.write)
  }

  /// An object, every key of which is declared by its `walk`.
  ///
  /// - Parameter standard: What it is before its keys are read.
  package static func object(_ standard: Value) -> Self
  where Value: SchemaObject {
    Self(
      plural: "objects",
      read: { (value, place) throws(SchemaError) in
        var object = standard
        try object.read(value, place)
        return object
      }, write: { (object) throws(SchemaError) in try ObjectFields.written(object) })
  }
}
