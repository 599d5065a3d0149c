/// How the tensors of a file differ from the parameters of a network.
public struct ParameterMismatch: Hashable, Sendable, CustomStringConvertible {
  /// Parameters that the file lacks.
  public let missing: [String]
  /// Tensors that the network does not have.
  public let unexpected: [String]
  /// Tensors of another shape than the network's.
  public let misshaped: [Misshaped]

  /// A tensor of another shape.
  public struct Misshaped: Hashable, Sendable {
    /// The parameter's name.
    public let name: String
    /// The shape in the file, and that in the network.
    public let found, wanted: [Int]
  }

  /// Compares; nil where nothing differs.
  ///
  /// - Parameters:
  ///   - shapes: The file's tensors.
  ///   - parameters: The network's.
  public init?(of shapes: [String: [Int]], with parameters: [Parameter]) {
    missing = parameters.map(\.name).filter { shapes[$0] == nil }
    let known = Set(parameters.map(\.name))
    unexpected = shapes.keys.filter { !known.contains($0) }.sorted()
    misshaped = parameters.compactMap { parameter in
      guard let found = shapes[parameter.name], found != parameter.shape else { return nil }
      return Misshaped(name: parameter.name, found: found, wanted: parameter.shape)
    }
    if missing.isEmpty, unexpected.isEmpty, misshaped.isEmpty { return nil }
  }

  /// All three kinds with their first names, such as "2 tensors are missing (a, b)".
  public var description: String {
    let shapes = misshaped.map { "\($0.name) \($0.found) for \($0.wanted)" }
    return [
      ("missing", missing), ("unexpected", unexpected), ("of another shape", shapes),
    ].compactMap { kind, names in
      guard !names.isEmpty else { return nil }
      let listed = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", ..." : "")
      return names.count == 1
        ? "1 tensor is \(kind) (\(listed))" : "\(names.count) tensors are \(kind) (\(listed))"
    }.joined(separator: ", ")
  }
}
