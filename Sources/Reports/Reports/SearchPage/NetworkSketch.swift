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
  init(_ network: Network) {
    let graph = network.graph
    let paths = LayerPaths(layers: network.layers, graph: graph)
    let shortcuts = paths.shortcuts
    /// How many bars there are up to each layer.
    var counts: [Int] = []
    for (index, layer) in network.layers.enumerated() {
      if case .convolution(let convolution) = layer.operation,
        case .map(let map) = graph.shapes[index],
        !shortcuts.contains(index), !paths.isOnGate(index)
      {
        bars.append(
          Bar(
            kernelSize: convolution.kernelSize, channels: map.channels, stride: convolution.stride,
            isDepthwise: convolution.groups > 1 && convolution.groups == map.channels,
            side: map.width))
      }
      if case .scale = layer.operation, !bars.isEmpty { bars[bars.count - 1].isGated = true }
      counts.append(bars.count)
      if case .add = layer.operation {
        let join = paths.join(at: index)
        let start = join.source == NetworkGraph.image ? 0 : counts[join.source]
        if start < bars.count {
          skips.append(Skip(bars: start..<bars.count, isProjected: join.isProjected))
        }
      }
    }
  }
}

/// The ways through a network that its sums join.
private struct LayerPaths {
  let layers: [Layer]
  let graph: NetworkGraph

  /// The layers from `index` back to the image along the first inputs.
  private func path(from index: Int) -> [Int] {
    var path: [Int] = []
    var next = index
    while next != NetworkGraph.image {
      path.append(next)
      next = graph.sources[next].first
    }
    return path
  }

  private func isConvolution(_ index: Int) -> Bool {
    if case .convolution = layers[index].operation { true } else { false }
  }

  /// The convolutions on the two ways that a sum joins, without what the ways share, and the layer where they part.
  private func branches(at index: Int) -> (first: [Int], second: [Int], source: Int) {
    let first = path(from: graph.sources[index].first)
    let second = path(from: graph.sources[index].second)
    let known = Set(first)
    let source = second.first(where: known.contains) ?? NetworkGraph.image
    func convolutions(_ path: [Int]) -> [Int] { path.filter { $0 > source && isConvolution($0) } }
    return (convolutions(first), convolutions(second), source)
  }

  /// Where a sum's shorter way begins, and whether there is a convolution on it.
  func join(at index: Int) -> (source: Int, isProjected: Bool) {
    let branches = branches(at: index)
    return (branches.source, !branches.first.isEmpty && !branches.second.isEmpty)
  }

  /// The convolutions on the shorter ways of sums.
  var shortcuts: Set<Int> {
    var found: Set<Int> = []
    for (index, layer) in layers.enumerated() {
      guard case .add = layer.operation else { continue }
      let branches = branches(at: index)
      found.formUnion(
        branches.second.count < branches.first.count ? branches.second : branches.first)
    }
    return found
  }

  /// Whether the layer is between a squeezed map and the gate that it makes: the ways of all others lead around it,
  /// as a gated map comes first.
  func isOnGate(_ index: Int) -> Bool {
    path(from: index).contains { place in
      if case .globalAveragePool(keepsDimensions: true) = layers[place].operation {
        true
      } else {
        false
      }
    }
  }
}
