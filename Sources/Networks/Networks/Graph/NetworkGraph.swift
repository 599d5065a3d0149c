/// A well-formed network's shapes, and which layer reads which: found once, by index.
package struct NetworkGraph {
  /// The image's index, as a source.
  package static let image = -1

  /// The indices of the two layers that a layer reads, or twice that of the one.
  package struct Sources {
    package let first, second: Int
  }

  /// The shape of the image.
  let input: FeatureShape
  /// The shape of every layer's output, in order.
  package private(set) var shapes: [FeatureShape] = []
  /// What every layer reads, in order.
  package private(set) var sources: [Sources] = []

  /// Validates the whole network.
  ///
  /// - Complexity: O(layers).
  /// - Throws: `NetworkError` naming the first layer that is ill-formed.
  package init(_ network: Network) throws(NetworkError) {
    input = .map(try network.validInput())
    guard let last = network.layers.last else { throw .noLayers(network: network.name) }
    shapes.reserveCapacity(network.layers.count)
    sources.reserveCapacity(network.layers.count)
    try readLayers(of: network)
    try requireReaders(network)
    guard case .vector? = shapes.last else { throw .outputIsNotLogits(layer: last.name) }
  }

  /// The shape of what the layer of that index reads first.
  func inputShape(of layer: Int) -> FeatureShape { shape(at: sources[layer].first) }

  private func shape(at index: Int) -> FeatureShape {
    index == Self.image ? input : shapes[index]
  }

  private mutating func readLayers(of network: Network) throws(NetworkError) {
    var indices: [String: Int] = [:]
    indices.reserveCapacity(network.layers.count + 1)
    indices[Network.inputName] = Self.image
    for index in network.layers.indices {
      let layer = network.layers[index]
      guard indices.updateValue(index, forKey: layer.name) == nil else {
        throw .duplicateName(layer: layer.name)
      }
      // Most layers read the one before, which takes no look into the dictionary.
      func find(_ name: String) throws(NetworkError) -> Int {
        if index > 0, network.layers[index - 1].name == name { return index - 1 }
        guard let found = indices[name], found < index else {
          throw .unknownInput(layer: layer.name, input: name)
        }
        return found
      }
      try layer.requireInputCount()
      let first = try find(layer.inputs[0])
      let second = layer.inputs.count > 1 ? try find(layer.inputs[1]) : first
      shapes.append(try layer.outputShape(shape(at: first), shape(at: second)))
      sources.append(Sources(first: first, second: second))
    }
  }

  /// Every layer but the last must have a reader.
  private func requireReaders(_ network: Network) throws(NetworkError) {
    var isRead = [Bool](repeating: false, count: sources.count)
    isRead[sources.count - 1] = true
    for source in sources {
      if source.first != Self.image { isRead[source.first] = true }
      if source.second != Self.image { isRead[source.second] = true }
    }
    if let unused = isRead.firstIndex(of: false) {
      throw .unusedLayer(layer: network.layers[unused].name)
    }
  }
}
