/// An output that a request asks for.
package struct RequestedOutput: Hashable, Sendable {
  /// Its name.
  package let name: String
  /// Whether it is to come as binary data; nil for what the request says of all outputs.
  package let isBinary: Bool?
  /// How many classes, the likeliest first, are to come as text in its place; nil for the tensor itself.
  package let classCount: Int?

  /// Asks for an output.
  package init(name: String, isBinary: Bool? = nil, classCount: Int? = nil) {
    (self.name, self.isBinary, self.classCount) = (name, isBinary, classCount)
  }

  /// As many classes as Triton gives.
  package static let mostClasses = 1_000_000

  /// Writes it as an object, saying whether it is to be binary.
  func write(to writer: inout JSONWriter) {
    var parameters: Parameters = ["binary_data": .boolean(isBinary ?? true)]
    if let classCount { parameters["classification"] = .integer(Int64(classCount)) }
    writer.object { writer in
      writer.key("name")
      writer.string(name)
      writer.key("parameters")
      parameters.write(to: &writer)
    }
  }

  /// Reads the object that comes next.
  init(_ scanner: inout JSONScanner) throws(ProtocolError) {
    guard try scanner.kind() == .object else {
      throw .wrongKind(key: "outputs", expected: "a list of objects")
    }
    var (name, parameters) = (String?.none, Parameters())
    try scanner.object { (scanner, key) throws(ProtocolError) in
      switch key {
      case "name": name = try scanner.string(of: key)
      case "parameters": parameters = try Parameters(&scanner)
      default: try scanner.skip()
      }
    }
    guard let name else { throw .missing(key: "name", place: "an output") }
    try parameters.refuseSharedMemory()
    self.name = name
    isBinary = try parameters.boolean("binary_data")
    let classes = try parameters.integer("classification", atLeast: 0)
    guard classes ?? 0 <= Self.mostClasses else {
      throw .badParameter(
        name: "classification", reason: "at most \(Self.mostClasses) classes are given")
    }
    classCount = classes == 0 ? nil : classes
  }
}
