/// The JSON of a request.
struct RequestHead {
  var id: String?
  var parameters = Parameters()
  var outputs: [RequestedOutput] = []
  private var inputs: [TensorHead] = []

  /// The most inputs and the most outputs, each of which takes more memory than JSON.
  static let mostTensors = 1000

  /// One without content.
  init() {}

  /// Reads all of `bytes`. Keys that the protocol does not have are skipped, as in Triton.
  init(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
    var scanner = JSONScanner(bytes)
    guard try scanner.kind() == .object else { throw scanner.fault("a request is an object") }
    var (head, hasInputs) = (RequestHead(), false)
    try scanner.object { (scanner, key) throws(ProtocolError) in
      switch key {
      case "id": head.id = try scanner.optionalString(of: key)
      case "parameters":
        head.parameters = try Parameters(&scanner)
        try head.parameters.refuseReserved()
      case "inputs":
        hasInputs = true
        try scanner.list(of: key, most: Self.mostTensors) { (scanner) throws(ProtocolError) in
          head.inputs.append(try TensorHead(&scanner, of: .input))
        }
      case "outputs":
        guard try scanner.kind() != .null else { return try scanner.null() }
        try scanner.list(of: key, most: Self.mostTensors) { (scanner) throws(ProtocolError) in
          head.outputs.append(try RequestedOutput(&scanner))
        }
      default: try scanner.skip()
      }
    }
    try scanner.end()
    guard hasInputs, !head.inputs.isEmpty else {
      throw .missing(key: "inputs", place: "the request")
    }
    try head.checkNames()
    self = head
  }

  private func checkNames() throws(ProtocolError) {
    var names: Set<String> = []
    for input in inputs where !names.insert(input.name).inserted {
      throw .badInput(name: input.name, .repeated)
    }
    names = []
    for output in outputs where !names.insert(output.name).inserted {
      throw .badOutput(name: output.name, .repeated)
    }
  }

  /// The inputs, those without JSON data from `binary`, in their order.
  func tensors(binary: TensorBytes) throws(ProtocolError) -> [InferenceTensor] {
    try inputs.tensors(binary: binary)
  }
}

extension JSONScanner {
  /// The string that a key has.
  mutating func string(of key: String) throws(ProtocolError) -> String {
    guard try kind() == .string else { throw .wrongKind(key: key, expected: "a string") }
    return try string()
  }

  /// The same, or nil for null.
  mutating func optionalString(of key: String) throws(ProtocolError) -> String? {
    guard try kind() == .null else { return try string(of: key) }
    try null()
    return nil
  }

  /// The list of at most so many elements that a key has.
  mutating func list(
    of key: String, most: Int, _ element: (inout JSONScanner) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    guard try kind() == .array else { throw .wrongKind(key: key, expected: "a list") }
    var count = 0
    try array { (scanner) throws(ProtocolError) in
      count += 1
      guard count <= most else {
        throw .wrongKind(key: key, expected: "a list of at most \(most) elements")
      }
      try element(&scanner)
    }
  }
}
