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

  /// Graphs inside of graphs deeper than this are taken for an attack.
  private static let deepestGraph = 16

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
        let (key, text) = try Self.keyAndText(value.message(reader))
        metadata[key] = text
      default: break
      }
    }
    guard let graph else { throw Failure(reason: "it has no graph") }
    guard !operatorSets.isEmpty, (1...1000).contains(formatVersion) else {
      throw Failure(reason: "it does not say which version of ONNX it follows")
    }
    let top = try parseGraph(graph, outer: [], depth: 0)
    inputs = top.inputs.filter { !top.constants.contains($0.name) }
    outputs = top.outputs
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
    operatorSets[domain == "ai.onnx" ? "" : domain] = version
  }

  private static func keyAndText(_ message: ProtobufReader) throws -> (key: String, text: String) {
    var reader = message
    var (key, text) = ("", "")
    while let (field, value) = try reader.next() {
      switch field {
      case 1: key = try value.text(reader)
      case 2: text = try value.text(reader)
      default: break
      }
    }
    return (key, text)
  }

  private struct Graph {
    var nodes: [ProtobufReader] = []
    var inputs: [ONNXModel.Port] = []
    var outputs: [ONNXModel.Port] = []
    var constants: Set<String> = []
  }

  /// Checks a graph; it may read what `outer` graphs know.
  private mutating func parseGraph(
    _ message: ProtobufReader, outer: Set<String>, depth: Int
  ) throws -> Graph {
    guard depth < Self.deepestGraph else { throw Failure(reason: "its graphs are nested too deep") }
    var reader = message
    var graph = Graph()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: graph.nodes.append(try value.message(reader))
      case 5:
        let name = try parseTensor(value.message(reader))
        guard graph.constants.insert(name).inserted else {
          throw Failure(reason: "its constant '\(name)' is there twice")
        }
      case 11: graph.inputs.append(try Self.port(value.message(reader)))
      case 12: graph.outputs.append(try Self.port(value.message(reader)))
      case 15: throw Failure(reason: "it holds sparse tensors, which are not supported")
      default: break
      }
    }
    try checkNames(of: graph, outer: outer, depth: depth)
    return graph
  }

  private mutating func checkNames(of graph: Graph, outer: Set<String>, depth: Int) throws {
    var known = outer
    var own: Set<String> = []
    for input in graph.inputs {
      guard own.insert(input.name).inserted else {
        throw Failure(reason: "its input '\(input.name)' is there twice")
      }
    }
    own.formUnion(graph.constants)
    known.formUnion(own)
    for node in graph.nodes {
      for output in try parseNode(node, known: known, depth: depth) where !output.isEmpty {
        guard own.insert(output).inserted else {
          throw Failure(reason: "two of its operations give '\(output)'")
        }
        known.insert(output)
      }
    }
    for output in graph.outputs where !known.contains(output.name) {
      throw Failure(reason: "no operation gives its output '\(output.name)'")
    }
  }

  /// Checks an operation; returns the names of what it gives.
  private mutating func parseNode(
    _ message: ProtobufReader, known: Set<String>, depth: Int
  ) throws -> [String] {
    var reader = message
    var (operation, outputs) = ("", [String]())
    while let (field, value) = try reader.next() {
      switch field {
      case 1:
        let input = try value.text(reader)
        guard input.isEmpty || known.contains(input) else {
          throw Failure(reason: "an operation reads '\(input)', which nothing before it gives")
        }
      case 2: outputs.append(try value.text(reader))
      case 4: operation = try value.text(reader)
      case 5: try parseAttribute(value.message(reader), known: known, depth: depth)
      default: break
      }
    }
    guard !operation.isEmpty else { throw Failure(reason: "an operation has no name") }
    operationCounts[operation, default: 0] += 1
    return outputs
  }

  private mutating func parseAttribute(
    _ message: ProtobufReader, known: Set<String>, depth: Int
  ) throws {
    var reader = message
    while let (field, value) = try reader.next() {
      switch field {
      case 1: _ = try value.text(reader)
      case 5, 10: _ = try parseTensor(value.message(reader))
      case 6, 11: _ = try parseGraph(value.message(reader), outer: known, depth: depth + 1)
      default: break
      }
    }
  }

  /// Checks a tensor and counts its numbers; returns its name.
  private mutating func parseTensor(_ message: ProtobufReader) throws -> String {
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
    return tensor.name
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
        guard size >= 0 else { throw Failure(reason: "a dimension is negative") }
        dimension = .fixed(size)
      case 2: dimension = .symbolic(try value.text(reader))
      default: break
      }
    }
    return dimension
  }
}
