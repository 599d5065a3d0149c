/// The JSON of a request.
struct RequestHead {
  var id: String?
  var parameters = Parameters()
  var outputs: [RequestedOutput] = []
  private var inputs: [InputHead] = []

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
      case "parameters": head.parameters = try Parameters(&scanner)
      case "inputs":
        hasInputs = true
        try scanner.list(of: key, most: Self.mostTensors) { (scanner) throws(ProtocolError) in
          head.inputs.append(try InputHead(&scanner))
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
    var (tensors, place) = ([InferenceTensor](), 0)
    for input in inputs { tensors.append(try input.tensor(binary: binary, from: &place)) }
    guard place == binary.count else { throw .leftoverBytes(binary.count - place) }
    return tensors
  }
}

/// One input of the JSON.
private struct InputHead {
  let name: String
  let type: ElementType
  let shape: TensorShape
  /// Its data, where they stand in the JSON.
  private let content: InferenceTensor.Content?
  /// The bytes that it has after the JSON.
  private let binarySize: Int?

  init(_ scanner: inout JSONScanner) throws(ProtocolError) {
    let keys = try InputKeys(&scanner)
    let (name, type, shape) = try keys.description()
    (self.name, self.type, self.shape) = (name, type, shape)
    try keys.parameters.refuseSharedMemory()
    binarySize = try keys.parameters.integer("binary_data_size", atLeast: 0)
    if binarySize != nil {
      guard keys.content == nil, keys.dataStart == nil else {
        throw .badInput(name: name, .dataTwice)
      }
      content = nil
    } else if let content = keys.content {
      self.content = content
    } else {
      guard let start = keys.dataStart else { throw .badInput(name: name, .noData) }
      // Back to the data, now that it is known what they are.
      var rereader = scanner
      rereader.index = start
      content = try keys.read(&rereader)
    }
  }

  func tensor(
    binary: TensorBytes, from place: inout Int
  ) throws(ProtocolError) -> InferenceTensor {
    do throws(TensorFault) {
      if let content {
        return InferenceTensor(name: name, type: type, shape: shape, content: content)
      }
      let size = binarySize ?? 0
      let left = binary.count - place
      guard size <= left else { throw .tooFewBytes(needed: size, left: left) }
      place += size
      return try InferenceTensor(
        name: name, type: type, shape: shape, bytes: binary[place - size..<place])
    } catch {
      throw .badInput(name: name, error)
    }
  }
}

/// The keys of an input, as they come.
private struct InputKeys {
  private var name: String?
  private var typeName: String?
  private var dimensions: [Int]?
  private(set) var parameters = Parameters()
  /// Its data, if what they are stands before them, as all clients have it.
  private(set) var content: InferenceTensor.Content?
  /// Else where they begin.
  private(set) var dataStart: Int?

  init(_ scanner: inout JSONScanner) throws(ProtocolError) {
    guard try scanner.kind() == .object else {
      throw .wrongKind(key: "inputs", expected: "a list of objects")
    }
    var keys = Self()
    try scanner.object { (scanner, key) throws(ProtocolError) in
      switch key {
      case "name": keys.name = try scanner.string(of: key)
      case "datatype": keys.typeName = try scanner.string(of: key)
      case "shape": keys.dimensions = try scanner.dimensions()
      case "parameters": keys.parameters = try Parameters(&scanner)
      case "data": try keys.take(&scanner)
      default: try scanner.skip()
      }
    }
    self = keys
  }

  private init() {}

  private mutating func take(_ scanner: inout JSONScanner) throws(ProtocolError) {
    switch try scanner.kind() {
    // KServe's client sends it beside binary data.
    case .null: try scanner.null()
    // Whether strings are base64 is said by the parameters.
    case .array where name != nil && dimensions != nil && typeName != nil && typeName != "BYTES":
      content = try read(&scanner)
    default:
      dataStart = scanner.index
      try scanner.skip()
    }
  }

  /// What the keys say the input is.
  func description() throws(ProtocolError) -> (String, ElementType, TensorShape) {
    guard let name else { throw .missing(key: "name", place: "an input") }
    let place = "input '\(name.shortened)'"
    guard let typeName else { throw .missing(key: "datatype", place: place) }
    guard let dimensions else { throw .missing(key: "shape", place: place) }
    do throws(TensorFault) {
      guard let type = ElementType(rawValue: typeName) else { throw .unknownType(typeName) }
      return (name, type, try TensorShape(dimensions))
    } catch {
      throw .badInput(name: name, error)
    }
  }

  /// Reads the data that come next.
  func read(_ scanner: inout JSONScanner) throws(ProtocolError) -> InferenceTensor.Content {
    let (name, type, shape) = try description()
    let data = TensorDataScanner(name: name, type: type, shape: shape)
    guard type == .bytes else { return .values(try data.values(from: &scanner)) }
    let isBase64 = parameters["content_type"] == .string("base64")
    return .elements(try data.elements(from: &scanner, isBase64: isBase64))
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

  /// A list of integers.
  fileprivate mutating func dimensions() throws(ProtocolError) -> [Int] {
    let fault = ProtocolError.wrongKind(key: "shape", expected: "a list of integers")
    var dimensions: [Int] = []
    try list(of: "shape", most: TensorShape.mostDimensions) { (scanner) throws(ProtocolError) in
      guard try scanner.kind() == .number else { throw fault }
      guard let dimension = try scanner.number().integer(as: Int.self) else { throw fault }
      dimensions.append(dimension)
    }
    return dimensions
  }
}
