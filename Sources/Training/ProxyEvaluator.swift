import ArchitectureSearch
import Datasets
import Ensembles
import Experiments
import Files
import Networks
import Torch

/// Judges candidates of a search by training each for a while, members side by side.
///
/// A member's directory is called after its network and its place. What is there is not made again, and a training that
/// was stopped goes on from its checkpoint.
public final class ProxyEvaluator: MemberEvaluator, Sendable {
  /// Images passed in training up to each rung.
  public let trainingImages: [Int]
  private let experiment: Experiment
  private let rungs: [Int]
  private let images: RunImages
  private let setup: SearchSetup
  private let partition: DataPartition
  private let normalization: Normalization
  private let deviceImages: [DeviceImages]

  /// Puts the images on the devices.
  ///
  /// - Parameters:
  ///   - experiment: The recipe and the images, without members.
  ///   - rungs: Epochs after which candidates are judged, rising.
  public init(
    _ experiment: Experiment, rungs: [Int], on images: RunImages, setup: SearchSetup
  ) throws {
    let partition = try DataPartition(of: experiment, available: images.splits.train.count)
    self.experiment = experiment
    self.rungs = rungs
    self.images = images
    self.setup = setup
    self.partition = partition
    normalization = Normalization(of: images, training: partition.training)
    trainingImages = rungs.map { $0 * partition.training.count }
    deviceImages = try setup.devices.map { try DeviceImages(images, partition, device: $0) }
  }

  /// Trains what is not yet trained as far.
  public func evaluate(
    _ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?
  ) throws -> [MemberOutcome]? {
    let missing = try members.filter { try outcome(of: $0, rung: rung) == nil }
    setup.observe(.cohortBegan(members: missing.count, rung: rung + 1, rungs: rungs.count))
    let costs = try missing.map { try $0.network.cost().multiplyAccumulates }
    // Costly ones first, so that none of them is left to run alone at the end.
    let order = missing.indices.sorted { (costs[$1], $0) < (costs[$0], $1) }
    let queue = WorkQueue(
      order.map { missing[$0] },
      stopIsWished: { [setup] in
        setup.shouldStop() || deadline.map { ContinuousClock.now >= $0 } ?? false
      })
    Workers.run(min(setup.jobs, max(1, missing.count))) { [self] number in
      deviceImages[number % deviceImages.count].work(on: queue, threads: setup.threads) {
        member, images, queue in try train(member, images, rung: rung, queue)
      }
    }
    guard try queue.isDone() else { return nil }
    return try members.compactMap { try outcome(of: $0, rung: rung) }
  }

  /// What is on disk of the member at that rung; nil where it is still to be trained.
  private func outcome(of member: SearchMember, rung: Int) throws -> MemberOutcome? {
    let files = directory(of: member)
    let path = files.predictionsPath(rung: rung + 1)
    if Directory.exists(path) { return .predicted(try Predictions(path: path)) }
    return files.failure().map { .failed(reason: $0.reason) }
  }

  private func directory(of member: SearchMember) -> MemberDirectory {
    setup.directory.candidate(member.network.name, place: member.place)
  }
}

// MARK: - Training

extension ProxyEvaluator {
  /// Trains a member up to the rung; returns false where it was stopped before.
  private func train(
    _ candidate: SearchMember, _ images: WorkerImages, rung: Int,
    _ queue: WorkQueue<SearchMember>
  ) throws -> Bool {
    let files = directory(of: candidate)
    try Directory.create(files.path)
    do {
      guard try runEpochs(training(of: candidate, images, files), files, upTo: rung, queue) else {
        return false
      }
      setup.observe(.memberEvaluated(member: candidate.network.name))
    } catch let error where error is TrainingError || error is TorchError {
      // It concerns no other member: the search counts it as failed and goes on.
      try DurableFile.write(
        FailureRecord(reason: "\(error)", epoch: rungs[rung], step: 0).readableJSON(),
        to: files.failurePath)
      setup.observe(.memberFailed(member: candidate.network.name, reason: "\(error)"))
    }
    return true
  }

  private func training(
    of candidate: SearchMember, _ images: WorkerImages, _ files: MemberDirectory
  ) throws -> (training: MemberTraining, holdOut: EvaluationImages) {
    let network = try self.images.network(
      candidate.network.name, candidate.network, for: experiment)
    let member = Experiment.Member(
      name: candidate.network.name, network: candidate.network.name,
      architecture: candidate.network, index: candidate.place)
    var data = images.memberImages(
      of: member, network, in: experiment, partition,
      resizing: self.images.resizing(imageSize: experiment.data.imageSize),
      StreamedImages.Decoding(
        corruptImages: experiment.data.corruptImages, workers: setup.decoders, skipped: { _ in }))
    guard let holdOut = data.holdOut else {
      preconditionFailure("a plan without held-out images is refused")
    }
    // Only the rungs are judged, not every epoch.
    data.holdOut = nil
    let training = try MemberTraining(
      member, of: experiment, network: network, data: data, normalization: normalization,
      directory: files, device: images.device, checkpointInterval: .standard)
    return (training, holdOut)
  }

  /// Trains up to the rung, and predicts the held-out images at each rung on the way.
  private func runEpochs(
    _ work: (training: MemberTraining, holdOut: EvaluationImages), _ files: MemberDirectory,
    upTo rung: Int, _ queue: WorkQueue<SearchMember>
  ) throws -> Bool {
    let training = work.training
    try predictIfDue(work, files)
    while training.position.epoch < rungs[rung] {
      let learningRate = training.learningRate
      if try training.step() {
        let metrics = try training.finishEpoch(learningRate: learningRate)
        setup.observe(
          .progressed(member: training.member.name, imagesPerSecond: metrics.imagesPerSecond))
        try predictIfDue(work, files)
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
    _ work: (training: MemberTraining, holdOut: EvaluationImages), _ files: MemberDirectory
  ) throws {
    let training = work.training
    guard let rung = rungs.firstIndex(of: training.position.epoch), training.position.step == 0,
      !Directory.exists(files.predictionsPath(rung: rung + 1))
    else { return }
    let (evaluation, fingerprint) = try work.holdOut.evaluate(
      training.result, normalization: normalization, batchSize: experiment.recipe.pieceSize)
    guard evaluation.loss.isFinite else {
      throw TrainingError.lossNotFinite(
        member: training.member.name, epoch: training.position.epoch, step: 0)
    }
    let predictions = try Predictions(
      evaluation, of: training.result.network, name: training.member.name, split: "hold-out",
      fingerprint: fingerprint, classes: images.classNames.count)
    // Before the predictions, which say that the member has come so far.
    if rung < rungs.count - 1 { try training.saveCheckpoint() }
    try predictions.write(to: files.predictionsPath(rung: rung + 1))
  }
}
