import Networks
import Runs
import Torch
import Training

/// A step along a path through shared weights whose batch is cut into shards, for this process or for others.
///
/// The gradients of all shards arrive at copies of the path's weights, and go on from there to the weights that it shares.
final class PathStep {
  private let step: ShardedStep

  /// - Parameters:
  ///   - optimizer: Moves all shared weights.
  ///   - group: The processes that train them; nil for this one alone.
  init(
    _ network: Network, through weights: SharedWeights, _ optimizer: any Optimizer,
    _ normalization: Normalization, _ recipe: Recipe, _ group: TrainingGroup?
  ) throws {
    let path = try weights.model(of: network)
    // Gradients are exchanged of tensors without gaps.
    let copy = try path.withOwnLeaves { part in
      try part.detached().contiguous(part.shape().count == 4 ? .channelsLast : .contiguous)
    }
    step = try ShardedStep(
      copy,
      PathOptimizer(optimizer, parts: path.trainableTensors, copies: copy.trainableTensors),
      normalization, recipe, group)
  }

  /// Takes the step; returns how many images it saw, those of other processes included, and their mean loss.
  func run(_ place: StepPlace, from source: any BatchSource) throws -> (images: Int, loss: Double) {
    let images = try step.run(place, from: source)
    return (images, images > 0 ? try step.takeSums().loss / Double(images) : 0)
  }
}

/// Moves shared weights by the gradients of copies of some of their parts.
private final class PathOptimizer: Optimizer {
  private let shared: any Optimizer
  private let parts, copies: [Tensor]
  let parameters: [Tensor]
  var buffers: [(name: String, tensors: [Tensor])] { shared.buffers }

  /// - Parameter parts: Views of the shared weights, which hand gradients on to them.
  init(_ shared: any Optimizer, parts: [Tensor], copies: [Tensor]) {
    (self.shared, self.parts, self.copies) = (shared, parts, copies)
    parameters = copies
  }

  func step(learningRate: Double) throws(TorchError) {
    try handGradientsOn()
    try shared.step(learningRate: learningRate)
  }

  func step(learningRate: Tensor) throws(TorchError) {
    try handGradientsOn()
    try shared.step(learningRate: learningRate)
  }

  /// The gradient of the sum of products of parts and gradients is those gradients, each where its part lies.
  private func handGradientsOn() throws(TorchError) {
    var sum: Tensor?
    for (part, copy) in zip(parts, copies) {
      guard let gradient = try copy.gradient() else { continue }
      let product = try part.multiplied(by: gradient.detached()).sum()
      sum = if let sum { try sum.adding(product) } else { product }
      try copy.clearGradient()
    }
    try sum?.backward()
  }
}
