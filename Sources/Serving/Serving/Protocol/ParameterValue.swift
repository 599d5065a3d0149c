/// The value of a parameter.
package enum ParameterValue: Hashable, Sendable {
  case string(String)
  case integer(Int64)
  case boolean(Bool)
  case number(Double)

  /// Reads the value that comes next; nil for null, which is as good as nothing.
  init?(_ scanner: inout JSONScanner, name: String) throws(ProtocolError) {
    switch try scanner.kind() {
    case .string: self = .string(try scanner.string())
    case .boolean: self = .boolean(try scanner.boolean())
    case .number: self = try Self(number: try scanner.number(), name: name)
    case .null:
      try scanner.null()
      return nil
    case .object, .array:
      throw .badParameter(name: name, reason: "it must be a string, a number or a boolean")
    }
  }

  private init(number: DecimalNumber, name: String) throws(ProtocolError) {
    let outOfRange = ProtocolError.badParameter(name: name, reason: "the number is out of range")
    if number.isInteger {
      guard let integer = number.integer(as: Int64.self) else { throw outOfRange }
      self = .integer(integer)
    } else {
      guard let double = number.double else { throw outOfRange }
      self = .number(double)
    }
  }

  func write(to writer: inout JSONWriter) {
    switch self {
    case .string(let value): writer.string(value)
    case .integer(let value): writer.integer(value)
    case .boolean(let value): writer.boolean(value)
    case .number(let value): writer.number(value)
    }
  }
}

/// Parameters by name.
package typealias Parameters = [String: ParameterValue]

extension Parameters {
  /// Reads the object that comes next; empty for null.
  ///
  /// - Parameter skipsUnknown: Whether lists and objects are passed over, which other servers put into answers, or refused.
  init(_ scanner: inout JSONScanner, skipsUnknown: Bool = false) throws(ProtocolError) {
    var parameters: Self = [:]
    switch try scanner.kind() {
    case .null: try scanner.null()
    case .object:
      try scanner.object { (scanner, name) throws(ProtocolError) in
        let kind = try scanner.kind()
        if skipsUnknown, kind == .object || kind == .array { return try scanner.skip() }
        parameters[name] = try ParameterValue(&scanner, name: name)
      }
    default: throw .wrongKind(key: "parameters", expected: "an object")
    }
    self = parameters
  }

  /// Refuses the names that Triton keeps for itself.
  func refuseReserved() throws(ProtocolError) {
    if let name = keys.filter({ $0.hasPrefix("triton_") }).min() {
      throw .badParameter(name: name, reason: "names that begin with 'triton_' are reserved")
    }
  }

  /// A truth value.
  func boolean(_ name: String) throws(ProtocolError) -> Bool? {
    switch self[name] {
    case nil: return nil
    case .boolean(let value): return value
    default: throw .badParameter(name: name, reason: "it must be true or false")
    }
  }

  /// An integer of at least `least`.
  func integer(_ name: String, atLeast least: Int) throws(ProtocolError) -> Int? {
    switch self[name] {
    case nil: return nil
    case .integer(let value) where value >= least: return Int(value)
    default: throw .badParameter(name: name, reason: "it must be an integer of at least \(least)")
    }
  }

  /// Refuses what says that a tensor lies in shared memory.
  func refuseSharedMemory() throws(ProtocolError) {
    if self["shared_memory_region"] != nil { throw .unsupported("shared memory") }
  }

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      for (name, value) in sorted(by: { $0.key < $1.key }) {
        writer.key(name)
        value.write(to: &writer)
      }
    }
  }
}
