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
  private let normalization: Normalization
  private let constants: Normalization.Constants
  private let optimizer: any Optimizer
  private let generator: Generator
  /// nil in a process that keeps no files.
  private var checkpoints: CheckpointStore?
  /// The processes that train the weights; nil for this one alone.
  private let group: TrainingGroup?
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
  ///   - directory: nil in a process that keeps no files: the first one of the group gives it the state.
  ///   - group: The processes that train the weights; nil for this one alone.
  init(
    _ experiment: Experiment, space: any SearchSpace, parameters: [Parameter], place: Int,
    images: MemberImages, normalization: Normalization, directory: MemberDirectory?,
    identity: String, device: Device, group: TrainingGroup? = nil
  ) throws {
    self.experiment = experiment
    self.space = space
    self.place = place
    self.images = images
    self.normalization = normalization
    self.group = group
    constants = try Normalization.Constants(normalization, device: device)
    generator = try Generator(seed: 0, device: device)
    var seeds = RandomStream(experiment, member: place, .weights)
    weights = try SharedWeights(
      parameters, space.initialization(), generator: Generator(seed: seeds.next()),
      device: device, precision: experiment.recipe.precision)
    optimizer = try experiment.recipe.optimizer(of: parameters, weights.state.map(\.tensor))
    checkpoints = directory.map { CheckpointStore($0, of: identity) }
    stepsPerEpoch = experiment.recipe.steps(perEpochOf: images.trainingCount)
    position =
      try checkpoints?.restore(
        into: Self.state(weights, optimizer), where: { _ in true })?.position
      ?? Checkpoint.Position()
    try group?.goOn(from: &position, Self.state(weights, optimizer))
  }

  /// Steps taken, and all of them.
  var stepsTaken: Int { position.epoch * stepsPerEpoch + position.step }
  var steps: Int { experiment.recipe.epochs * stepsPerEpoch }

  /// Takes the remaining steps, and saves; returns false where it was stopped before, in a group by what all have agreed on.
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
      if group?.isStopAgreed ?? shouldStop(), stepsTaken < steps {
        try save()
        // What is saved is saved for all, before any of them ends.
        try group?.barrier()
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
    let recipe = experiment.recipe
    var stream = RandomStream(
      experiment, member: place, .path, epoch: position.epoch, step: position.step)
    let path = Architecture(space.decisions.map { stream.integer(below: $0.options.count) })
    let place = StepPlace(
      epoch: position.epoch, step: position.step,
      learningRate: recipe.learningRate.value(
        at: stepsTaken, stepsPerEpoch: stepsPerEpoch, epochs: recipe.epochs),
      dropoutSeed: stream.next())
    let network = try space.network(path)
    let (images, loss) =
      group != nil || recipe.reproducible == true
      ? try PathStep(network, through: weights, optimizer, normalization, recipe, group)
        .run(place, from: self.images.training)
      : try train(network, at: place)
    guard loss.isFinite else {
      throw TrainingError.lossNotFinite(
        member: Self.name(place: self.place), epoch: position.epoch + 1, step: position.step)
    }
    position.step += 1
    if position.step == stepsPerEpoch {
      position = Checkpoint.Position(epoch: position.epoch + 1)
    }
    return (images, loss)
  }

  /// What the weights of a place are called in messages.
  static func name(place: Int) -> String { "shared network \(place + 1)" }

  /// Takes a step in this process alone, which does not move weights where the loss is not finite.
  private func train(_ network: Network, at place: StepPlace) throws -> (images: Int, loss: Double)
  {
    let batch = try images.training.batch(epoch: place.epoch, step: place.step)
    guard batch.count > 0 else { return (0, 0) }
    try generator.reseed(place.dropoutSeed)
    let tensors = try batch.tensors(on: weights.device)
    let logits = try weights.model(of: network).logits(
      constants.normalized(tensors.images()), training: true, generator: generator)
    let loss = try logits.crossEntropy(
      tensors.labels(), labelSmoothing: experiment.recipe.labelSmoothing)
    let value = try loss.scalar()
    if value.isFinite {
      try loss.backward()
      try optimizer.step(learningRate: place.learningRate)
    }
    return (batch.count, value)
  }

  private func save() throws {
    guard checkpoints != nil else { return }
    let state = try Self.state(weights, optimizer).map { try CheckpointTensor($0, $1) }
    try checkpoints?.save(state, at: position, step: stepsTaken)
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
