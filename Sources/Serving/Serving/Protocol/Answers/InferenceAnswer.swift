/// The answer to a request for inference.
package struct InferenceAnswer: Sendable {
  /// One output, and how it is sent.
  package struct Output: Sendable {
    /// What is sent.
    package let tensor: InferenceTensor
    /// Whether it follows the JSON as binary data.
    package let isBinary: Bool
  }

  /// What the client called its request, or what it was given.
  package let id: String
  /// The model that answered.
  package let modelName: String
  /// Its version.
  package let modelVersion: String
  /// What else is to be known of the answer.
  package let parameters: Parameters
  /// The outputs in the order in which they are sent.
  package let outputs: [Output]

  /// Takes of a model's outputs those that a request asked for, in its order, as it asked for them; all where it named none.
  ///
  /// - Parameter labels: The names of the classes, for requests that ask for classes; empty where they have none.
  /// - Throws: `ProtocolError.badOutput` where an output is unknown, has no form in JSON, or no classes.
  package init(
    to request: InferenceRequest, modelName: String, modelVersion: String,
    outputs: [InferenceTensor], parameters: Parameters = [:], labels: [String] = []
  ) throws(ProtocolError) {
    id = request.id
    (self.modelName, self.modelVersion) = (modelName, modelVersion)
    self.parameters = parameters
    guard !request.outputs.isEmpty else {
      var all: [Output] = []
      for tensor in outputs {
        all.append(try Output(tensor, isBinary: request.prefersBinaryOutputs))
      }
      self.outputs = all
      return
    }
    var chosen: [Output] = []
    for requested in request.outputs {
      guard let tensor = outputs.first(where: { $0.name == requested.name }) else {
        throw .badOutput(name: requested.name, .unknown(known: outputs.map(\.name)))
      }
      let isBinary = requested.isBinary ?? request.prefersBinaryOutputs
      chosen.append(
        try Output(tensor, isBinary: isBinary, classCount: requested.classCount, labels: labels))
    }
    self.outputs = chosen
  }
}

extension InferenceAnswer.Output {
  fileprivate init(
    _ tensor: InferenceTensor, isBinary: Bool, classCount: Int? = nil, labels: [String] = []
  ) throws(ProtocolError) {
    do throws(TensorFault) {
      guard let classCount else {
        guard isBinary || tensor.type.hasJSONForm else { throw .noJSONForm(tensor.type) }
        (self.tensor, self.isBinary) = (tensor, isBinary)
        return
      }
      self.tensor = try Classification.of(tensor, classCount: classCount, labels: labels)
      self.isBinary = isBinary
    } catch {
      throw .badOutput(name: tensor.name, error)
    }
  }
}
