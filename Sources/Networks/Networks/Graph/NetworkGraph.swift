/// A well-formed network's shapes and counts, and which layer reads which: found once, by index.
package struct NetworkGraph: Sendable {
  /// The image's index, as a source.
  package static let image = -1

  /// The indices of the two layers that a layer reads, or twice that of the one.
  package struct Sources: Sendable {
    package let first, second: Int
  }

  /// The shape of the image.
  let input: FeatureShape
  /// The shape of every layer's output, in order.
  package private(set) var shapes: [FeatureShape] = []
  /// What every layer reads, in order.
  package private(set) var sources: [Sources] = []

  /// What every layer costs, in order.
  private(set) var layerTotals: [NetworkTotals] = []
  /// The sums of it.
  private(set) var totals = NetworkTotals()

  /// Validates the layers of the network of that name.
  init(of layers: [Layer], input: ImageShape, network: String) throws(NetworkError) {
    let sides = 1...65_536
    guard sides.contains(input.channels), sides.contains(input.height), sides.contains(input.width)
    else { throw .invalidInput(input) }
    self.input = .map(input)
    guard let last = layers.last else { throw .noLayers(network: network) }
    shapes.reserveCapacity(layers.count)
    sources.reserveCapacity(layers.count)
    layerTotals.reserveCapacity(layers.count)
    try read(layers)
    try requireReaders(layers)
    guard case .vector? = shapes.last else { throw .outputIsNotLogits(layer: last.name) }
    try count(layers)
  }

  /// The shape of what the layer of that index reads first.
  func inputShape(of layer: Int) -> FeatureShape { shape(at: sources[layer].first) }

  private func shape(at index: Int) -> FeatureShape {
    index == Self.image ? input : shapes[index]
  }

  private mutating func read(_ layers: [Layer]) throws(NetworkError) {
    var indices: [String: Int] = [:]
    indices.reserveCapacity(layers.count + 1)
    indices[Network.inputName] = Self.image
    for index in layers.indices {
      let layer = layers[index]
      guard indices.updateValue(index, forKey: layer.name) == nil else {
        throw .duplicateName(layer: layer.name)
      }
      // Most layers read the one before, which takes no look into the dictionary.
      func find(_ name: String) throws(NetworkError) -> Int {
        if index > 0, layers[index - 1].name == name { return index - 1 }
        guard let found = indices[name], found < index else {
          throw .unknownInput(layer: layer.name, input: name)
        }
        return found
      }
      try layer.requireInputCount()
      if case .memberMean = layer.operation, index != layers.count - 1 {
        throw .invalidParameter(
          layer: layer.name, reason: "a mean of members must be the last layer")
      }
      let first = try find(layer.inputs[0])
      let second = layer.inputs.count > 1 ? try find(layer.inputs[1]) : first
      shapes.append(try layer.outputShape(shape(at: first), shape(at: second)))
      sources.append(Sources(first: first, second: second))
    }
  }

  /// Every layer but the last must have a reader.
  private func requireReaders(_ layers: [Layer]) throws(NetworkError) {
    var isRead = [Bool](repeating: false, count: sources.count)
    isRead[sources.count - 1] = true
    for source in sources {
      if source.first != Self.image { isRead[source.first] = true }
      if source.second != Self.image { isRead[source.second] = true }
    }
    if let unused = isRead.firstIndex(of: false) {
      throw .unusedLayer(layer: layers[unused].name)
    }
  }

  private mutating func count(_ layers: [Layer]) throws(NetworkError) {
    for index in layers.indices {
      let own = layers[index].operation.totals(
        input: inputShape(of: index), output: shapes[index])
      guard let own, totals.add(own) else { throw .tooLarge(layer: layers[index].name) }
      layerTotals.append(own)
    }
  }
}
