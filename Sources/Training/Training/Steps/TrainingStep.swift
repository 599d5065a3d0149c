import Runs
import Torch

/// What changes from one step to the next.
struct StepInputs {
  let images: BatchImages
  let learningRate: Double
  let dropoutSeed: UInt64
}

/// Where in a training a step stands, and what that decides.
package struct StepPlace {
  package let epoch, step: Int
  package let learningRate: Double
  package let dropoutSeed: UInt64

  package init(epoch: Int, step: Int, learningRate: Double, dropoutSeed: UInt64) {
    (self.epoch, self.step) = (epoch, step)
    (self.learningRate, self.dropoutSeed) = (learningRate, dropoutSeed)
  }
}

/// What takes a member's steps, one after another.
package protocol MemberStep: AnyObject {
  /// Takes a step; returns how many images it saw, those of other processes included.
  func run(_ place: StepPlace, from source: any BatchSource) throws -> Int
  /// The sums of losses and of correct answers since they were last taken; waits for the device.
  func takeSums() throws -> (loss: Double, correct: Int)
}

/// One step of a member: from the images that lie on the device to moved weights and sums of what happened.
///
/// On the CPU it runs operation by operation. On a GPU the whole step of a full batch is captured once as a graph, which
/// then costs one launch a step, and nothing waits for the GPU until the sums are asked for.
final class TrainingStep: MemberStep {
  private let model: Model
  private let optimizer: any Optimizer
  private let labelSmoothing: Double
  /// Images that pass together at most.
  private let pieceSize: Int
  /// What is learnt besides the labels; nil for nothing.
  private let softLabels: SoftLabels?
  private let constants: Normalization.Constants
  private let generator: Generator
  /// On the device: the sum of losses, float64, and of correct answers, int64, since they were last taken.
  private let lossSum, correct: Tensor
  private var captured: CapturedStep?
  private var eagerSteps = 0

  init(
    _ model: Model, _ optimizer: any Optimizer, _ normalization: Normalization, _ recipe: Recipe,
    _ softLabels: SoftLabels? = nil
  ) throws {
    self.model = model
    self.softLabels = softLabels
    self.optimizer = optimizer
    labelSmoothing = recipe.labelSmoothing
    pieceSize = recipe.pieceSize
    constants = try Normalization.Constants(normalization, device: model.device)
    generator = try Generator(seed: 0, device: model.device)
    lossSum = try .full([], 0, type: .float64, device: model.device)
    correct = try .full([], 0, type: .int64, device: model.device)
  }

  /// Images of a batch that pass together, on the device.
  private struct Piece {
    let tensors: any BatchTensors
    /// How many they are, float64, and what share of the batch, float32; nil for all of it.
    let imageCount: Tensor
    let share: Tensor?
  }

  /// A step whose tensors stay where they are: its inputs are copied into them, and the graph replayed.
  private struct CapturedStep {
    let pieces: [Piece]
    let learningRate: Tensor
    let graph: CUDAGraph
    let imageCount: Int
  }

  /// Libraries choose their ways and make their work space in the first steps, which a graph must not see.
  private static let eagerStepsBeforeCapture = 3

  func run(_ place: StepPlace, from source: any BatchSource) throws -> Int {
    let batch = try source.batch(epoch: place.epoch, step: place.step)
    // A batch none of whose images could be decoded moves nothing.
    if batch.count > 0 {
      try run(
        StepInputs(
          images: batch, learningRate: place.learningRate, dropoutSeed: place.dropoutSeed))
    }
    return batch.count
  }

  /// Takes a step.
  private func run(_ inputs: StepInputs) throws {
    try generator.reseed(inputs.dropoutSeed)
    if let captured, captured.imageCount == inputs.images.count {
      for (piece, images) in zip(captured.pieces, inputs.images.pieces(ofAtMost: pieceSize)) {
        try piece.tensors.refill(images)
      }
      try captured.learningRate.copy(from: .full([], inputs.learningRate))
      try captured.graph.replay()
      return
    }
    try update(by: pieces(of: inputs.images)) {
      try optimizer.step(learningRate: inputs.learningRate)
    }
    eagerSteps += 1
    if model.device != .cpu, captured == nil, eagerSteps >= Self.eagerStepsBeforeCapture {
      try capture(inputs)
    }
  }

  /// Captures a step of so many images as these, without taking it.
  private func capture(_ inputs: StepInputs) throws {
    let pieces = try pieces(of: inputs.images)
    let learningRate = try Tensor.full([], inputs.learningRate, device: model.device)
    let graph = try CUDAGraph(device: model.device, generators: [generator]) {
      try update(by: pieces) { try optimizer.step(learningRate: learningRate) }
    }
    captured = CapturedStep(
      pieces: pieces, learningRate: learningRate, graph: graph,
      imageCount: inputs.images.count)
  }

  private func pieces(of batch: BatchImages) throws -> [Piece] {
    let batchCount = batch.count
    return try batch.pieces(ofAtMost: pieceSize).map { images in
      let count = images.count
      let share = Double(count) / Double(batchCount)
      return Piece(
        tensors: try images.tensors(on: model.device),
        imageCount: try .full([], Double(count), type: .float64, device: model.device),
        share: count == batchCount ? nil : try .full([], share, device: model.device))
    }
  }

  /// All that a step computes, whether it is taken or captured: the gradients of all pieces, then what moves the weights.
  private func update(by pieces: [Piece], _ moveWeights: () throws -> Void) throws {
    for piece in pieces { try backward(piece) }
    try moveWeights()
  }

  /// Everything up to the gradients, which are added up, and the sums.
  private func backward(_ piece: Piece) throws {
    let images = try constants.normalized(piece.tensors.images())
    let labels = try piece.tensors.labels()
    let logits = try model.logits(images, training: true, generator: generator)
    let loss = try logits.memberLoss { logits in
      let loss = try logits.crossEntropy(labels, labelSmoothing: labelSmoothing)
      return try softLabels?.loss(of: logits, loss, images: piece.tensors.rows) ?? loss
    }
    try (piece.share.map { share in try loss.multiplied(by: share) } ?? loss).backward()
    let batchLoss = try loss.detached().converted(to: .float64)
    try batchLoss.multiply(piece.imageCount)
    try lossSum.add(batchLoss)
    try correct.add(logits.detached().memberMean().argMax(1).isEqual(to: labels).sum())
  }

  func takeSums() throws -> (loss: Double, correct: Int) {
    let sums = (loss: try lossSum.scalar(), correct: Int(try correct.scalar()))
    try lossSum.subtract(lossSum)
    try correct.subtract(correct)
    // What is not finite would stay so.
    if !sums.loss.isFinite { try lossSum.copy(from: .full([], 0, type: .float64)) }
    return sums
  }
}
