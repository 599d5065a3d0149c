/// A graph of ONNX operations under construction, and its bytes.
///
/// Source: onnx.proto3 of ONNX 1.23, whose field numbers these are.
struct ONNXGraph {
  /// A setting of an operation.
  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)

    func write(to writer: inout ProtobufWriter, name: String) {
      writer.write(1, name)
      switch self {
      case .float(let number):
        writer.write(2, number)
        writer.write(20, 1)
      case .integer(let number):
        writer.write(3, number)
        writer.write(20, 2)
      case .integers(let numbers):
        writer.write(8, numbers)
        writer.write(20, 7)
      }
    }
  }

  private struct Node {
    let operation: String
    let name: String
    let inputs: [String]
    var output: String
    let attributes: [(name: String, value: Attribute)]
  }

  private struct Constant {
    let name: String
    let shape: [Int]
    let values: [Float]
  }

  /// float32 in `TensorProto.DataType`.
  static let float32 = 1

  private var nodes: [Node] = []
  private var constants: [Constant] = []

  /// Adds an operation whose one output has its name.
  mutating func append(
    _ operation: String, _ name: String, _ inputs: [String],
    _ attributes: [(name: String, value: Attribute)] = []
  ) {
    nodes.append(
      Node(operation: operation, name: name, inputs: inputs, output: name, attributes: attributes))
  }

  /// Gives the output of the last operation another name.
  mutating func nameLastOutput(_ name: String) {
    guard !nodes.isEmpty else { return }
    nodes[nodes.count - 1].output = name
  }

  /// Adds numbers that operations read by this name.
  mutating func append(constant name: String, shape: [Int], _ values: [Float]) {
    constants.append(Constant(name: name, shape: shape, values: values))
  }

  /// The numbers of all constants.
  var numberCount: Int { constants.reduce(0) { $0 + $1.values.count } }

  /// The graph as a message.
  ///
  /// - Parameters:
  ///   - input: Its name and the dimensions after the batch's.
  ///   - output: Likewise; the name is that of an operation.
  func write(
    to writer: inout ProtobufWriter, name: String, input: (name: String, shape: [Int]),
    output: (name: String, shape: [Int])
  ) {
    for node in nodes { writer.write(1) { write(node, to: &$0) } }
    writer.write(2, name)
    for constant in constants { writer.write(5) { write(constant, to: &$0) } }
    writer.write(11) { writeValue(input.name, input.shape, to: &$0) }
    writer.write(12) { writeValue(output.name, output.shape, to: &$0) }
  }

  private func write(_ node: Node, to writer: inout ProtobufWriter) {
    for input in node.inputs { writer.write(1, input) }
    writer.write(2, node.output)
    writer.write(3, node.name)
    writer.write(4, node.operation)
    for (name, value) in node.attributes {
      writer.write(5) { value.write(to: &$0, name: name) }
    }
  }

  private func write(_ constant: Constant, to writer: inout ProtobufWriter) {
    writer.write(1, constant.shape)
    writer.write(2, Self.float32)
    writer.write(8, constant.name)
    writer.write(
      9,
      bytes: constant.values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) })
  }

  private func writeValue(_ name: String, _ shape: [Int], to writer: inout ProtobufWriter) {
    writer.write(1, name)
    writer.write(2) { type in
      type.write(1) { tensor in
        tensor.write(1, Self.float32)
        tensor.write(2) { dimensions in
          dimensions.write(1) { $0.write(2, "batch") }
          for size in shape { dimensions.write(1) { $0.write(1, size) } }
        }
      }
    }
  }
}
