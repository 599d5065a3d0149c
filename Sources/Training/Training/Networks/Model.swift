import Networks
import Runs
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
  private let plain, fused: ModelPlan
  private let memoryFormat: MemoryFormat
  let precision: Recipe.Precision
  /// Whether normalisations go by the batch that they see even outside of training, for want of statistics of their own.
  private let normalizesByBatch: Bool
  /// How much a batch's statistics weigh in the running ones, in place of what the layers say; nil for that.
  var statisticsMomentum: Double?

  /// Creates the model with parameters drawn as the network's `initialization` says.
  ///
  /// - Parameters:
  ///   - memoryFormat: How maps and convolution weights lie in memory.
  ///   - precision: What convolutions and linear layers compute with. In bfloat16 it is what PyTorch's autocast does.
  /// - Throws: `TorchError` where memory does not suffice.
  public init(
    _ network: Network, generator: Generator, device: Device = .cpu,
    memoryFormat: MemoryFormat = .channelsLast, precision: Recipe.Precision = .float32
  ) throws {
    self.network = network
    self.device = device
    self.memoryFormat = memoryFormat
    self.precision = precision
    parameters = network.parameters
    var tensors: [String: Tensor] = [:]
    for parameter in parameters {
      let drawn = try parameter.initialValue(network.initialization, generator).moved(to: device)
      let tensor = parameter.shape.count == 4 ? try drawn.contiguous(memoryFormat) : drawn
      try tensor.setRequiresGradient(parameter.isTrainable)
      tensors[parameter.name] = tensor
    }
    self.tensors = tensors
    normalizesByBatch = false
    plain = ModelPlan(network.layers.map(FusedStep.layer))
    fused = ModelPlan(FusedStep.steps(of: network))
  }

  /// The tensor of the parameter or buffer of that name.
  public subscript(name: String) -> Tensor? { tensors[name] }

  /// The tensors that gradients move, in the network's order.
  public var trainableTensors: [Tensor] {
    parameters.filter(\.isTrainable).compactMap { tensors[$0.name] }
  }

  /// Weights and running statistics under their own names.
  package var state: [(name: String, tensor: Tensor)] {
    parameters.compactMap { parameter in tensors[parameter.name].map { (parameter.name, $0) } }
  }

  /// A model of the same network with tensors of its own, of the same values, which no gradient moves.
  func copy() throws -> Model { try Model(copying: self) }

  private init(copying other: Model) throws {
    (network, parameters, device) = (other.network, other.parameters, other.device)
    (plain, fused) = (other.plain, other.fused)
    (memoryFormat, precision) = (other.memoryFormat, other.precision)
    normalizesByBatch = other.normalizesByBatch
    tensors = try other.tensors.mapValues { try $0.detached().clone() }
  }

  /// The same model with other leaves for its gradients to arrive at: the same elements, and the same running statistics.
  ///
  /// - Parameter elements: How a leaf has a tensor's elements: as they lie, unless told otherwise.
  package func withOwnLeaves(
    _ elements: (Tensor) throws -> Tensor = { try $0.detached() }
  ) throws -> Model {
    try Model(leavesFor: self, elements)
  }

  private init(leavesFor other: Model, _ elements: (Tensor) throws -> Tensor) throws {
    (network, parameters, device) = (other.network, other.parameters, other.device)
    (plain, fused) = (other.plain, other.fused)
    (memoryFormat, precision) = (other.memoryFormat, other.precision)
    normalizesByBatch = other.normalizesByBatch
    var tensors = other.tensors
    for parameter in other.parameters.filter(\.isTrainable) {
      guard let leaf = try tensors[parameter.name].map(elements) else { continue }
      try leaf.setRequiresGradient()
      tensors[parameter.name] = leaf
    }
    self.tensors = tensors
  }

  /// Runs a network on tensors of another owner, normalised by the batch in training and outside of it.
  ///
  /// - Parameter tensors: One for each parameter and buffer of the network, of its shape, on `device`.
  package init(
    _ network: Network, parameters: [Parameter], sharing tensors: [String: Tensor], device: Device,
    memoryFormat: MemoryFormat, precision: Recipe.Precision
  ) {
    (self.network, self.parameters, self.device) = (network, parameters, device)
    (self.memoryFormat, self.precision) = (memoryFormat, precision)
    self.tensors = tensors
    normalizesByBatch = true
    plain = ModelPlan(network.layers.map(FusedStep.layer))
    fused = ModelPlan(FusedStep.steps(of: network))
  }

  /// Runs the network.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, float32, normalised, on the model's device.
  ///   - training: Whether batch statistics and dropout are used.
  ///   - generator: For dropout, on the model's device.
  /// - Returns: Logits `[N, classes]`, float32; while training, of a network of several members, `[N, members, classes]`.
  /// - Throws: `TorchError` where shapes disagree or memory does not suffice.
  public func logits(
    _ images: Tensor, training: Bool, generator: Generator? = nil
  ) throws -> Tensor {
    var alive = try input(images)
    let plan = plan(training: training)
    for (index, step) in plan.steps.enumerated() {
      try run(step, in: &alive, training: training, generator: generator)
      for input in plan.lastRead[index] { alive[input] = nil }
    }
    return try logits(alive)
  }

  /// The steps, in order.
  func plan(training: Bool) -> ModelPlan { training && canFuse ? fused : plain }

  /// The tensors that are there before the first step.
  func input(_ images: Tensor) throws -> [String: Tensor] {
    [Network.inputName: try computed(images).contiguous(memoryFormat)]
  }

  /// What the last step has left.
  func logits(_ alive: [String: Tensor]) throws -> Tensor {
    guard let name = network.layers.last?.name, let logits = alive[name] else {
      throw NetworkError.noLayers(network: network.name)
    }
    return try logits.converted(to: .float32)
  }

  /// The fused operations are those of a training on the CPU, in float32.
  private var canFuse: Bool {
    device == .cpu && memoryFormat == .channelsLast && precision == .float32
  }

  /// The tensor in the numbers that the layer computes with; gradients come back in its own.
  private func computed(_ tensor: Tensor) throws -> Tensor {
    precision == .float32 ? tensor : try tensor.converted(to: .bfloat16)
  }

  /// Runs one step on the tensors that are still needed, and puts its results among them.
  func run(
    _ step: FusedStep, in alive: inout [String: Tensor], training: Bool, generator: Generator?
  ) throws {
    switch step {
    case .layer(let layer):
      alive[layer.name] = try run(layer, alive: alive, training: training, generator: generator)
    case .batchNormRelu(let normalization, let relu):
      let (vectors, epsilon, momentum) = try batchNorm(normalization)
      alive[relu.name] = try input(0, of: normalization, alive).batchNormRelu(
        vectors, momentum: momentum, epsilon: epsilon)
    case .addBatchNormRelu(let add, let normalization, let relu):
      let (vectors, epsilon, momentum) = try batchNorm(normalization)
      let (sum, output) = try input(0, of: add, alive).addBatchNormRelu(
        input(1, of: add, alive), vectors, momentum: momentum, epsilon: epsilon)
      alive[add.name] = sum
      alive[relu.name] = output
    }
  }

  private func run(
    _ layer: Layer, alive: [String: Tensor], training: Bool, generator: Generator?
  ) throws -> Tensor {
    let first = try input(0, of: layer, alive)
    switch layer.operation {
    case .convolution(let convolution):
      return try first.conv2d(
        computed(tensor(layer, "weight")),
        bias: convolution.hasBias ? computed(tensor(layer, "bias")) : nil,
        stride: convolution.stride, padding: convolution.zeros(around: first),
        groups: convolution.groups)
    case .batchNorm:
      let (vectors, epsilon, momentum) = try batchNorm(layer)
      return try first.batchNorm(
        vectors, training: training || normalizesByBatch, momentum: momentum, epsilon: epsilon)
    case .relu:
      return try first.relu()
    case .relu6:
      return try first.relu6()
    case .silu:
      return try first.silu()
    case .sigmoid:
      return try first.sigmoid()
    case .maxPool(let kernelSize, let stride, let padding):
      return try first.maxPool2d(kernelSize: kernelSize, stride: stride, padding: padding)
    case .scale:
      return try first.multiplied(by: input(1, of: layer, alive))
    case .add:
      return try first.adding(input(1, of: layer, alive))
    case .globalAveragePool(keepsDimensions: false):
      return try first.mean(over: [2, 3])
    case .globalAveragePool(keepsDimensions: true):
      return try first.mean(over: [2, 3], keepingDimensions: true)
    case .dropout(let rate):
      guard training, let generator else { return first }
      return try first.dropout(rate: rate, generator: generator)
    case .dropPath(let rate):
      guard training, let generator else { return first }
      return try first.dropPath(rate: rate, generator: generator)
    case .linear:
      return try computed(first).linear(
        computed(tensor(layer, "weight")), bias: computed(tensor(layer, "bias")))
    case .memberMean(let members):
      let shape = try first.shape()
      let logits = try first.converted(to: .float32)
        .reshaped([shape[0], members, shape[1] / members])
      return training ? logits : try logits.memberMean()
    }
  }

  func input(
    _ position: Int, of layer: Layer, _ alive: [String: Tensor]
  ) throws -> Tensor {
    guard let tensor = alive[layer.inputs[position]] else {
      throw NetworkError.unknownInput(layer: layer.name, input: layer.inputs[position])
    }
    return tensor
  }

  func batchNorm(
    _ layer: Layer
  ) throws -> (vectors: Tensor.BatchNormVectors, epsilon: Double, momentum: Double) {
    guard case .batchNorm(let epsilon, let momentum) = layer.operation else {
      throw NetworkError.invalidParameter(layer: layer.name, reason: "is not a normalisation")
    }
    let vectors = Tensor.BatchNormVectors(
      weight: try tensor(layer, "weight"), bias: try tensor(layer, "bias"),
      runningMean: try tensor(layer, "running_mean"),
      runningVariance: try tensor(layer, "running_var"))
    return (vectors, epsilon, statisticsMomentum ?? momentum)
  }

  private func tensor(_ layer: Layer, _ name: String) throws -> Tensor {
    guard let tensor = tensors["\(layer.name).\(name)"] else {
      throw NetworkError.invalidParameter(layer: layer.name, reason: "has no '\(name)'")
    }
    return tensor
  }
}

/// Steps in order, and which tensors nothing reads after each.
struct ModelPlan {
  let steps: [FusedStep]
  let lastRead: [[String]]

  init(_ steps: [FusedStep]) {
    var lastReader: [String: Int] = [:]
    for (index, step) in steps.enumerated() {
      for input in step.inputs { lastReader[input] = index }
    }
    var lastRead = steps.map { _ in [String]() }
    for (name, index) in lastReader { lastRead[index].append(name) }
    self.steps = steps
    self.lastRead = lastRead
  }
}

extension Convolution {
  /// The zeros around a map `[N, C, H, W]`.
  fileprivate func zeros(around map: Tensor) throws -> Tensor.Padding {
    let shape = try map.shape()
    let (rows, columns) = (zeros(size: shape[2]), zeros(size: shape[3]))
    return Tensor.Padding(
      top: rows.before, bottom: rows.after, left: columns.before, right: columns.after)
  }
}

extension Parameter {
  /// A new tensor on the CPU with a value to start a training from.
  ///
  /// - Throws: `TorchError` where memory does not suffice.
  package func initialValue(
    _ initialization: Initialization, _ generator: Generator
  ) throws -> Tensor {
    switch kind {
    case .convolutionWeight(let groups):
      let area = shape[2] * shape[3]
      let fan = initialization == .wideResNet ? shape[1] * area : shape[0] / groups * area
      return try .normal(
        shape, standardDeviation: (2 / Double(fan)).squareRoot(), generator: generator)
    case .linearWeight:
      switch initialization {
      case .wideResNet:
        return try .normal(
          shape, standardDeviation: (1 / Double(shape[1])).squareRoot(), generator: generator)
      case .resNet:
        return try .uniform(shape, bound: 1 / Double(shape[1]).squareRoot(), generator: generator)
      case .efficientNet:
        return try .uniform(shape, bound: 1 / Double(shape[0]).squareRoot(), generator: generator)
      }
    case .normalizationWeight, .runningVariance:
      return try .full(shape, 1)
    case .convolutionBias, .normalizationBias, .runningMean, .linearBias:
      return try .zeros(shape)
    }
  }
}
