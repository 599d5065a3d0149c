/// Whose a tensor is.
enum TensorRole: String, CustomStringConvertible {
  /// Of a request.
  case input
  /// Of an answer.
  case output

  var description: String { rawValue }

  func error(_ name: String, _ fault: TensorFault) -> ProtocolError {
    self == .input ? .badInput(name: name, fault) : .badOutput(name: name, fault)
  }
}

/// A tensor as the JSON of a request or an answer describes it.
struct TensorHead {
  let role: TensorRole
  let name: String
  let type: ElementType
  let shape: TensorShape
  /// Its data, where they stand in the JSON.
  private let content: InferenceTensor.Content?
  /// The bytes that it has after the JSON.
  private let binarySize: Int?

  init(_ scanner: inout JSONScanner, of role: TensorRole) throws(ProtocolError) {
    self.role = role
    let keys = try TensorKeys(&scanner, of: role)
    let (name, type, shape) = try keys.description()
    (self.name, self.type, self.shape) = (name, type, shape)
    try keys.parameters.refuseSharedMemory()
    binarySize = try keys.parameters.integer("binary_data_size", atLeast: 0)
    if binarySize != nil {
      guard keys.content == nil, keys.dataStart == nil else {
        throw role.error(name, .dataTwice)
      }
      content = nil
    } else if let content = keys.content {
      self.content = content
    } else {
      guard let start = keys.dataStart else { throw role.error(name, .noData) }
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
      throw role.error(name, error)
    }
  }
}

/// The keys of a tensor, as they come.
private struct TensorKeys {
  private let role: TensorRole
  private var name: String?
  private var typeName: String?
  private var dimensions: [Int]?
  private(set) var parameters = Parameters()
  /// Its data, if what they are stands before them, as all clients have it.
  private(set) var content: InferenceTensor.Content?
  /// Else where they begin.
  private(set) var dataStart: Int?

  init(_ scanner: inout JSONScanner, of role: TensorRole) throws(ProtocolError) {
    guard try scanner.kind() == .object else {
      throw .wrongKind(key: "\(role)s", expected: "a list of objects")
    }
    var keys = Self(role)
    try scanner.object { (scanner, key) throws(ProtocolError) in
      switch key {
      case "name": keys.name = try scanner.string(of: key)
      case "datatype": keys.typeName = try scanner.string(of: key)
      case "shape": keys.dimensions = try scanner.dimensions()
      case "parameters":
        keys.parameters = try Parameters(&scanner, skipsUnknown: role == .output)
      case "data": try keys.take(&scanner)
      default: try scanner.skip()
      }
    }
    self = keys
  }

  private init(_ role: TensorRole) { self.role = role }

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
    guard let name else { throw .missing(key: "name", place: "an \(role)") }
    let place = "\(role) '\(name.shortened)'"
    guard let typeName else { throw .missing(key: "datatype", place: place) }
    guard let dimensions else { throw .missing(key: "shape", place: place) }
    do throws(TensorFault) {
      guard let type = ElementType(rawValue: typeName) else { throw .unknownType(typeName) }
      return (name, type, try TensorShape(dimensions))
    } catch {
      throw role.error(name, error)
    }
  }

  /// Reads the data that come next.
  func read(_ scanner: inout JSONScanner) throws(ProtocolError) -> InferenceTensor.Content {
    let (name, type, shape) = try description()
    let data = TensorDataScanner(role: role, name: name, type: type, shape: shape)
    guard type == .bytes else { return .values(try data.values(from: &scanner)) }
    let isBase64 = parameters["content_type"] == .string("base64")
    return .elements(try data.elements(from: &scanner, isBase64: isBase64))
  }
}

extension [TensorHead] {
  /// The tensors, those without JSON data from `binary`, in their order.
  func tensors(binary: TensorBytes) throws(ProtocolError) -> [InferenceTensor] {
    var (tensors, place) = ([InferenceTensor](), 0)
    for head in self { tensors.append(try head.tensor(binary: binary, from: &place)) }
    guard place == binary.count else { throw .leftoverBytes(binary.count - place) }
    return tensors
  }
}

extension JSONScanner {
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
