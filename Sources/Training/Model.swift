import Networks
import Torch

/// A Network with tensors for its parameters, run on libtorch.
///
/// Gradients are libtorch's: the graph is recorded while `logits` runs.
public final class Model {
  /// The description that is run.
  public let network: Network
  /// The parameters and buffers, in the network's order.
  public let parameters: [Parameter]
  /// Where the parameters live.
  public let device: Device
  private let tensors: [String: Tensor]
  private let lastReaders: [String: Int]
  private let memoryFormat: MemoryFormat

  /// Creates the model with parameters drawn as the Wide ResNet paper has them: convolutions from
  /// N(0, 2 / fan-in), linear weights from N(0, 1 / fan-in), biases 0, normalisation at the identity.
  ///
  /// - Parameter memoryFormat: How maps and convolution weights lie in memory.
  public init(
    _ network: Network, generator: Generator, device: Device = .cpu,
    memoryFormat: MemoryFormat = .channelsLast
  ) throws {
    self.network = network
    self.device = device
    self.memoryFormat = memoryFormat
    parameters = try network.parameters()
    var tensors: [String: Tensor] = [:]
    for parameter in parameters {
      let drawn = try parameter.initialValue(generator).moved(to: device)
      let tensor =
        parameter.kind == .convolutionWeight ? try drawn.contiguous(memoryFormat) : drawn
      try tensor.setRequiresGradient(parameter.isTrainable)
      tensors[parameter.name] = tensor
    }
    self.tensors = tensors
    var lastReaders: [String: Int] = [:]
    for (index, layer) in network.layers.enumerated() {
      for input in layer.inputs { lastReaders[input] = index }
    }
    self.lastReaders = lastReaders
  }

  /// The tensor of the parameter or buffer of that name.
  public subscript(name: String) -> Tensor? { tensors[name] }

  /// The tensors that gradients move, in the network's order.
  public var trainableTensors: [Tensor] {
    parameters.filter(\.isTrainable).compactMap { tensors[$0.name] }
  }

  /// Runs the network.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, float32, normalised, on the model's device.
  ///   - training: Whether batch statistics and dropout are used.
  ///   - generator: For dropout, on the model's device.
  /// - Returns: Logits `[N, classes]`.
  public func logits(
    _ images: Tensor, training: Bool, generator: Generator? = nil
  ) throws -> Tensor {
    var alive = [Network.inputName: try images.contiguous(memoryFormat)]
    var output = images
    for (index, layer) in network.layers.enumerated() {
      output = try run(layer, at: index, alive: alive, training: training, generator: generator)
      for input in layer.inputs where lastReaders[input] == index { alive[input] = nil }
      alive[layer.name] = output
    }
    return output
  }

  private func run(
    _ layer: Layer, at index: Int, alive: [String: Tensor], training: Bool, generator: Generator?
  ) throws -> Tensor {
    func input(_ position: Int) throws -> Tensor {
      guard let tensor = alive[layer.inputs[position]] else {
        throw NetworkError.unknownInput(layer: layer.name, input: layer.inputs[position])
      }
      return tensor
    }
    switch layer.operation {
    case .convolution(_, _, let stride, let padding):
      return try input(0).convolved(
        tensor(layer, "weight"), stride: stride, padding: padding)
    case .batchNormalization(let epsilon, let momentum):
      let normalization = Tensor.BatchNormalization(
        weight: try tensor(layer, "weight"), bias: try tensor(layer, "bias"),
        runningMean: try tensor(layer, "running_mean"),
        runningVariance: try tensor(layer, "running_var"))
      return try input(0).batchNormalized(
        normalization, training: training, momentum: momentum, epsilon: epsilon)
    case .relu:
      return try rectify(input(0), of: layer, at: index)
    case .add:
      return try input(0).adding(input(1))
    case .globalAveragePool:
      return try input(0).mean(over: [2, 3])
    case .dropout(let rate):
      guard training, let generator else { return try input(0) }
      return try input(0).droppedOut(rate: rate, generator: generator)
    case .linear:
      return try input(0).linear(tensor(layer, "weight"), bias: tensor(layer, "bias"))
    }
  }

  /// In place after a normalisation that nobody else reads: its backward pass needs its input, not its output.
  private func rectify(_ input: Tensor, of layer: Layer, at index: Int) throws -> Tensor {
    guard index > 0, case .batchNormalization = network.layers[index - 1].operation,
      layer.inputs == [network.layers[index - 1].name], lastReaders[layer.inputs[0]] == index
    else { return try input.rectified() }
    try input.rectify()
    return input
  }

  private func tensor(_ layer: Layer, _ name: String) throws -> Tensor {
    guard let tensor = tensors["\(layer.name).\(name)"] else {
      throw NetworkError.invalidParameter(layer: layer.name, reason: "has no '\(name)'")
    }
    return tensor
  }
}

extension Parameter {
  fileprivate func initialValue(_ generator: Generator) throws -> Tensor {
    switch kind {
    case .convolutionWeight:
      let fanIn = shape[1] * shape[2] * shape[3]
      return try .normal(
        shape, standardDeviation: (2 / Double(fanIn)).squareRoot(), generator: generator)
    case .linearWeight:
      return try .normal(
        shape, standardDeviation: (1 / Double(shape[1])).squareRoot(), generator: generator)
    case .normalizationWeight, .runningVariance:
      return try .full(shape, 1)
    case .normalizationBias, .runningMean, .linearBias:
      return try .zeros(shape)
    }
  }
}
