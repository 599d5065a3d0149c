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

extension Network {
  /// Counts parameters, multiply-accumulates and activation memory.
  ///
  /// - Throws: `NetworkError` where the network is ill-formed, or so large that a count overflows.
  public func cost() throws(NetworkError) -> NetworkCost {
    let outputs = try shapes()
    var shapeOf: [String: FeatureShape] = [Self.inputName: .map(input)]
    var costs: [LayerCost] = []
    var total = LayerTotals()
    for (layer, output) in zip(layers, outputs) {
      let inputs = layer.inputs.compactMap { shapeOf[$0] }
      let cost = try layer.cost(input: inputs[0], output: output)
      try total.add(cost)
      costs.append(cost)
      shapeOf[layer.name] = output
    }
    return NetworkCost(
      layers: costs, parameters: total.parameters, multiplyAccumulates: total.macs,
      peakActivationBytes: peakActivationBytes(outputs), trainingActivationBytes: total.bytes)
  }

  private func peakActivationBytes(_ outputs: [FeatureShape]) -> Int {
    var lastReader: [String: Int] = [:]
    for (index, layer) in layers.enumerated() {
      for input in layer.inputs { lastReader[input] = index }
    }
    var alive: [String: Int] = [Self.inputName: FeatureShape.map(input).count]
    var peak = 0
    for (index, (layer, output)) in zip(layers, outputs).enumerated() {
      alive[layer.name] = output.count
      peak = max(peak, alive.values.reduce(0, +))
      for input in layer.inputs where lastReader[input] == index { alive[input] = nil }
    }
    return 4 * peak
  }
}

/// Sums that notice an overflow.
private struct LayerTotals {
  var parameters = 0
  var macs = 0
  var bytes = 0

  mutating func add(_ cost: LayerCost) throws(NetworkError) {
    let sums = [
      parameters.addingReportingOverflow(cost.parameters),
      macs.addingReportingOverflow(cost.multiplyAccumulates),
      bytes.addingReportingOverflow(cost.activationBytes),
    ]
    // Twice the multiply-accumulates must fit too.
    guard sums.allSatisfy({ !$0.overflow && $0.partialValue <= Int.max / 2 }) else {
      throw .tooLarge(layer: cost.name)
    }
    (parameters, macs, bytes) = (sums[0].partialValue, sums[1].partialValue, sums[2].partialValue)
  }
}

extension Layer {
  fileprivate func cost(
    input: FeatureShape, output: FeatureShape
  ) throws(NetworkError) -> LayerCost {
    let learnt = parameters(input: input, output: output).filter(\.isTrainable)
    let factors: [Int] =
      switch (operation, input, output) {
      case (.convolution(let convolution), .map(let from), .map(let to)):
        [
          convolution.kernelSize, convolution.kernelSize, from.channels / convolution.groups,
          to.channels, to.height, to.width,
        ]
      case (.linear(let outputs), .vector(let inputs), _): [outputs, inputs]
      default: [0]
      }
    return LayerCost(
      name: name, output: output.description,
      parameters: try sum(
        learnt.map { (parameter) throws(NetworkError) in
          try product(parameter.shape)
        }),
      multiplyAccumulates: try product(factors),
      activationBytes: try product([4, elements(output)]))
  }

  private func elements(_ shape: FeatureShape) throws(NetworkError) -> Int {
    switch shape {
    case .vector(let count): count
    case .map(let map): try product([map.channels, map.height, map.width])
    }
  }

  private func product(_ factors: [Int]) throws(NetworkError) -> Int {
    var result = 1
    for factor in factors {
      let (value, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw .tooLarge(layer: name) }
      result = value
    }
    return result
  }

  private func sum(_ terms: [Int]) throws(NetworkError) -> Int {
    var result = 0
    for term in terms {
      let (value, overflow) = result.addingReportingOverflow(term)
      guard !overflow else { throw .tooLarge(layer: name) }
      result = value
    }
    return result
  }
}
