import ArchitectureSearch
import Files
import Networks
import Randomness
import Runs
import Torch
import Training

/// The training of shared weights: each step along a random path, drawn evenly from the space.
///
/// Every random number belongs to (seed, place, purpose, step), so a resumed training is the same training. The recipe's
/// moving average of weights is left out: a path's weights are not those of the step before.
///
/// Source: arXiv:1904.00420, single paths drawn evenly; TuNAS' warm-up does the same.
final class SupernetworkTraining {
  private let experiment: Experiment
  private let space: any SearchSpace
  private let place: Int
  private let images: MemberImages
  private let constants: Normalization.Constants
  private let optimizer: any Optimizer
  private let generator: Generator
  private var checkpoints: CheckpointStore
  private var position: Checkpoint.Position
  private var lastCheckpoint = ContinuousClock.now
  private let stepsPerEpoch: Int
  /// The weights under training.
  let weights: SharedWeights

  /// Goes on from the last checkpoint in `directory`, or begins.
  ///
  /// - Parameters:
  ///   - parameters: The shared parameters.
  ///   - place: Of the member in the ensemble; selects the random numbers.
  init(
    _ experiment: Experiment, space: any SearchSpace, parameters: [Parameter], place: Int,
    images: MemberImages, normalization: Normalization, directory: MemberDirectory,
    identity: String,
    device: Device
  ) throws {
    self.experiment = experiment
    self.space = space
    self.place = place
    self.images = images
    constants = try Normalization.Constants(normalization, device: device)
    generator = try Generator(seed: 0, device: device)
    var seeds = RandomStream(experiment, member: place, .weights)
    weights = try SharedWeights(
      parameters, space.initialization(), generator: Generator(seed: seeds.next()),
      device: device, precision: experiment.recipe.precision)
    optimizer = try experiment.recipe.optimizer(of: parameters, weights.state.map(\.tensor))
    checkpoints = CheckpointStore(directory, of: identity)
    stepsPerEpoch = experiment.recipe.steps(perEpochOf: images.trainingCount)
    position =
      try checkpoints.restore(
        into: Self.state(weights, optimizer), where: { _ in true })?.position
      ?? Checkpoint.Position()
  }

  /// Steps taken, and all of them.
  var stepsTaken: Int { position.epoch * stepsPerEpoch + position.step }
  var steps: Int { experiment.recipe.epochs * stepsPerEpoch }

  /// Takes the remaining steps, and saves; returns false where it was stopped before.
  func run(
    shouldStop: () -> Bool,
    observe: (_ step: Int, _ loss: Double, _ imagesPerSecond: Double) -> Void
  ) throws -> Bool {
    guard stepsTaken < steps else { return true }
    var (images, lossSum, since) = (0, 0.0, ContinuousClock.now)
    while stepsTaken < steps {
      let (count, loss) = try step()
      (images, lossSum) = (images + count, lossSum + loss * Double(count))
      let seconds = since.duration(to: .now) / .seconds(1)
      if seconds > 1 || stepsTaken == steps {
        observe(
          stepsTaken, lossSum / Double(max(1, images)), Double(images) / max(seconds, 1e-9))
        (images, lossSum, since) = (0, 0, .now)
      }
      if shouldStop(), stepsTaken < steps {
        try save()
        return false
      }
      if CheckpointInterval.standard.isDue(
        step: stepsTaken, stepsPerEpoch: stepsPerEpoch,
        seconds: lastCheckpoint.duration(to: .now) / .seconds(1))
      {
        try save()
      }
    }
    try save()
    return true
  }

  /// Takes a step; returns how many images it saw, and their mean loss.
  private func step() throws -> (images: Int, loss: Double) {
    var loss = 0.0
    let batch = try images.training.batch(epoch: position.epoch, step: position.step)
    if batch.count > 0 {
      var stream = RandomStream(
        experiment, member: place, .path, epoch: position.epoch, step: position.step)
      let path = Architecture(
        space.decisions.map { stream.integer(below: $0.options.count) })
      try generator.reseed(stream.next())
      loss = try train(space.network(path), on: batch)
    }
    position.step += 1
    if position.step == stepsPerEpoch {
      position = Checkpoint.Position(epoch: position.epoch + 1)
    }
    return (batch.count, loss)
  }

  private func train(_ network: Network, on batch: BatchImages) throws -> Double {
    let recipe = experiment.recipe
    let tensors = try batch.tensors(on: weights.device)
    let logits = try weights.model(of: network).logits(
      constants.normalized(tensors.images()), training: true, generator: generator)
    let loss = try logits.crossEntropy(tensors.labels(), labelSmoothing: recipe.labelSmoothing)
    let value = try loss.scalar()
    guard value.isFinite else {
      throw TrainingError.lossNotFinite(
        member: "shared network \(place + 1)", epoch: position.epoch + 1, step: position.step)
    }
    try loss.backward()
    try optimizer.step(
      learningRate: recipe.learningRate.value(
        at: stepsTaken, stepsPerEpoch: stepsPerEpoch, epochs: recipe.epochs))
    return value
  }

  private func save() throws {
    let state = try Self.state(weights, optimizer).map { try CheckpointTensor($0, $1) }
    try checkpoints.save(state, at: position, step: stepsTaken)
    lastCheckpoint = .now
  }

  /// Everything that changes from step to step, under the names of the checkpoint.
  private static func state(
    _ weights: SharedWeights, _ optimizer: any Optimizer
  ) -> [(name: String, tensor: Tensor)] {
    let names = weights.parameters.map(\.name)
    return weights.state
      + optimizer.buffers.flatMap { kind, tensors in
        zip(names, tensors).map { (name: "\(kind)/\($0)", tensor: $1) }
      }
  }
}
