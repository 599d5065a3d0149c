/// A graph of ONNX operations under construction, and its bytes.
///
/// Source: onnx.proto3 of ONNX 1.23, whose field numbers these are.
package struct ONNXGraph {
  /// A setting of an operation.
  package enum Attribute {
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

  /// An operation as it was made here, or the message of one that comes from another model.
  private enum Operation {
    case made(Node)
    case copied([UInt8])
  }

  private enum Constant {
    case floats(name: String, shape: [Int], [Float])
    case integers(name: String, [Int])
    /// The message of one that comes from another model.
    case copied([UInt8])
  }

  /// float32 in `TensorProto.DataType`.
  package static let float32 = 1
  /// int64 in `TensorProto.DataType`.
  static let int64 = 7

  private var operations: [Operation] = []
  private var constants: [Constant] = []
  /// The floating-point numbers of all constants.
  private(set) var numberCount = 0

  /// A graph of nothing.
  package init() {}

  /// Adds an operation whose one output has its name.
  package mutating func append(
    _ operation: String, _ name: String, _ inputs: [String],
    _ attributes: [(name: String, value: Attribute)] = []
  ) {
    operations.append(
      .made(
        Node(
          operation: operation, name: name, inputs: inputs, output: name, attributes: attributes)))
  }

  /// Gives the output of the last operation another name.
  mutating func nameLastOutput(_ name: String) {
    guard case .made(var node)? = operations.last else { return }
    node.output = name
    operations[operations.count - 1] = .made(node)
  }

  /// Adds numbers that operations read by this name.
  package mutating func append(constant name: String, shape: [Int], _ values: [Float]) {
    constants.append(.floats(name: name, shape: shape, values))
    numberCount += values.count
  }

  /// Adds whole numbers, of one axis, that operations read by this name.
  package mutating func append(constant name: String, integers: [Int]) {
    constants.append(.integers(name: name, integers))
  }

  /// Adds the message of an operation of another model, whose names are unique here.
  mutating func append(copiedOperation bytes: [UInt8]) { operations.append(.copied(bytes)) }

  /// Adds the message of a constant of another model, with so many floating-point numbers.
  mutating func append(copiedConstant bytes: [UInt8]) { constants.append(.copied(bytes)) }

  /// Counts the floating-point numbers of what was copied.
  mutating func countCopied(numbers: Int) { numberCount += numbers }

  /// The graph as a message.
  ///
  /// - Parameter outputs: Those whose names are of operations.
  func write(
    to writer: inout ProtobufWriter, name: String, inputs: [ONNXModel.Port],
    outputs: [ONNXModel.Port]
  ) {
    for operation in operations {
      switch operation {
      case .made(let node): writer.write(1) { write(node, to: &$0) }
      case .copied(let bytes): writer.write(1, bytes: bytes)
      }
    }
    writer.write(2, name)
    for constant in constants { write(constant, to: &writer) }
    for input in inputs { writer.write(11) { write(input, to: &$0) } }
    for output in outputs { writer.write(12) { write(output, to: &$0) } }
  }

  /// The whole model, read back before it is given.
  ///
  /// - Throws: `ONNXError.unusableExport`.
  package func model(
    named name: String, inputs: [ONNXModel.Port], outputs: [ONNXModel.Port],
    operatorSet: Int, formatVersion: Int, metadata: [String: String]
  ) throws(ONNXError) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.write(1, formatVersion)
    writer.write(2, "consort")
    writer.write(7) { write(to: &$0, name: name, inputs: inputs, outputs: outputs) }
    writer.write(8) { $0.write(2, operatorSet) }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      writer.write(14) { entry in
        entry.write(1, key)
        entry.write(2, value)
      }
    }
    try ExportedModelCheck(
      network: name, inputs: inputs, outputs: outputs, metadata: metadata, numbers: numberCount
    ).check(writer.bytes)
    return writer.bytes
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
    switch constant {
    case .copied(let bytes): writer.write(5, bytes: bytes)
    case .floats(let name, let shape, let values):
      let bytes = values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
      writer.write(5) { Self.write(name, shape, type: Self.float32, bytes, to: &$0) }
    case .integers(let name, let values):
      let bytes = values.map { Int64($0).littleEndian }.withUnsafeBytes { Array($0) }
      writer.write(5) { Self.write(name, [values.count], type: Self.int64, bytes, to: &$0) }
    }
  }

  private static func write(
    _ name: String, _ shape: [Int], type: Int, _ bytes: [UInt8], to writer: inout ProtobufWriter
  ) {
    writer.write(1, shape)
    writer.write(2, type)
    writer.write(8, name)
    writer.write(9, bytes: bytes)
  }

  private func write(_ port: ONNXModel.Port, to writer: inout ProtobufWriter) {
    writer.write(1, port.name)
    writer.write(2) { type in
      type.write(1) { tensor in
        tensor.write(1, port.elementType ?? Self.float32)
        tensor.write(2) { shape in
          for dimension in port.dimensions ?? [] {
            shape.write(1) { writer in
              switch dimension {
              case .fixed(let size): writer.write(1, size)
              case .symbolic(let name): writer.write(2, name)
              }
            }
          }
        }
      }
    }
  }
}
