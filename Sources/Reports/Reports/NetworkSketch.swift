import Networks

/// A small picture of a network: a bar a convolution, as high as its channels, in the order of the layers.
struct NetworkSketch {
  /// A convolution or the last layer.
  struct Bar: Hashable {
    let kernelSize, channels, stride: Int
    let isDepthwise: Bool
    /// Pixels of a side of its result.
    let side: Int
    /// Whether a gate follows that weighs its channels (squeeze-and-excitation).
    var isGated = false
  }

  /// A sum that joins the map before some bars to the map after them.
  struct Skip: Hashable {
    /// The bars that it spans.
    let bars: Range<Int>
    /// Whether the map goes through a convolution on the way.
    let isProjected: Bool
  }

  private(set) var bars: [Bar] = []
  private(set) var skips: [Skip] = []

  /// Reads the graph of a network.
  init(_ network: Network) throws(NetworkError) {
    let shapes = try network.shapes()
    let graph = Graph(network)
    let shortcuts = graph.shortcuts
    /// How many bars there are up to each layer.
    var counts: [Int] = []
    for (index, layer) in network.layers.enumerated() {
      if case .convolution(let convolution) = layer.operation, case .map(let map) = shapes[index],
        !shortcuts.contains(index), !graph.isOnGate(index)
      {
        bars.append(
          Bar(
            kernelSize: convolution.kernelSize, channels: map.channels, stride: convolution.stride,
            isDepthwise: convolution.groups > 1 && convolution.groups == map.channels,
            side: map.width))
      }
      if case .scale = layer.operation, !bars.isEmpty { bars[bars.count - 1].isGated = true }
      counts.append(bars.count)
      if case .add = layer.operation, let join = graph.join(at: index) {
        let start = join.source < 0 ? 0 : counts[join.source]
        if start < bars.count {
          skips.append(Skip(bars: start..<bars.count, isProjected: join.isProjected))
        }
      }
    }
  }
}

/// Which layer reads which.
private struct Graph {
  let layers: [Layer]
  private var places: [String: Int] = [:]

  init(_ network: Network) {
    layers = network.layers
    for (index, layer) in layers.enumerated() { places[layer.name] = index }
  }

  /// The layers from `index` back to the image along the first inputs.
  private func path(from index: Int?) -> [Int] {
    var path: [Int] = []
    var next = index
    while let index = next {
      path.append(index)
      next = layers[index].inputs.first.flatMap { places[$0] }
    }
    return path
  }

  private func isConvolution(_ index: Int) -> Bool {
    if case .convolution = layers[index].operation { true } else { false }
  }

  /// The two ways that a sum joins, without what they share, and where they part; -1 is the image.
  private func branches(at index: Int) -> (first: [Int], second: [Int], source: Int)? {
    guard layers[index].inputs.count == 2 else { return nil }
    let first = path(from: places[layers[index].inputs[0]])
    let second = path(from: places[layers[index].inputs[1]])
    let known = Set(first)
    let source = second.first(where: known.contains) ?? -1
    return (first.filter { $0 > source }, second.filter { $0 > source }, source)
  }

  /// Where a sum's shorter way begins, and whether there is a convolution on it.
  func join(at index: Int) -> (source: Int, isProjected: Bool)? {
    branches(at: index).map { branches in
      let ways = [branches.first, branches.second].map { $0.count(where: isConvolution) }
      return (branches.source, (ways.min() ?? 0) > 0)
    }
  }

  /// The convolutions on the shorter ways of sums.
  var shortcuts: Set<Int> {
    var found: Set<Int> = []
    for (index, layer) in layers.enumerated() {
      guard case .add = layer.operation, let branches = branches(at: index) else { continue }
      let ways = [branches.first, branches.second].map { $0.filter(isConvolution) }
      if let shorter = ways.min(by: { $0.count < $1.count }) { found.formUnion(shorter) }
    }
    return found
  }

  /// Whether the layer is between a squeezed map and the gate that it makes: the ways of all others lead around it,
  /// as a gated map comes first.
  func isOnGate(_ index: Int) -> Bool {
    path(from: index).contains { place in
      if case .squeeze = layers[place].operation { true } else { false }
    }
  }
}
