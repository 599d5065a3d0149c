/// What a worker says of its model: `GET /v2/models/NAME`, and of its `config`.
struct WorkerDescription: Sendable {
  /// A tensor that it takes or gives.
  struct Tensor: Hashable, Sendable {
    let name: String
    let datatype: String
    /// -1 for any length.
    let shape: [Int]
  }

  private(set) var inputs: [Tensor] = []
  private(set) var outputs: [Tensor] = []

  /// Reads metadata; what is not understood in them is passed over.
  ///
  /// - Throws: `ProtocolError` where they are no metadata.
  init(metadata: TensorBytes) throws(ProtocolError) {
    try metadata.withBytes { (bytes) throws(ProtocolError) in
      var scanner = JSONScanner(bytes)
      guard try scanner.kind() == .object else { throw scanner.fault("metadata are an object") }
      var (inputs, outputs) = ([Tensor](), [Tensor]())
      try scanner.object { (scanner, key) throws(ProtocolError) in
        switch key {
        case "inputs": inputs = try Self.tensors(&scanner, key)
        case "outputs": outputs = try Self.tensors(&scanner, key)
        default: try scanner.skip()
        }
      }
      try scanner.end()
      (self.inputs, self.outputs) = (inputs, outputs)
    }
  }

  private static func tensors(
    _ scanner: inout JSONScanner, _ key: String
  ) throws(ProtocolError) -> [Tensor] {
    guard try scanner.kind() == .array else {
      try scanner.skip()
      return []
    }
    var tensors: [Tensor] = []
    try scanner.array { (scanner) throws(ProtocolError) in
      guard try scanner.kind() == .object else { return try scanner.skip() }
      var (name, datatype, shape) = ("", "", [Int]())
      try scanner.object { (scanner, key) throws(ProtocolError) in
        let kind = try scanner.kind()
        switch (key, kind) {
        case ("name", .string): name = try scanner.string()
        case ("datatype", .string): datatype = try scanner.string()
        case ("shape", .array):
          try scanner.array { (scanner) throws(ProtocolError) in
            guard try scanner.kind() == .number,
              let length = try scanner.number().integer(as: Int.self)
            else { throw scanner.fault("a length is an integer") }
            shape.append(length)
          }
        default: try scanner.skip()
        }
      }
      tensors.append(Tensor(name: name, datatype: datatype, shape: shape))
    }
    return tensors
  }

  /// Of a configuration, the most images of a request; nil where it is not said, or 0.
  static func maximumBatch(configuration: TensorBytes) -> Int? {
    configuration.withBytes { bytes in
      var (scanner, found) = (JSONScanner(bytes), Int?.none)
      do throws(ProtocolError) {
        guard try scanner.kind() == .object else { return nil }
        try scanner.object { (scanner, key) throws(ProtocolError) in
          guard key == "max_batch_size", try scanner.kind() == .number else {
            return try scanner.skip()
          }
          found = try scanner.number().integer(as: Int.self)
        }
      } catch {
        return nil
      }
      return found.flatMap { $0 > 0 ? $0 : nil }
    }
  }
}
