/// What a network costs for one image.
public struct NetworkCost: Codable, Hashable, Sendable {
  /// The layers' own costs, in order.
  public let layers: [LayerCost]
  /// Learnt numbers; running statistics are not counted.
  public let parameters: Int
  /// Multiply-accumulates (MACs) of the convolutions and the linear layers.
  public let multiplyAccumulates: Int
  /// FLOPs: twice the multiply-accumulates.
  public var floatingPointOperations: Int { 2 * multiplyAccumulates }
  /// The most bytes of activations alive at once in inference, float32, each freed after its last reader.
  public let peakActivationBytes: Int
  /// The bytes of all layers' outputs together, float32: about what training keeps for the backward pass.
  public let trainingActivationBytes: Int
}

/// What one layer costs for one image.
public struct LayerCost: Codable, Hashable, Sendable {
  /// The layer's name.
  public let name: String
  /// The output's shape, such as "16 x 32 x 32".
  public let output: String
  /// Learnt numbers.
  public let parameters: Int
  /// Multiply-accumulates (MACs).
  public let multiplyAccumulates: Int
  /// Bytes of the output, float32.
  public let activationBytes: Int
}

/// The sums over a network's layers, for one image.
public struct NetworkTotals: Codable, Hashable, Sendable {
  /// Learnt numbers; running statistics are not counted.
  public internal(set) var parameters = 0
  /// Multiply-accumulates (MACs) of the convolutions and the linear layers.
  public internal(set) var multiplyAccumulates = 0
  /// The bytes of all layers' outputs together, float32.
  public internal(set) var trainingActivationBytes = 0
}

extension Network {
  /// Parameters, multiply-accumulates and activation memory, also of each layer. `totals` are at hand; this is O(layers).
  public var cost: NetworkCost {
    NetworkCost(
      layers: layers.indices.map { index in
        let own = graph.layerTotals[index]
        return LayerCost(
          name: layers[index].name, output: graph.shapes[index].description,
          parameters: own.parameters, multiplyAccumulates: own.multiplyAccumulates,
          activationBytes: own.trainingActivationBytes)
      },
      parameters: totals.parameters, multiplyAccumulates: totals.multiplyAccumulates,
      peakActivationBytes: graph.peakActivationBytes,
      trainingActivationBytes: totals.trainingActivationBytes)
  }
}

extension NetworkTotals {
  /// Adds, or returns false where a sum, or twice it, overflows.
  mutating func add(_ other: NetworkTotals) -> Bool {
    Self.add(other.parameters, to: &parameters)
      && Self.add(other.multiplyAccumulates, to: &multiplyAccumulates)
      && Self.add(other.trainingActivationBytes, to: &trainingActivationBytes)
  }

  private static func add(_ term: Int, to sum: inout Int) -> Bool {
    let (value, overflow) = sum.addingReportingOverflow(term)
    sum = value
    // Twice the multiply-accumulates must fit too.
    return !overflow && value <= Int.max / 2
  }
}

extension NetworkGraph {
  /// The most bytes alive at once, each output freed after its last reader.
  fileprivate var peakActivationBytes: Int {
    // The image comes first, then the layers.
    let counts = [input.count] + shapes.map(\.count)
    var lastReader = [Int?](repeating: nil, count: counts.count)
    for (index, source) in sources.enumerated() {
      lastReader[source.first + 1] = index
      lastReader[source.second + 1] = index
    }
    var (alive, peak) = (counts[0], 0)
    for (index, source) in sources.enumerated() {
      alive += counts[index + 1]
      peak = max(peak, alive)
      for read in Set([source.first, source.second]) where lastReader[read + 1] == index {
        alive -= counts[read + 1]
      }
    }
    return 4 * peak
  }
}

extension Layer.Operation {
  /// What a layer costs; nil where a count overflows.
  func totals(input: FeatureShape, output: FeatureShape) -> NetworkTotals? {
    guard let parameters = parameters(input: input),
      let multiplyAccumulates = multiplyAccumulates(input: input, output: output),
      let elements = output.checkedCount, let bytes = product(4, elements)
    else { return nil }
    return NetworkTotals(
      parameters: parameters, multiplyAccumulates: multiplyAccumulates,
      trainingActivationBytes: bytes)
  }

  private func parameters(input: FeatureShape) -> Int? {
    var result: Int? = 0
    forEachTensor(input: input) { _, sizes, kind in
      guard kind.isTrainable, let sum = result else { return }
      result = sizes.count.flatMap { count in
        let (value, overflow) = sum.addingReportingOverflow(count)
        return overflow ? nil : value
      }
    }
    return result
  }

  private func multiplyAccumulates(input: FeatureShape, output: FeatureShape) -> Int? {
    switch (self, input, output) {
    case (.convolution(let convolution), .map(let from), .map(let to)):
      product(
        convolution.kernelSize, convolution.kernelSize, from.channels / convolution.groups,
        to.channels, to.height, to.width)
    case (.linear(let outputs), .vector(let inputs), _): product(outputs, inputs)
    // Of shapes that a validated network does not have.
    case (.convolution, _, _), (.linear, _, _): nil
    case (.batchNorm, _, _), (.relu, _, _), (.relu6, _, _), (.silu, _, _), (.sigmoid, _, _),
      (.add, _, _), (.scale, _, _), (.maxPool, _, _), (.globalAveragePool, _, _), (.dropout, _, _),
      (.dropPath, _, _), (.memberMean, _, _):
      0
    }
  }
}

extension FeatureShape {
  /// `count`; nil where it overflows.
  fileprivate var checkedCount: Int? {
    switch self {
    case .vector(let count): count
    case .map(let map): product(map.channels, map.height, map.width)
    }
  }
}
