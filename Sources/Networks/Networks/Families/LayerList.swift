/// Layers under construction, each reading the one before unless told otherwise.
struct LayerList {
  private(set) var layers: [Layer] = []
  /// What the names of the next layers begin with, such as "blocks.0.".
  var prefix = ""

  /// Creates an empty list with room for so many layers.
  init(capacity: Int = 0) { layers.reserveCapacity(capacity) }

  /// The name of what the next layer reads.
  var last: String { layers.last?.name ?? Network.inputName }

  mutating func append(_ name: String, _ operation: Layer.Operation, from inputs: [String]? = nil) {
    layers.append(Layer(prefix + name, operation, inputs: inputs ?? [last]))
  }
}
