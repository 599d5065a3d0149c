/// The answer of another server to a request for inference.
package struct ReceivedAnswer: Sendable {
  /// What the request was called, if the server says it.
  package let id: String?
  /// The model that answered.
  package let modelName: String?
  /// Its version.
  package let modelVersion: String?
  /// What else the server says; lists and objects among it are left out.
  package let parameters: Parameters
  /// The outputs, each with another name.
  package let outputs: [InferenceTensor]

  /// Reads a body that has been decompressed; another server is trusted as little as a client.
  ///
  /// - Parameter headerLength: How many of its first bytes are JSON; nil for all.
  /// - Throws: `ProtocolError`, which says what is wrong with the answer.
  package init(body: TensorBytes, headerLength: Int? = nil) throws(ProtocolError) {
    let length = headerLength ?? body.count
    guard 0...body.count ~= length else {
      throw .badHeaderLength("\(length)", bodyLength: body.count)
    }
    let head = try body[0..<length].withBytes { (bytes) throws(ProtocolError) in
      try AnswerHead(bytes)
    }
    (id, modelName, modelVersion) = (head.id, head.modelName, head.modelVersion)
    parameters = head.parameters
    outputs = try head.outputs.tensors(binary: body[length..<body.count])
  }

  /// The output of that name.
  ///
  /// - Throws: `ProtocolError.badOutput` where there is none.
  package func output(_ name: String) throws(ProtocolError) -> InferenceTensor {
    guard let output = outputs.first(where: { $0.name == name }) else {
      throw .badOutput(name: name, .unknown(known: outputs.map(\.name)))
    }
    return output
  }

  /// What the body of an answer that is no success says under `error`; nil where it does not.
  package static func errorText(of body: TensorBytes) -> String? {
    body.withBytes { bytes in
      var (scanner, text) = (JSONScanner(bytes), String?.none)
      do throws(ProtocolError) {
        try scanner.object { (scanner, key) throws(ProtocolError) in
          if key == "error" { text = try scanner.string(of: key) } else { try scanner.skip() }
        }
      } catch {
        return nil
      }
      return text
    }
  }
}

/// The JSON of an answer.
private struct AnswerHead {
  var id: String?
  var modelName: String?
  var modelVersion: String?
  var parameters = Parameters()
  var outputs: [TensorHead] = []

  private init() {}

  init(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
    var scanner = JSONScanner(bytes)
    guard try scanner.kind() == .object else { throw scanner.fault("an answer is an object") }
    var (head, hasOutputs) = (AnswerHead(), false)
    try scanner.object { (scanner, key) throws(ProtocolError) in
      switch key {
      case "id": head.id = try scanner.optionalString(of: key)
      case "model_name": head.modelName = try scanner.optionalString(of: key)
      case "model_version": head.modelVersion = try scanner.optionalString(of: key)
      case "parameters": head.parameters = try Parameters(&scanner, skipsUnknown: true)
      case "outputs":
        hasOutputs = true
        try scanner.list(of: key, most: RequestHead.mostTensors) {
          (scanner) throws(ProtocolError) in
          head.outputs.append(try TensorHead(&scanner, of: .output))
        }
      default: try scanner.skip()
      }
    }
    try scanner.end()
    guard hasOutputs else { throw .missing(key: "outputs", place: "the answer") }
    var names: Set<String> = []
    for output in head.outputs where !names.insert(output.name).inserted {
      throw .badOutput(name: output.name, .repeated)
    }
    self = head
  }
}
