/// Layers under construction, each reading the one before unless told otherwise.
struct LayerList {
  private(set) var layers: [Layer] = []

  /// The name of what the next layer reads.
  var last: String { layers.last?.name ?? Network.inputName }

  mutating func append(_ name: String, _ operation: Layer.Operation, from inputs: [String]? = nil) {
    layers.append(Layer(name, operation, inputs: inputs ?? [last]))
  }
}
