/// A request for inference, read and checked as far as that goes without its model.
package struct InferenceRequest: Sendable {
  /// What the client calls the request; else `defaultID`.
  package let id: String
  /// At least one, each with another name.
  package let inputs: [InferenceTensor]
  /// What is to be answered, in that order; all outputs where it is empty.
  package let outputs: [RequestedOutput]
  /// All parameters, known and unknown.
  package let parameters: Parameters
  /// Whether outputs come as binary data that do not say otherwise themselves.
  package let prefersBinaryOutputs: Bool
  /// The time in which the answer is of use, in microseconds; nil without limit.
  package let timeoutMicroseconds: Int?
  /// 1 is the highest, 0 the server's default.
  package let priority: Int
  /// The most stages of a cascade that may run; nil for all.
  package let stageLimit: Int?
  /// Whether members are to run on images that could stop before them.
  package let wantsAllMembers: Bool
  /// Whether an ensemble on another server asks, of which the model is a member: of a cascade's later members it sends what the
  /// earlier were not sure of.
  package let isOfEnsemble: Bool

  /// Reads a body that has been decompressed.
  ///
  /// - Parameters:
  ///   - headerLength: How many of its first bytes are JSON, after which the binary data of inputs follow; nil where all is JSON. 0
  ///     says that the body alone is `rawInput`.
  ///   - rawInput: The one input of the model that a body alone can be; nil where there is none.
  ///   - defaultID: What the request is called if the client gives it no name. Its answer must have one.
  /// - Throws: `ProtocolError`, of status 400 or, for shared memory, 501.
  package init(
    body: TensorBytes, headerLength: Int? = nil, rawInput: TensorDescription? = nil,
    defaultID: @autoclosure () -> String
  ) throws(ProtocolError) {
    if headerLength == 0 {
      guard let rawInput else {
        throw .noRawRequest(
          reason: "the model has not exactly one input; send JSON before the data")
      }
      var head = RequestHead()
      head.parameters["binary_data_output"] = .boolean(true)
      try self.init(head, inputs: [rawInput.tensor(ofRaw: body)], defaultID())
      return
    }
    let length = headerLength ?? body.count
    guard 0...body.count ~= length else {
      throw .badHeaderLength("\(length)", bodyLength: body.count)
    }
    let head = try body[0..<length].withBytes { (bytes) throws(ProtocolError) in
      try RequestHead(bytes)
    }
    try self.init(head, inputs: head.tensors(binary: body[length..<body.count]), defaultID())
  }

  /// Takes a file of an image for the only input, as clients send it that know nothing of the protocol.
  ///
  /// - Parameter prefersBinaryOutputs: Whether outputs come as binary data; else as JSON.
  package init(
    imageFile: TensorBytes, input: TensorDescription, prefersBinaryOutputs: Bool, id: String
  ) throws(ProtocolError) {
    var head = RequestHead()
    head.parameters["binary_data_output"] = .boolean(prefersBinaryOutputs)
    try self.init(head, inputs: [input.tensor(ofRaw: imageFile)], id)
  }

  private init(
    _ head: RequestHead, inputs: [InferenceTensor], _ defaultID: @autoclosure () -> String
  ) throws(ProtocolError) {
    let parameters = head.parameters
    id = head.id.flatMap { $0.isEmpty ? nil : $0 } ?? defaultID()
    self.inputs = inputs
    outputs = head.outputs
    self.parameters = parameters
    prefersBinaryOutputs = try parameters.boolean("binary_data_output") ?? false
    let timeout = try parameters.integer("timeout", atLeast: 0) ?? 0
    timeoutMicroseconds = timeout == 0 ? nil : timeout
    priority = try parameters.integer("priority", atLeast: 0) ?? 0
    stageLimit = try parameters.integer("max_stages", atLeast: 1)
    wantsAllMembers = try parameters.boolean("all_members") ?? false
    isOfEnsemble = try parameters.boolean(Self.ofEnsembleName) ?? false
  }

  /// The parameter by which a server says that it asks for an ensemble of its own.
  static let ofEnsembleName = "of_ensemble"

  /// Reads the value of Inference-Header-Content-Length.
  ///
  /// - Throws: `ProtocolError.badHeaderLength` unless it is an integer in `0...bodyLength`, written in digits.
  package static func headerLength(
    _ text: String, bodyLength: Int
  ) throws(ProtocolError) -> Int {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let length = Int(text), length <= bodyLength
    else { throw .badHeaderLength(text, bodyLength: bodyLength) }
    return length
  }
}
