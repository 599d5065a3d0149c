/// What a model takes and gives: `GET /v2/models/NAME`.
package struct ModelMetadata: Hashable, Sendable, Encodable {
  /// Its name.
  package let name: String
  /// The versions that are served, each a number in digits.
  package let versions: [String]
  /// What runs it.
  package let platform: String
  /// What it takes.
  package let inputs: [Tensor]
  /// What it gives.
  package let outputs: [Tensor]

  /// An input or output.
  package struct Tensor: Hashable, Sendable, Encodable {
    /// Its name.
    package let name: String
    /// The protocol's name of its type.
    package let datatype: String
    /// Its dimensions, the batch first; -1 for any length.
    package let shape: [Int]

    init(_ tensor: TensorDescription) {
      (name, datatype, shape) = (tensor.name, tensor.type.rawValue, tensor.shape)
    }
  }

  /// Describes a model.
  package init(
    name: String, versions: [String], platform: String, inputs: [TensorDescription],
    outputs: [TensorDescription]
  ) {
    (self.name, self.versions, self.platform) = (name, versions, platform)
    self.inputs = inputs.map(Tensor.init)
    self.outputs = outputs.map(Tensor.init)
  }
}
