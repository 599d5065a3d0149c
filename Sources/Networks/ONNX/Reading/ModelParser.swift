import Files

/// Goes through an ONNX model once, message by message.
struct ModelParser {
  /// A model whose messages make no sense together.
  struct Failure: Error, Hashable {
    let reason: String
  }

  /// The directory of the model's file; nil for a model in memory, which has nothing beside it.
  let directory: String?
  private(set) var formatVersion = 0
  private(set) var operatorSets: [String: Int] = [:]
  private(set) var inputs: [ONNXModel.Port] = []
  private(set) var outputs: [ONNXModel.Port] = []
  private(set) var metadata: [String: String] = [:]
  private(set) var operationCounts: [String: Int] = [:]
  private(set) var parameters = 0
  private(set) var hasExternalData = false
  /// The values of constants that are one boolean.
  private var truths: [String: Bool] = [:]

  init(directory: String?) { self.directory = directory }

  mutating func parse(_ message: ProtobufReader) throws {
    var reader = message
    var graph: ProtobufReader?
    while let (field, value) = try reader.next() {
      switch field {
      case 1: formatVersion = try value.integer(reader)
      case 7:
        guard graph == nil else { throw Failure(reason: "it has two graphs") }
        graph = try value.message(reader)
      case 8: try parseOperatorSet(value.message(reader))
      case 14:
        let (key, text) = try value.message(reader).keyAndText()
        guard metadata.updateValue(text, forKey: key) == nil else {
          throw Failure(reason: "its metadata have the key '\(key)' twice")
        }
      case 20: throw Failure(reason: "it holds a training, not only a model")
      case 25:
        throw Failure(
          reason:
            "it holds functions of its own, which are not supported: inline them with onnx.inliner.inline_local_functions"
        )
      default: break
      }
    }
    guard let graph else { throw Failure(reason: "it has no graph") }
    try checkVersions()
    let top = try parseGraph(graph)
    inputs = top.inputs.filter { top.constants[$0.name] == nil }
    outputs = top.outputs
  }

  /// Before operator set 7, operators broadcast by attributes.
  static let operatorSets = 7...OperatorTable.newestOperatorSet

  private func checkVersions() throws {
    guard let operatorSet = operatorSets[""], formatVersion != 0 else {
      throw Failure(reason: "it does not say which version of ONNX it follows")
    }
    guard Self.operatorSets.contains(operatorSet),
      operatorSets.values.allSatisfy((1...OperatorTable.newestOperatorSet).contains),
      (3...OperatorTable.newestFormat).contains(formatVersion)
    else {
      throw Failure(
        reason: "it follows operator set \(operatorSet) in format \(formatVersion), where sets "
          + "\(Self.operatorSets.lowerBound) to \(Self.operatorSets.upperBound) in formats 3 to "
          + "\(OperatorTable.newestFormat) are known")
    }
  }

  private mutating func parseOperatorSet(_ message: ProtobufReader) throws {
    var reader = message
    var (domain, version) = ("", 0)
    while let (field, value) = try reader.next() {
      switch field {
      case 1: domain = try value.text(reader)
      case 2: version = try value.integer(reader)
      default: break
      }
    }
    guard operatorSets.updateValue(version, forKey: domain == "ai.onnx" ? "" : domain) == nil else {
      throw Failure(reason: "it follows two versions of the operators of '\(domain)'")
    }
  }

  private struct Graph {
    var nodes: [ProtobufReader] = []
    var inputs: [ONNXModel.Port] = []
    var outputs: [ONNXModel.Port] = []
    /// Shapes by name.
    var constants: [String: [Int]] = [:]
  }

  private mutating func parseGraph(_ message: ProtobufReader) throws -> Graph {
    var reader = message
    var graph = Graph()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: graph.nodes.append(try value.message(reader))
      case 5:
        let tensor = try parseTensor(value.message(reader))
        truths[tensor.name] = tensor.truth
        guard graph.constants.updateValue(tensor.shape, forKey: tensor.name) == nil else {
          throw Failure(reason: "its constant '\(tensor.name)' is there twice")
        }
      case 11: graph.inputs.append(try Self.port(value.message(reader)))
      case 12: graph.outputs.append(try Self.port(value.message(reader)))
      case 13: _ = try Self.port(value.message(reader))
      case 15: throw Failure(reason: "it holds sparse tensors, which are not supported")
      default: break
      }
    }
    try checkNodes(of: graph)
    return graph
  }

  private mutating func checkNodes(of graph: Graph) throws {
    var known: Set<String> = []
    var constants = graph.constants
    for input in graph.inputs {
      guard known.insert(input.name).inserted else {
        throw Failure(reason: "its input '\(input.name)' is there twice")
      }
    }
    known.formUnion(graph.constants.keys)
    for node in graph.nodes {
      for output in try parseNode(node, known: known, constants: &constants)
      where !output.isEmpty {
        guard known.insert(output).inserted else {
          throw Failure(reason: "two of its operations give '\(output)'")
        }
      }
    }
    guard !graph.outputs.isEmpty else { throw Failure(reason: "it has no output") }
    var names: Set<String> = []
    for output in graph.outputs {
      guard known.contains(output.name) else {
        throw Failure(reason: "no operation gives its output '\(output.name)'")
      }
      guard names.insert(output.name).inserted else {
        throw Failure(reason: "its output '\(output.name)' is there twice")
      }
    }
  }

  /// Checks an operation; returns the names of what it gives.
  private mutating func parseNode(
    _ message: ProtobufReader, known: Set<String>, constants: inout [String: [Int]]
  ) throws -> [String] {
    let node = try OperationHeader(message)
    try node.check(operatorSet: operatorSets[""] ?? 0)
    try node.checkIsNoTraining(operatorSet: operatorSets[""] ?? 0, truths: truths)
    if node.operation == "Constant", let output = node.outputs.first,
      let tensor = node.attributes["value"]?.tensor
    {
      truths[output] = try TensorHeader(tensor).truth
    }
    for input in node.inputs where !input.isEmpty && !known.contains(input) {
      throw Failure(reason: "an operation reads '\(input)', which nothing before it gives")
    }
    if node.inputs.count > 1, let shape = constants[node.inputs[1]] {
      try node.checkWeights(shape: shape)
    }
    try node.checkScales(constants: constants)
    // Weights in 8 or 16 bits are converted before they are read.
    if node.givesShapeOfInput, let output = node.outputs.first {
      constants[output] = constants[node.inputs[0]]
    }
    for attribute in node.attributes.values {
      if let tensor = attribute.tensor { _ = try parseTensor(tensor) }
    }
    operationCounts[node.operation, default: 0] += 1
    return node.outputs
  }

  /// Checks a tensor and counts its numbers.
  private mutating func parseTensor(_ message: ProtobufReader) throws -> TensorHeader {
    let tensor = try TensorHeader(message)
    let count = try tensor.checkedCount()
    if let place = tensor.externalPlace {
      hasExternalData = true
      try place.check(byteCount: tensor.byteCount(of: count), of: tensor.name, in: directory)
    }
    if tensor.isFloatingPoint {
      let (sum, overflow) = parameters.addingReportingOverflow(count)
      guard !overflow else { throw Failure(reason: "its tensors are too large") }
      parameters = sum
    }
    return tensor
  }

  private static func port(_ message: ProtobufReader) throws -> ONNXModel.Port {
    var reader = message
    var (name, type) = ("", (elementType: Int?.none, dimensions: [ONNXModel.Dimension]?.none))
    while let (field, value) = try reader.next() {
      switch field {
      case 1: name = try value.text(reader)
      case 2:
        var kinds = try value.message(reader)
        while let (kind, value) = try kinds.next() {
          if kind == 1 { type = try tensorType(value.message(kinds)) }
        }
      default: break
      }
    }
    guard !name.isEmpty else { throw Failure(reason: "an input or output has no name") }
    return ONNXModel.Port(name: name, elementType: type.elementType, dimensions: type.dimensions)
  }

  private static func tensorType(
    _ message: ProtobufReader
  ) throws -> (elementType: Int?, dimensions: [ONNXModel.Dimension]?) {
    var reader = message
    var (elementType, dimensions) = (Int?.none, [ONNXModel.Dimension]?.none)
    while let (field, value) = try reader.next() {
      switch field {
      case 1: elementType = try value.integer(reader)
      case 2:
        var shape = try value.message(reader)
        var sizes: [ONNXModel.Dimension] = []
        while let (field, value) = try shape.next() {
          if field == 1 { sizes.append(try dimension(value.message(shape))) }
        }
        guard sizes.count <= OperationHeader.largestRank else {
          throw Failure(reason: "an input, output or value has \(sizes.count) dimensions")
        }
        dimensions = sizes
      default: break
      }
    }
    return (elementType, dimensions)
  }

  private static func dimension(_ message: ProtobufReader) throws -> ONNXModel.Dimension {
    var reader = message
    var dimension = ONNXModel.Dimension.symbolic("")
    while let (field, value) = try reader.next() {
      switch field {
      case 1:
        let size = try value.integer(reader)
        guard (0...OperationHeader.largestSize).contains(size) else {
          throw Failure(reason: "an input, output or value has the impossible dimension \(size)")
        }
        dimension = .fixed(size)
      case 2: dimension = .symbolic(try value.text(reader))
      default: break
      }
    }
    return dimension
  }
}
