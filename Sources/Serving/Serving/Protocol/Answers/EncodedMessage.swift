/// A body in the protocol's form: JSON, and binary data after it where there are any.
package struct EncodedMessage: Sendable {
  /// The name of the header that holds `headerLength`.
  package static let headerLengthName = "Inference-Header-Content-Length"

  /// The body in order: the JSON, then the binary data, which are not copied.
  package let parts: [TensorBytes]
  /// The bytes of the JSON, to be sent as Inference-Header-Content-Length, whatever the body's compression; nil, and not sent, where
  /// all is JSON.
  package let headerLength: Int?

  /// The Content-Type, which clients compare character for character.
  package var contentType: String {
    headerLength == nil ? "application/json" : "application/octet-stream"
  }

  /// The bytes of the body.
  package var count: Int { parts.reduce(0) { $0 + $1.count } }

  /// The body in one piece.
  package var joined: [UInt8] {
    var joined: [UInt8] = []
    joined.reserveCapacity(count)
    for part in parts { part.withBytes { joined += $0 } }
    return joined
  }

  init(json: JSONWriter, binary: [TensorBytes]?) {
    parts = [TensorBytes(copying: json.bytes)] + (binary ?? [])
    headerLength = binary == nil ? nil : json.bytes.count
  }
}

extension InferenceAnswer {
  /// The answer as it is sent.
  ///
  /// Numbers in JSON are read back as the same floats. What is NaN or infinite becomes null there, since JSON has no word for it.
  package func encoded() -> EncodedMessage {
    var (writer, binary) = (JSONWriter(), [TensorBytes]())
    writer.object { writer in
      for (key, value) in [("id", id), ("model_name", modelName), ("model_version", modelVersion)] {
        writer.key(key)
        writer.string(value)
      }
      if !parameters.isEmpty {
        writer.key("parameters")
        parameters.write(to: &writer)
      }
      writer.key("outputs")
      writer.array { writer in
        for output in outputs {
          let bytes = output.isBinary ? output.tensor.bytes : nil
          output.tensor.write(to: &writer, binary: bytes)
          if let bytes { binary.append(bytes) }
        }
      }
    }
    return EncodedMessage(json: writer, binary: outputs.contains(where: \.isBinary) ? binary : nil)
  }
}
