import ArchitectureSearch
import Concurrency
import Files
import Networks
import Predictions
import Runs
import Schemas
import Synchronization
import Torch
import Training
import Weights

/// Judges architectures of a search by training each for a while, members side by side.
///
/// A member's directory is called after its network and its place. What is there is not made again, and a training that
/// was stopped goes on from its checkpoint.
public final class ProxyEvaluator: MemberEvaluator, Sendable {
  /// Images passed in training up to each rung.
  public let trainingImages: [Int]
  private let rungs: [Int]
  private let work: ArchitectureWork
  /// Who was asked for last, and up to which rung.
  private let latest = Mutex<(members: [SearchMember], rung: Int)>(([], 0))
  private var setup: SearchSetup { work.setup }

  /// Puts the images on the devices.
  ///
  /// - Parameters:
  ///   - experiment: The recipe and the images, without members.
  ///   - rungs: Epochs after which architectures are judged, rising.
  /// - Throws: `ExperimentError` where too few images are left to train on, or `TorchError` where the device has no
  ///   room for them.
  public init(
    _ experiment: Experiment, rungs: [Int], on images: RunImages, setup: SearchSetup
  ) throws {
    let work = try ArchitectureWork(experiment, on: images, setup: setup)
    self.rungs = rungs
    self.work = work
    trainingImages = rungs.map { $0 * work.partition.training.count }
  }

  /// Trains what is not yet trained as far.
  ///
  /// - Throws: `FileError`, or `TrainingError` where the machine fails; an architecture that fails by itself is an
  ///   outcome.
  public func evaluate(
    _ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?
  ) throws -> [MemberOutcome]? {
    let earlier = latest.withLock { latest in
      defer { latest = (members, rung) }
      return latest
    }
    if rung > 0, earlier.rung == rung - 1 {
      try removeCheckpoints(of: earlier.members.filter { !members.contains($0) })
    }
    let missing = try members.filter { try outcome(of: $0, rung: rung) == nil }
    setup.observe(.cohortBegan(members: missing.count, rung: rung + 1, rungs: rungs.count))
    let costs = missing.map { $0.network.totals.multiplyAccumulates }
    // Costly ones first, so that none of them is left to run alone at the end.
    let order = missing.indices.sorted { (costs[$1], $0) < (costs[$0], $1) }
    let isDone = try work.run(order.map { missing[$0] }, until: deadline) { [self] in
      try train($0, $1, rung: rung, $2)
    }
    return isDone ? try members.compactMap { try outcome(of: $0, rung: rung) } : nil
  }

  /// What is on disk of the member at that rung; nil where it is still to be trained.
  private func outcome(of member: SearchMember, rung: Int) throws -> MemberOutcome? {
    let files = directory(of: member)
    let path = files.predictionsPath(rung: rung + 1)
    guard Directory.exists(path) else {
      return files.failure().map { .failed(reason: $0.reason) }
    }
    do {
      try MemberDirectory.checkPredictions(
        path, of: member.network.name, split: SplitName.holdOut, identity: identity(of: member))
      return .predicted(try Predictions(path: path))
    } catch let error
      where error is ExperimentError || error is EnsembleError || error is WeightsError
    {
      setup.observe(.memberDamaged(member: member.network.name, reason: "\(error)"))
      try Directory.removeFile(path)
      return nil
    }
  }

  private func identity(of member: SearchMember) throws -> String {
    try work.identity(ofNetwork: member.network.name, place: member.place)
  }

  /// Removes the checkpoints of those that did not get on from the rung before: they take space, and if a later architecture
  /// has one of them, it is trained again, to the same bits.
  private func removeCheckpoints(of members: [SearchMember]) throws {
    for member in members { try CheckpointStore.removeAll(of: directory(of: member)) }
  }

  private func directory(of member: SearchMember) -> MemberDirectory {
    setup.directory.architecture(member.network.name, place: member.place)
  }
}

// MARK: - Training

extension ProxyEvaluator {
  /// Trains a member up to the rung; returns false where it was stopped before.
  private func train(
    _ member: SearchMember, _ images: WorkerImages, rung: Int,
    _ queue: WorkQueue<SearchMember>
  ) throws -> Bool {
    let files = directory(of: member)
    let name = member.network.name
    try Directory.create(files.path)
    do {
      guard try runEpochs(training(of: member, images, files), files, upTo: rung, queue) else {
        return false
      }
      setup.observe(.memberEvaluated(member: name))
    } catch let error as TorchError {
      // Another time there may be memory: it must not change what is found.
      throw TrainingError.machineFailed(member: name, reason: "\(error)")
    } catch let error as TrainingError where error.isOfTheNetwork {
      // It concerns no other member: the search counts it as failed and goes on.
      try DurableFile.write(
        FailureRecord(reason: "\(error)", epoch: rungs[rung], step: 0).readableJSON(),
        to: files.failurePath)
      try CheckpointStore.removeAll(of: files)
      setup.observe(.memberFailed(member: name, reason: "\(error)"))
    }
    return true
  }

  private func training(
    of searched: SearchMember, _ images: WorkerImages, _ files: MemberDirectory
  ) throws -> (training: MemberTraining, holdOut: EvaluationImages) {
    let network = try work.fitted(searched.network)
    var (member, data) = work.memberImages(of: network, place: searched.place, images)
    guard let holdOut = data.holdOut else {
      preconditionFailure("a plan without held-out images is refused")
    }
    // Only the rungs are judged, not every epoch.
    data.holdOut = nil
    let identity = try identity(of: searched)
    func training() throws -> MemberTraining {
      try MemberTraining(
        member, of: work.experiment, network: network, data: data,
        normalization: work.normalization, directory: files, identity: identity,
        device: images.device, checkpointInterval: .standard)
    }
    do {
      return (try training(), holdOut)
    } catch let error as TrainingError where error.isOfItsFiles {
      setup.observe(.memberDamaged(member: member.name, reason: "\(error)"))
      try CheckpointStore.removeAll(of: files)
      return (try training(), holdOut)
    }
  }

  /// Trains up to the rung, and predicts the held-out images at each rung on the way.
  private func runEpochs(
    _ state: (training: MemberTraining, holdOut: EvaluationImages), _ files: MemberDirectory,
    upTo rung: Int, _ queue: WorkQueue<SearchMember>
  ) throws -> Bool {
    let training = state.training
    try predictIfDue(state, files)
    while training.position.epoch < rungs[rung] {
      let learningRate = training.learningRate
      if try training.step() {
        let metrics = try training.finishEpoch(learningRate: learningRate)
        setup.observe(
          .progressed(member: training.member.name, imagesPerSecond: metrics.imagesPerSecond))
        try predictIfDue(state, files)
      }
      if queue.shouldStop(), training.position.epoch < rungs[rung] {
        try training.saveCheckpoint()
        return false
      }
    }
    if rung == rungs.count - 1 { try CheckpointStore.removeAll(of: files) }
    return true
  }

  private func predictIfDue(
    _ state: (training: MemberTraining, holdOut: EvaluationImages), _ files: MemberDirectory
  ) throws {
    let training = state.training
    guard let rung = rungs.firstIndex(of: training.position.epoch), training.position.step == 0,
      !Directory.exists(files.predictionsPath(rung: rung + 1))
    else { return }
    let predictions = try work.predictions(
      of: training.result, training.member.name, on: state.holdOut,
      batchSize: work.experiment.recipe.pieceSize, epoch: training.position.epoch)
    // Before the predictions, which say that the member has come so far.
    if rung < rungs.count - 1 { try training.saveCheckpoint() }
    try predictions.write(
      to: files.predictionsPath(rung: rung + 1),
      metadata: [MemberMetadata.training: state.training.identity])
  }
}
