import ArchitectureSearch
import Concurrency
import Files
import Leases
import Networks
import Predictions
import Runs
import Schemas
import Synchronization
import Torch
import Training
import Weights

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Judges architectures of a search by training each for a while, members side by side.
///
/// A member's directory is called after its network and its place. What is there is not made again, and a training that
/// was stopped goes on from its checkpoint.
public final class ProxyEvaluator: MemberEvaluator, Sendable {
  /// Images passed in training up to each rung.
  public let trainingImages: [Int]
  private let rungs: [Int]
  private let work: ArchitectureWork
  /// What is shared with other workers; nil where there can be none.
  private let shared: SharedSearch?
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
  public convenience init(
    _ experiment: Experiment, rungs: [Int], on images: RunImages, setup: SearchSetup
  ) throws {
    try self.init(experiment, rungs: rungs, on: images, setup: setup, shared: nil)
  }

  init(
    _ experiment: Experiment, rungs: [Int], on images: RunImages, setup: SearchSetup,
    shared: SharedSearch?
  ) throws {
    self.shared = shared
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
    let ordered = order.map { missing[$0] }
    if let shared, !ordered.isEmpty, shared.hasOthers {
      guard try train(ordered, rung: rung, with: shared, until: deadline) else { return nil }
    } else {
      let claim = shared?.leadersClaim ?? .alone
      let isDone = try work.run(ordered, until: deadline) { [self] in
        try train($0, $1, rung: rung, claim, $2.shouldStop)
      }
      guard isDone else { return nil }
    }
    return try members.compactMap { try outcome(of: $0, rung: rung) }
  }

  /// Has all workers train the members; returns false where it was stopped before.
  private func train(
    _ members: [SearchMember], rung: Int, with shared: SharedSearch,
    until deadline: ContinuousClock.Instant?
  ) throws -> Bool {
    var missing = members
    while !missing.isEmpty {
      try shared.confirmLead()
      let cohort = SharedSearch.Cohort(missing, rung: rung)
      let number = try shared.publish(cohort)
      guard try train(number, cohort, with: shared, waits: true, until: deadline) else {
        return false
      }
      // What others wrote may be seen late; what is not seen then is made again.
      let start = ContinuousClock.now
      repeat {
        missing = try missing.filter { try outcome(of: $0, rung: rung) == nil }
        if missing.isEmpty || setup.shouldStop() { break }
        usleep(500_000)
      } while start.duration(to: .now) < .seconds(Self.sightSeconds)
      guard !setup.shouldStop() else { return false }
    }
    return true
  }

  private static let sightSeconds = 120

  /// Trains what is left of a cohort that another worker leads.
  func help(_ number: Int, _ cohort: SharedSearch.Cohort) throws {
    guard let shared, rungs.indices.contains(cohort.rung) else { return }
    _ = try train(number, cohort, with: shared, waits: false, until: nil)
  }

  /// A member of a cohort that is this worker's.
  private struct HeldMember: Sendable {
    let unit: String
    let member: SearchMember
  }

  private func train(
    _ number: Int, _ cohort: SharedSearch.Cohort, with shared: SharedSearch, waits: Bool,
    until deadline: ContinuousClock.Instant?
  ) throws -> Bool {
    let (names, units) = try shared.units(of: number, cohort)
    let members = Dictionary(uniqueKeysWithValues: zip(names, cohort.searchMembers))
    let queue = WorkQueue<HeldMember>(
      stopIsWished: { [setup] in
        setup.shouldStop() || deadline.map { .now >= $0 } ?? false
      },
      source: { queue in
        let found = try units.next(
          waits: waits, shouldStop: queue.shouldStop, observe: { _, _ in })
        guard case .unit(let unit, _) = found, let member = members[unit] else { return nil }
        return HeldMember(unit: unit, member: member)
      })
    return try work.run(queue, atMost: names.count) { [self] item, images, queue in
      let claim = MemberClaim(
        confirm: { try units.confirm(item.unit) }, isCertain: { units.isCertain(item.unit) })
      do {
        if try outcome(of: item.member, rung: cohort.rung) == nil {
          guard
            try train(item.member, images, rung: cohort.rung, claim, queue.shouldStop)
          else { return false }
        }
        let hasFailed = directory(of: item.member).failure() != nil
        try units.end(item.unit, hasFailed ? .failed : .complete)
      } catch is LeaseLost {}
      return true
    }
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
    _ member: SearchMember, _ images: WorkerImages, rung: Int, _ claim: MemberClaim,
    _ shouldStop: () -> Bool
  ) throws -> Bool {
    let files = directory(of: member)
    let name = member.network.name
    try Directory.create(files.path)
    do {
      let training = try training(of: member, images, files, claim)
      guard try runEpochs(training, files, upTo: rung, shouldStop) else {
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
    of searched: SearchMember, _ images: WorkerImages, _ files: MemberDirectory,
    _ claim: MemberClaim
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
        device: images.device, checkpointInterval: .standard, claim: claim)
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
    upTo rung: Int, _ shouldStop: () -> Bool
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
      if shouldStop(), training.position.epoch < rungs[rung] {
        try training.saveCheckpoint()
        return false
      }
    }
    if rung == rungs.count - 1 {
      try MetricsFile.publish(of: files, epochs: rungs[rung])
      try CheckpointStore.removeAll(of: files)
      for path in files.epochsPaths() { try Directory.removeFile(path) }
    }
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
