/// A model whose graph can be changed: its operations, constants and outputs, in memory.
///
/// Constants that operations give, and those that pass through an identity, stand among the others, so that what an
/// operation reads is either a constant or computed.
///
/// Source: onnx.proto3 of ONNX 1.23, whose field numbers these are.
package struct EditableModel: Sendable {
  /// What the file said of itself.
  package let description: ONNXModel
  /// In an order in which they can be computed.
  package var operations: [Operation] = []
  /// By name.
  package private(set) var constants: [String: Constant] = [:]
  /// What the model says of itself to those who run it.
  package var metadata: [String: String]
  /// Values that are given beside the model's own outputs.
  package var extraOutputs: [String] = []
  /// The names of the constants, in order.
  private var constantNames: [String] = []
  /// All fields of the model but the graph and the metadata, and of the graph but what can be changed.
  private var modelFields: [UInt8] = []
  private var graphFields: [UInt8] = []
  private var inputFields: [(name: String, bytes: [UInt8])] = []
  private var outputFields: [[UInt8]] = []
  private var names = ONNXNames(taken: [])

  /// One operation.
  package struct Operation: Sendable {
    /// Such as "Conv".
    package let type: String
    /// Its own name, or that of its first output.
    package let name: String
    /// What it reads, and what it gives.
    package var inputs, outputs: [String]
    /// Its settings that are whole numbers.
    package let integers: [String: [Int]]
    /// Its settings that are single numbers.
    package let floats: [String: Float]
    /// All fields of its message but its inputs and outputs.
    fileprivate let fields: [UInt8]
  }

  /// One tensor of numbers that the file holds.
  package struct Constant: Sendable {
    /// Row-major.
    package let shape: [Int]
    /// `TensorProto.DataType`: 1 is float32.
    package let elementType: Int
    /// The message, but for its name.
    fileprivate let fields: [UInt8]

    /// How many numbers there are.
    package var count: Int { shape.reduce(1, *) }
  }

  /// Reads a model, as `ONNXModel` reads it.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - path: How errors name it.
  /// - Throws: `ONNXError`.
  package init(bytes: UnsafeRawBufferPointer, path: String) throws {
    description = try ONNXModel(bytes: bytes, path: path)
    metadata = description.metadata
    do {
      try read(ProtobufReader(bytes))
    } catch let failure as ProtobufReader.Failure {
      throw ONNXError.notAModel(path: path, offset: failure.offset, reason: failure.reason)
    }
    hoistConstants()
  }

  // MARK: - Reading

  private mutating func read(_ message: ProtobufReader) throws {
    var (reader, rest) = (message, ProtobufWriter())
    while let (field, value) = try reader.next() {
      switch field {
      case 7: try readGraph(value.message(reader))
      case 14: break
      default: rest.write(field, copying: value)
      }
    }
    modelFields = rest.bytes
  }

  private mutating func readGraph(_ message: ProtobufReader) throws {
    var (reader, rest) = (message, ProtobufWriter())
    while let (field, value) = try reader.next() {
      switch field {
      case 1: operations.append(try Operation(value.message(reader)))
      case 5:
        let (name, constant) = try Constant.read(value.message(reader))
        insert(constant, as: name)
      case 11: inputFields.append(try Self.port(value.message(reader)))
      case 12: outputFields.append(try Self.port(value.message(reader)).bytes)
      // The shapes of inner values, which may be others afterwards.
      case 13: break
      default: rest.write(field, copying: value)
      }
    }
    graphFields = rest.bytes
    // Before version 4 of the format a constant had to be an input too.
    inputFields.removeAll { constants[$0.name] != nil }
    for name in inputFields.map(\.name) + operations.flatMap(\.outputs) { _ = names.unique(name) }
  }

  private static func port(_ message: ProtobufReader) throws -> (name: String, bytes: [UInt8]) {
    var (reader, copy) = (message, ProtobufWriter())
    var name = ""
    while let (field, value) = try reader.next() {
      if field == 1 { name = try value.text(reader) }
      copy.write(field, copying: value)
    }
    return (name, copy.bytes)
  }

  /// Makes constants of operations that give one, and of identities of constants.
  private mutating func hoistConstants() {
    var aliases: [String: String] = [:]
    var kept: [Operation] = []
    let outputs = Set(description.outputs.map(\.name))
    for var operation in operations {
      operation.inputs = operation.inputs.map { aliases[$0] ?? $0 }
      let output = operation.outputs[0]
      if operation.type == "Constant", let constant = operation.constant {
        constants[output] = constant
        constantNames.append(output)
      } else if operation.type == "Identity", constants[operation.inputs[0]] != nil,
        !outputs.contains(output)
      {
        aliases[output] = operation.inputs[0]
      } else {
        kept.append(operation)
      }
    }
    operations = kept
  }

  private mutating func insert(_ constant: Constant, as name: String) {
    if constants.updateValue(constant, forKey: name) == nil { constantNames.append(name) }
    _ = names.unique(name)
  }

  // MARK: - Changing

  /// Adds a constant, and returns its name: the one that is wished, or the first of it with a number that is not taken.
  package mutating func add(_ constant: Constant, as name: String) -> String {
    let name = names.unique(name)
    constants[name] = constant
    constantNames.append(name)
    return name
  }

  /// A name that nothing has yet: the one that is wished, or the first of it with a number.
  package mutating func newName(_ name: String) -> String { names.unique(name) }

  /// Which operations read each value.
  package var readers: [String: [Int]] {
    var readers: [String: [Int]] = [:]
    for (index, operation) in operations.enumerated() {
      for input in operation.inputs where !input.isEmpty {
        readers[input, default: []].append(index)
      }
    }
    return readers
  }

  // MARK: - Writing

  /// The whole model, without constants that nothing reads; read back before it is given.
  ///
  /// - Throws: `ONNXError.unusableExport`.
  package func bytes() throws(ONNXError) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.append(modelFields)
    writer.write(7) { write(graph: &$0) }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      writer.write(14) { entry in
        entry.write(1, key)
        entry.write(2, value)
      }
    }
    let name = description.path
    do {
      let model = try ONNXModel(bytes: writer.bytes, path: name)
      guard model.outputs.prefix(outputFields.count).elementsEqual(description.outputs),
        model.inputs == description.inputs, model.metadata == metadata
      else {
        throw ONNXError.invalidModel(path: name, reason: "it has other inputs or outputs")
      }
    } catch {
      throw .unusableExport(
        network: name,
        reason: "read back, \(error); this is a fault of Consort: please report it with the model")
    }
    return writer.bytes
  }

  private func write(graph writer: inout ProtobufWriter) {
    for operation in operations { writer.write(1) { operation.write(to: &$0) } }
    let read = Set(operations.flatMap(\.inputs) + description.outputs.map(\.name))
    for name in constantNames where read.contains(name) {
      guard let constant = constants[name] else { continue }
      writer.write(5) { message in
        message.append(constant.fields)
        message.write(8, name)
      }
    }
    writer.append(graphFields)
    for input in inputFields { writer.write(11, bytes: input.bytes) }
    for output in outputFields { writer.write(12, bytes: output) }
    for name in extraOutputs {
      writer.write(12) { port in
        port.write(1, name)
        port.write(2) { type in type.write(1) { $0.write(1, ONNXGraph.float32) } }
      }
    }
  }
}

extension EditableModel.Operation {
  /// Makes an operation of one output, which has its name.
  package init(
    _ type: String, _ name: String, _ inputs: [String], integers: [String: Int] = [:]
  ) {
    (self.type, self.name, self.inputs, outputs) = (type, name, inputs, [name])
    self.integers = integers.mapValues { [$0] }
    floats = [:]
    var writer = ProtobufWriter()
    writer.write(3, name)
    writer.write(4, type)
    for (key, value) in integers.sorted(by: { $0.key < $1.key }) {
      writer.write(5) { ONNXGraph.Attribute.integer(value).write(to: &$0, name: key) }
    }
    fields = writer.bytes
  }

  fileprivate init(_ message: ProtobufReader) throws {
    var (reader, rest) = (message, ProtobufWriter())
    var (type, name) = ("", "")
    var (inputs, outputs): ([String], [String]) = ([], [])
    var (integers, floats): ([String: [Int]], [String: Float]) = ([:], [:])
    while let (field, value) = try reader.next() {
      switch field {
      case 1: inputs.append(try value.text(reader))
      case 2: outputs.append(try value.text(reader))
      default:
        if field == 3 { name = (try? value.text(reader)) ?? "" }
        if field == 4 { type = try value.text(reader) }
        if field == 5 {
          let attribute = try AttributeHeader(value.message(reader))
          if !attribute.integers.isEmpty { integers[attribute.name] = attribute.integers }
          floats[attribute.name] = try Self.float(value.message(reader))
        }
        rest.write(field, copying: value)
      }
    }
    (self.type, self.inputs, self.outputs) = (type, inputs, outputs)
    self.name = name.isEmpty ? outputs.first ?? type : name
    (self.integers, self.floats) = (integers, floats)
    fields = rest.bytes
  }

  private static func float(_ message: ProtobufReader) throws -> Float? {
    var reader = message
    while let (field, value) = try reader.next() {
      if field == 2, case .fixed32(let bits) = value { return Float(bitPattern: bits) }
    }
    return nil
  }

  /// The tensor that a constant operation gives; nil where it gives it in another form.
  fileprivate var constant: EditableModel.Constant? {
    fields.withUnsafeBytes { bytes in
      var reader = ProtobufReader(bytes)
      while let (field, value) = try? reader.next() {
        guard field == 5, let message = try? value.message(reader),
          let tensor = try? AttributeHeader(message).tensor
        else { continue }
        return try? EditableModel.Constant.read(tensor).constant
      }
      return nil
    }
  }

  fileprivate func write(to writer: inout ProtobufWriter) {
    for input in inputs { writer.write(1, input) }
    for output in outputs { writer.write(2, output) }
    writer.append(fields)
  }
}

extension EditableModel.Constant {
  /// Numbers of float32.
  package init(shape: [Int], floats: [Float]) {
    self.init(
      shape: shape, elementType: ONNXGraph.float32,
      bytes: floats.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) })
  }

  /// Numbers as the bytes that the file holds, little-endian.
  package init(shape: [Int], elementType: Int, bytes: [UInt8]) {
    (self.shape, self.elementType) = (shape, elementType)
    var writer = ProtobufWriter()
    writer.write(1, shape)
    writer.write(2, elementType)
    writer.write(9, bytes: bytes)
    fields = writer.bytes
  }

  fileprivate static func read(
    _ message: ProtobufReader
  ) throws -> (name: String, constant: EditableModel.Constant) {
    let header = try TensorHeader(message)
    var (reader, copy) = (message, ProtobufWriter())
    while let (field, value) = try reader.next() {
      if field != 8 { copy.write(field, copying: value) }
    }
    return (
      header.name,
      EditableModel.Constant(
        shape: header.shape, elementType: header.elementType, fields: copy.bytes)
    )
  }

  /// The numbers, where they are float32 and in the file itself; else nil.
  package var floats: [Float]? {
    guard elementType == ONNXGraph.float32 else { return nil }
    let values: [Float] = fields.withUnsafeBytes { bytes in
      var reader = ProtobufReader(bytes)
      var values: [Float] = []
      while let (field, value) = try? reader.next() {
        switch (field, value) {
        case (4, .fixed32(let bits)): values.append(Float(bitPattern: bits))
        case (4, .content(let packed, _)), (9, .content(let packed, _)):
          for offset in stride(from: 0, to: packed.count, by: 4) {
            let bits = packed.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            values.append(Float(bitPattern: UInt32(littleEndian: bits)))
          }
        default: break
        }
      }
      return values
    }
    return values.count == count ? values : nil
  }
}
