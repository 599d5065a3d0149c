/// A model that is to become a part of a graph, and what it takes.
package struct GraphPart {
  /// Its description.
  package let model: ONNXModel
  /// The whole file, which stays valid meanwhile.
  package let bytes: UnsafeRawBufferPointer
  /// What all its names begin with, which no other name of the graph does.
  package let prefix: String
  /// The name in the graph of what its one input gets.
  package let input: String

  /// Describes a part; the model is of these very bytes.
  package init(_ model: ONNXModel, _ bytes: UnsafeRawBufferPointer, prefix: String, input: String) {
    self.model = model
    self.bytes = bytes
    self.prefix = prefix
    self.input = input
  }

  /// The name in the graph of what the part calls `name`; what is left out stays so.
  func name(_ name: String) -> String {
    if name.isEmpty { return name }
    return name == model.inputs.first?.name ? input : prefix + name
  }

  /// The name in the graph of its output at `index`.
  package func output(_ index: Int) -> String { name(model.outputs[index].name) }
}

extension ONNXGraph {
  /// Takes in all operations and constants of a model, renamed.
  ///
  /// ONNX's own way to keep parts apart, functions with sets of operators of their own, is none here: ONNX's checker, ONNX
  /// Runtime 1.32 and OpenVINO 2026.4 refuse a function whose set differs from its model's.
  ///
  /// - Parameters:
  ///   - operatorSet: The graph's, at least the part's.
  ///   - needing: The model that needs this set, for errors.
  /// - Throws: `ONNXError.operatorSetsDiffer` where an operation means something else in the graph's set.
  package mutating func append(
    copyOf part: GraphPart, operatorSet: Int, needing other: String
  ) throws {
    do {
      try copy(part, operatorSet, other)
    } catch let failure as ProtobufReader.Failure {
      throw ONNXError.notAModel(
        path: part.model.path, offset: failure.offset, reason: failure.reason)
    }
  }

  private mutating func copy(
    _ part: GraphPart, _ operatorSet: Int, _ other: String
  ) throws {
    var model = ProtobufReader(part.bytes)
    while let (field, value) = try model.next() {
      guard field == 7 else { continue }
      var graph = try value.message(model)
      while let (field, value) = try graph.next() {
        switch field {
        case 1: try append(operation: value.message(graph), of: part, operatorSet, other)
        case 5: try append(constant: value.message(graph), of: part)
        default: break
        }
      }
    }
    countCopied(numbers: part.model.parameters)
  }

  private mutating func append(
    operation message: ProtobufReader, of part: GraphPart, _ operatorSet: Int, _ other: String
  ) throws {
    let header = try OperationHeader(message)
    let outputs = part.model.outputs.filter { header.outputs.contains($0.name) }
    let (lifted, reason) = LiftedOperation.lift(
      header, from: part.model.operatorSet, to: operatorSet,
      isMatrix: outputs.contains { $0.dimensions?.count == 2 })
    if let reason {
      throw ONNXError.operatorSetsDiffer(
        path: part.model.path, operatorSet: part.model.operatorSet, other: other,
        otherSet: operatorSet, reason: "in '\(part.model.path)', \(reason)")
    }
    var (reader, writer) = (message, ProtobufWriter())
    while let (field, value) = try reader.next() {
      switch field {
      case 1, 2: writer.write(field, part.name(try value.text(reader)))
      // The operation's own name, which nothing reads, and which need not be text.
      case 3: writer.write(field, part.prefix + ((try? value.text(reader)) ?? "unnamed"))
      // Descriptions, and hints for one program or machine.
      case 6, 9, 10: break
      default: writer.write(field, copying: value)
      }
    }
    for (name, value) in lifted.addedAttributes {
      writer.write(5) { value.write(to: &$0, name: name) }
    }
    append(copiedOperation: writer.bytes)
  }

  private mutating func append(constant message: ProtobufReader, of part: GraphPart) throws {
    var (reader, writer) = (message, ProtobufWriter())
    while let (field, value) = try reader.next() {
      switch field {
      case 8: writer.write(field, part.name(try value.text(reader)))
      case 12, 16: break
      default: writer.write(field, copying: value)
      }
    }
    append(copiedConstant: writer.bytes)
  }
}
