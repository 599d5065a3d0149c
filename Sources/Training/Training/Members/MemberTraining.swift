import Files
import Networks
import Randomness
import Runs
import Torch

/// Sums over the steps of one epoch.
struct EpochTotals: Hashable {
  var lossSum = 0.0
  var correct = 0
  var images = 0
  var seconds = 0.0

  var loss: Double { images > 0 ? lossSum / Double(images) : 0 }
  var accuracy: Double { images > 0 ? Double(correct) / Double(images) : 0 }
  var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }
}

/// The training of one member, from its checkpoint or its start, step by step.
///
/// Every random number belongs to (seed, member, purpose, epoch, step), so a resumed training is the same training.
package final class MemberTraining {
  package let member: Experiment.Member
  package let experiment: Experiment
  private let images: MemberImages
  private let normalization: Normalization
  /// Checkpoints that could not be used, newer than the one that it goes on from.
  let damages: [TrainingError]
  private(set) var metrics: [EpochMetrics]
  package private(set) var position: Checkpoint.Position
  package let stepsPerEpoch: Int
  /// nil in a process that keeps no files.
  private let directory: MemberDirectory?
  let claim: MemberClaim
  /// The processes that train it; nil for this one alone.
  let group: TrainingGroup?
  /// What distinguishes the training from others.
  package let identity: String
  private let model: Model
  private let optimizer: any Optimizer
  private let average: WeightAverage?
  private let epochAverage: EpochAverage?
  private let trainingStep: any MemberStep
  /// Images of steps whose sums are still on the device.
  private var uncountedImages = 0
  /// Of this process's steps since the epoch began, or it took the member up.
  private var secondsOfSteps = 0.0
  private var checkpoints: CheckpointStore?
  private let checkpointInterval: CheckpointInterval
  private var lastCheckpoint = ContinuousClock.now

  /// Creates the model, and goes on from the newest checkpoint that can be used, where there is one.
  ///
  /// - Parameters:
  ///   - directory: nil in a process that keeps no files: the first one of the group gives it the state.
  ///   - group: The processes that train it; nil for this one alone.
  ///   - teacher: Whom the recipe has it learn from.
  /// - Throws: `TrainingError` where a checkpoint or the weights to start from cannot be used, `FileError` or
  ///   `TorchError`.
  package init(
    _ member: Experiment.Member, of experiment: Experiment, network: Network,
    data images: MemberImages,
    normalization: Normalization, directory: MemberDirectory?, identity: String, device: Device,
    checkpointInterval: CheckpointInterval, claim: MemberClaim = .alone,
    group: TrainingGroup? = nil, teacher: Teacher? = nil
  ) throws {
    precondition(
      experiment.recipe.distillation == nil
        || teacher != nil && group == nil && experiment.recipe.reproducible != true,
      "a member that learns from a teacher needs one, and trains in one process, in whole batches")
    self.member = member
    self.claim = claim
    self.experiment = experiment
    self.images = images
    self.normalization = normalization
    self.directory = directory
    self.group = group
    self.identity = identity
    self.checkpointInterval = checkpointInterval
    let recipe = experiment.recipe
    var seeds = RandomStream(experiment, member: member.index, .weights)
    model = try Model(
      network, generator: Generator(seed: seeds.next()), device: device,
      precision: recipe.precision)
    if let weights = member.weights {
      try InitialWeights(path: weights, for: network).load(into: model)
    }
    optimizer = try recipe.optimizer(of: model)
    average = try recipe.emaDecay.map { [model] in try WeightAverage(of: model, decay: $0) }
    epochAverage = try member.averagedEpochs.map { [model, average] in
      try EpochAverage(of: average?.model ?? model, at: $0)
    }
    trainingStep =
      group != nil || recipe.reproducible == true
      ? try ShardedStep(model, optimizer, normalization, recipe, group)
      : try TrainingStep(
        model, optimizer, normalization, recipe,
        recipe.distillation.flatMap { try teacher?.softLabels($0, device: device) })
    checkpoints = directory.map { CheckpointStore($0, of: identity) }
    let stepsPerEpoch = recipe.steps(perEpochOf: images.trainingCount)
    self.stepsPerEpoch = stepsPerEpoch
    let restored = try checkpoints?.restore(
      into: Self.state(model, optimizer, average, epochAverage),
      where: { place in
        place.step < stepsPerEpoch
          && (place.epoch < recipe.epochs || place.epoch == recipe.epochs && place.step == 0)
      })
    position = restored?.position ?? Checkpoint.Position()
    damages = restored?.damages ?? []
    let begun = position
    metrics = try directory.map { try Self.metrics(at: begun, in: $0) } ?? []
    if !metrics.isEmpty { try writeEpochs() }
    try group?.goOn(from: &position, state)
  }

  /// The metrics of the epochs that are over at `position`.
  private static func metrics(
    at position: Checkpoint.Position, in directory: MemberDirectory
  ) throws -> [EpochMetrics] {
    let path = directory.newestEpochsPath
    guard let text = position.metricsText else {
      return try MetricsFile.read(path, epochs: position.epoch, digest: position.metrics)
    }
    return try MetricsFile.read(
      text: text, of: path, epochs: position.epoch, digest: position.metrics)
  }

  /// Writes the lines so far under this worker's lease: one that has lost the member writes over no other's.
  private func writeEpochs() throws {
    guard let directory else { return }
    try MetricsFile.write(metrics, to: directory.epochsPath(token: claim.confirm()))
  }

  /// The model that is evaluated and kept: the average of the weights where the recipe asks for one.
  package var result: Model { average?.model ?? model }
  /// Steps taken since the member's start.
  package var stepsTaken: Int { position.epoch * stepsPerEpoch + position.step }
  package var isComplete: Bool { position.epoch >= experiment.recipe.epochs }
  /// Whether the epoch that is over is one whose end is kept.
  var isAtSnapshot: Bool {
    position.step == 0 && member.snapshotEpochs.contains(position.epoch)
  }
  package var learningRate: Double {
    experiment.recipe.learningRate.value(
      at: stepsTaken, stepsPerEpoch: stepsPerEpoch, epochs: experiment.recipe.epochs)
  }

  /// Takes one step; returns whether the epoch's steps are over.
  ///
  /// - Throws: `TrainingError.lossNotFinite`, `DatasetError` where an image cannot be read, `FileError` or
  ///   `TorchError`.
  package func step() throws -> Bool {
    let start = ContinuousClock.now
    uncountedImages += try trainingStep.run(place(), from: images.training)
    position.step += 1
    try average?.update(step: stepsTaken)
    let isLast = position.step == stepsPerEpoch
    if isLast || position.step % stepsBetweenCounts == 0 { try count() }
    let seconds = start.duration(to: .now) / .seconds(1)
    position.totals.seconds += seconds
    secondsOfSteps += seconds
    if !isLast { try saveCheckpointIfDue() }
    return isLast
  }

  /// A GPU is ahead of what it is asked for as long as nothing waits for its answers. The processes of a group see a loss that is not
  /// finite at the same step.
  private var stepsBetweenCounts: Int { model.device == .cpu || group != nil ? 1 : 25 }

  /// Brings the sums of the steps since the last time in from the device.
  private func count() throws {
    guard uncountedImages > 0 else { return }
    let sums = try trainingStep.takeSums()
    guard sums.loss.isFinite else { throw lossNotFinite() }
    position.totals.lossSum += sums.loss
    position.totals.correct += sums.correct
    position.totals.images += uncountedImages
    uncountedImages = 0
  }

  /// Evaluates the epoch that has taken all its steps, and saves its metrics.
  ///
  /// - Throws: `TrainingError.lossNotFinite`, `DatasetError` where an image cannot be read, `FileError` or
  ///   `TorchError`.
  package func finishEpoch(learningRate: Double) throws -> EpochMetrics {
    let start = ContinuousClock.now
    // Processors of different kinds round differently: what differs does not grow.
    try group?.share(state)
    let evaluation = try evaluateHoldOut()
    guard evaluation?.loss.isFinite ?? true else { throw lossNotFinite() }
    let totals = position.totals
    position = Checkpoint.Position(epoch: position.epoch + 1)
    try epochAverage?.update(epoch: position.epoch)
    let line = EpochMetrics(
      epoch: position.epoch, step: stepsTaken, learningRate: learningRate,
      trainingLoss: totals.loss, trainingAccuracy: totals.accuracy, holdOutLoss: evaluation?.loss,
      holdOutAccuracy: evaluation?.accuracy, imagesPerSecond: totals.imagesPerSecond,
      seconds: totals.seconds + start.duration(to: .now) / .seconds(1),
      waitingShare: group.map { $0.takeSecondsWaited() / max(secondsOfSteps, 1e-9) })
    secondsOfSteps = 0
    metrics.append(line)
    // Before the checkpoint: lines beyond its epoch are dropped on resuming, and after the last epoch they are published.
    try writeEpochs()
    try saveCheckpointIfDue()
    return line
  }

  /// What the hold-out says, which the first process of a group finds out; nil where there is none, or it is not asked after this
  /// epoch.
  private func evaluateHoldOut() throws -> (loss: Double, accuracy: Double)? {
    guard let holdOut = images.holdOut, asks(holdOut, after: position.epoch + 1) else { return nil }
    if let group, !group.isFirst { return try group.heardEvaluation() }
    group?.othersBeginToListen()
    let evaluation = try holdOut.evaluate(
      result, normalization: normalization, batchSize: experiment.recipe.pieceSize
    ).evaluation
    let (loss, accuracy) = (evaluation.loss, evaluation.top1Accuracy)
    try group?.tell(.evaluation(loss: loss.isFinite ? loss : nil, accuracy: accuracy))
    return (loss, accuracy)
  }

  /// Beside few training images a hold-out would take more time than they do: it is then asked less often, for about a sixth of
  /// the time, and after the last epoch.
  private func asks(_ holdOut: EvaluationImages, after epoch: Int) -> Bool {
    let ratio = Double(holdOut.count) / Double(images.trainingCount)
    return epoch == experiment.recipe.epochs || epoch % max(1, Int((2 * ratio).rounded())) == 0
  }

  /// Saves where the training stands, also in the middle of an epoch.
  ///
  /// - Throws: `TrainingError.lossNotFinite` where it could not go on from there; the last good one stays. `LeaseLost`
  ///   where another worker has the member. `WeightsError`, `FileError` or `TorchError` otherwise.
  package func saveCheckpoint() throws {
    guard checkpoints != nil else { return }
    try count()
    let state = try state.map { name, tensor in
      try CheckpointTensor(name, tensor)
    }
    // The last good checkpoint must not give way to one that cannot go on.
    guard state.allSatisfy(\.isFinite) else {
      // All of a group must end at the same place: the next loss, which all see, or the check of the result.
      if group != nil { return }
      throw lossNotFinite()
    }
    position.metrics = try MetricsFile.digest(metrics)
    position.metricsText = try MetricsFile.text(of: metrics)
    try checkpoints?.save(state, at: position, step: stepsTaken, token: try claim.confirm())
    lastCheckpoint = .now
  }

  private func saveCheckpointIfDue() throws {
    let seconds = lastCheckpoint.duration(to: .now) / .seconds(1)
    guard
      checkpointInterval.isDue(step: stepsTaken, stepsPerEpoch: stepsPerEpoch, seconds: seconds)
    else { return }
    try saveCheckpoint()
  }

  private var state: [(name: String, tensor: Tensor)] {
    Self.state(model, optimizer, average, epochAverage)
  }

  /// Everything that changes from step to step, under the names of the checkpoint.
  private static func state(
    _ model: Model, _ optimizer: any Optimizer, _ average: WeightAverage?,
    _ epochAverage: EpochAverage?
  ) -> [(name: String, tensor: Tensor)] {
    let names = model.parameters.filter(\.isTrainable).map(\.name)
    let buffers = optimizer.buffers.flatMap { kind, tensors in
      zip(names, tensors).map { (name: "\(kind)/\($0)", tensor: $1) }
    }
    let averages = (average?.model.state ?? []).map { (name: "average/\($0)", tensor: $1) }
    let epochAverages = (epochAverage?.model.state ?? []).map {
      (name: "epochs/\($0)", tensor: $1)
    }
    return model.state + buffers + averages + epochAverages
  }

  /// The average of the weights at the ends of the epochs that the member's training averages; nil where it averages none.
  /// Its statistics are those of the images of the first epoch, as they were trained on.
  ///
  /// - Throws: `DatasetError` where an image cannot be read, or `TorchError`.
  func averagedModel() throws -> Model? {
    guard let averaged = epochAverage?.model else { return nil }
    try averaged.estimateStatistics(of: images, normalization, experiment.recipe)
    return averaged
  }

  /// Carries out what the first process of a group does alone, at the same place in all of them.
  func withOthersWaiting(_ body: () throws -> Void) throws {
    guard let group else { return try body() }
    guard group.isFirst else { return try group.hearGoOn() }
    group.othersBeginToListen()
    try body()
    try group.tell(.goOn)
  }

  private func place() -> StepPlace {
    var dropping = RandomStream(
      experiment, member: member.index, .dropout, epoch: position.epoch, step: position.step)
    return StepPlace(
      epoch: position.epoch, step: position.step, learningRate: learningRate,
      dropoutSeed: dropping.next())
  }

  /// Makes sure that the last step has left weights that can be used: no loss was taken after it.
  ///
  /// - Throws: `TrainingError.lossNotFinite`.
  func checkResult() throws {
    let isFinite = try result.state.allSatisfy { try CheckpointTensor($0.name, $0.tensor).isFinite }
    guard isFinite else { throw lossNotFinite() }
  }

  /// Where the steps of an epoch are over, of its last one.
  package func lossNotFinite() -> TrainingError {
    if position.step == 0, position.epoch > 0 {
      return .lossNotFinite(member: member.name, epoch: position.epoch, step: stepsPerEpoch)
    }
    return .lossNotFinite(member: member.name, epoch: position.epoch + 1, step: position.step)
  }
}

/// The exponential moving average of a model's weights and running statistics, as a model of its own.
///
/// After step t, counted from 1, it is d times itself plus 1 - d times the model, with d = min(decay, (1 + t) / (10 + t)).
/// Source: TensorFlow's `ExponentialMovingAverage` with `num_updates`, as EfficientNet's official training has it.
final class WeightAverage {
  /// The averages.
  let model: Model
  private let decay: Double
  private let averages, sources: [Tensor]

  /// Starts from the model as it is.
  init(of source: Model, decay: Double) throws {
    model = try source.copy()
    self.decay = decay
    averages = model.state.map(\.tensor)
    sources = source.state.map(\.tensor)
  }

  /// Takes the model's tensors in, after `step` steps.
  func update(step: Int) throws {
    let warmUp = (1 + Double(step)) / (10 + Double(step))
    try averages.interpolate(towards: sources, weight: 1 - min(decay, warmUp))
  }
}
