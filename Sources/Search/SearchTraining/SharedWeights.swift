import ArchitectureSearch
import Networks
import Randomness
import Runs
import Torch
import Training
import Weights

/// The weights of all networks of a search space at once: each parameter as large as the largest network has it, of which
/// a smaller one uses the first channels and the middle of a kernel.
///
/// Source: arXiv:1908.09791 for kernels and channels that share; arXiv:2008.06120 for shared weights under search.
final class SharedWeights {
  /// The trainable parameters in their largest shapes, by name.
  let parameters: [Parameter]
  /// Where the tensors live.
  let device: Device
  private let tensors: [String: Tensor]
  private let precision: Recipe.Precision

  /// Draws all weights.
  ///
  /// - Parameters:
  ///   - parameters: As `largestParameters(of:)` finds them.
  ///   - initialization: That of the space's networks.
  init(
    _ parameters: [Parameter], _ initialization: Initialization, generator: Generator,
    device: Device, precision: Recipe.Precision
  ) throws {
    self.parameters = parameters
    self.device = device
    self.precision = precision
    var tensors: [String: Tensor] = [:]
    for parameter in parameters {
      let drawn = try parameter.initialValue(initialization, generator).moved(to: device)
      try drawn.setRequiresGradient(true)
      tensors[parameter.name] = drawn
    }
    self.tensors = tensors
  }

  /// Reads what `write` wrote.
  convenience init(
    _ parameters: [Parameter], _ space: any SearchSpace, device: Device,
    precision: Recipe.Precision, path: String
  ) throws {
    try self.init(
      parameters, space.initialization(), generator: Generator(seed: 0), device: device,
      precision: precision)
    try Checkpoint.load(SafeTensors(path: path), into: state)
  }

  /// Writes all tensors under their names, as safetensors with a checksum.
  ///
  /// - Parameter identity: Of their training.
  func write(to path: String, identity: String) throws {
    try SafeTensors.write(
      to: path, tensors: state.map { try CheckpointTensor($0.name, $0.tensor).content },
      metadata: [MemberMetadata.training: identity], isChecksummed: true)
  }

  /// All tensors under their names, in the parameters' order.
  var state: [(name: String, tensor: Tensor)] {
    parameters.compactMap { parameter in tensors[parameter.name].map { (parameter.name, $0) } }
  }

  /// A network of the space on its part of the weights.
  ///
  /// - Throws: `TrainingError.networkDoesNotFit` where the shared weights are too small for it.
  func model(of network: Network) throws -> Model {
    let parameters = network.parameters
    var parts: [String: Tensor] = [:]
    for parameter in parameters {
      parts[parameter.name] =
        parameter.isTrainable
        ? try part(of: parameter, in: network)
        // Statistics that are not read: the batch's take their place.
        : try .full(parameter.shape, parameter.kind == .runningVariance ? 1 : 0, device: device)
    }
    return Model(
      network, parameters: parameters, sharing: parts, device: device,
      memoryFormat: .channelsLast, precision: precision)
  }

  private func part(of parameter: Parameter, in network: Network) throws -> Tensor {
    guard let whole = tensors[parameter.name] else {
      throw tooSmall(for: network, parameter)
    }
    let shape = try whole.shape()
    guard shape.count == parameter.shape.count,
      zip(shape, parameter.shape).allSatisfy({ $0 >= $1 })
    else { throw tooSmall(for: network, parameter) }
    var part = whole
    for (dimension, (size, wanted)) in zip(shape, parameter.shape).enumerated()
    where size != wanted {
      // A kernel's middle, the first of anything else.
      let start = dimension >= 2 ? (size - wanted) / 2 : 0
      part = try part.narrowed(dimension, start..<start + wanted)
    }
    return parameter.shape.count == 4 ? try part.contiguous(.channelsLast) : part
  }

  private func tooSmall(for network: Network, _ parameter: Parameter) -> TrainingError {
    .networkDoesNotFit(
      network: network.name, reason: "the shared weights have no room for '\(parameter.name)'")
  }
}

extension SharedWeights {
  /// The trainable parameters of all networks of a space, each in its largest shape.
  ///
  /// Looks at the network of most parameters, at those that differ from it in one decision, and at many random ones:
  /// enough for spaces where sizes grow with options.
  static func largestParameters(of space: any SearchSpace) throws -> [Parameter] {
    var known: [String: Parameter] = [:]
    var order: [String] = []
    func take(_ architecture: Architecture) throws {
      for parameter in try space.network(architecture).parameters where parameter.isTrainable {
        guard let earlier = known[parameter.name] else {
          known[parameter.name] = parameter
          order.append(parameter.name)
          continue
        }
        known[parameter.name] = Parameter(
          name: parameter.name, shape: zip(earlier.shape, parameter.shape).map(max),
          kind: parameter.kind.largest(earlier.kind))
      }
    }
    for architecture in try Self.extremes(of: space) { try take(architecture) }
    let counts = space.decisions.map(\.options.count)
    var stream = RandomStream(seed: 0)
    for _ in 0..<randomArchitectures {
      try take(Architecture(counts.map { stream.integer(below: $0) }))
    }
    return order.compactMap { known[$0] }
  }

  private static let randomArchitectures = 1000

  /// The architecture of most parameters, found one decision at a time, and those around it.
  private static func extremes(of space: any SearchSpace) throws -> [Architecture] {
    let decisions = space.decisions
    var largest = Architecture([Int](repeating: 0, count: decisions.count))
    var mostParameters = try space.network(largest).totals.parameters
    for (index, decision) in decisions.enumerated() {
      for option in decision.options.indices {
        var next = largest
        next.choices[index] = option
        let parameters = try space.network(next).totals.parameters
        if parameters > mostParameters { (largest, mostParameters) = (next, parameters) }
      }
    }
    let neighbours = decisions.enumerated().flatMap { index, decision in
      decision.options.indices.map { option in
        var next = largest
        next.choices[index] = option
        return next
      }
    }
    return [largest] + neighbours
  }
}

extension Parameter.Kind {
  /// Of a convolution each of whose channels is convolved by itself, the larger number of groups.
  fileprivate func largest(_ other: Parameter.Kind) -> Parameter.Kind {
    guard case .convolutionWeight(let groups) = self, case .convolutionWeight(let others) = other
    else { return self }
    return .convolutionWeight(groups: max(groups, others))
  }
}

extension SearchSpace {
  /// How the weights of the space's networks are drawn.
  func initialization() throws(NetworkError) -> Initialization {
    let first = Architecture([Int](repeating: 0, count: decisions.count))
    return try network(first).initialization
  }
}
