/// A request for inference to another server that speaks the protocol.
package struct OutgoingRequest: Sendable {
  /// What it is called; its answer has the same.
  package var id: String
  /// What is sent.
  package var inputs: [InferenceTensor]
  /// What is to be answered, as binary data unless an output or the request says otherwise; all outputs where it is empty.
  package var outputs: [RequestedOutput]
  /// Parameters; `timeout` is the time left, in microseconds.
  package var parameters: Parameters
  /// Whether tensors go as binary data, which not all servers read; otherwise all is JSON.
  package var isBinary = true

  /// Makes a request.
  package init(
    id: String, inputs: [InferenceTensor], outputs: [RequestedOutput] = [],
    parameters: Parameters = [:]
  ) {
    (self.id, self.inputs, self.outputs, self.parameters) = (id, inputs, outputs, parameters)
  }

  /// The request as it is sent.
  package func encoded() -> EncodedMessage {
    var (writer, binary) = (JSONWriter(), [TensorBytes]())
    var parameters = parameters
    if outputs.isEmpty, isBinary { parameters["binary_data_output"] = .boolean(true) }
    writer.object { writer in
      writer.key("id")
      writer.string(id)
      if !parameters.isEmpty {
        writer.key("parameters")
        parameters.write(to: &writer)
      }
      writer.key("inputs")
      writer.array { writer in
        for input in inputs {
          let bytes = isBinary ? input.bytes : nil
          input.write(to: &writer, binary: bytes)
          if let bytes { binary.append(bytes) }
        }
      }
      if !outputs.isEmpty {
        writer.key("outputs")
        writer.array { writer in
          for output in outputs {
            RequestedOutput(
              name: output.name, isBinary: isBinary && output.isBinary ?? true,
              classCount: output.classCount
            ).write(to: &writer)
          }
        }
      }
    }
    return EncodedMessage(json: writer, binary: isBinary ? binary : nil)
  }
}
