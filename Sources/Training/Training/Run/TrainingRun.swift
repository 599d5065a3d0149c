import Concurrency
import Datasets
import Files
import Leases
import Networks
import Predictions
import Runs
import Schemas
import Torch

/// Trains all members of an experiment into a run directory, going on from what is there.
public struct TrainingRun: Sendable {
  /// How a run ended.
  public enum Outcome: Hashable, Sendable {
    /// All members asked for are trained and have predicted the test images.
    case complete
    /// The user asked to stop; everything so far is saved.
    case interrupted
    /// These members stopped by themselves, each with a `failure.json`; all others are trained.
    case membersFailed([String])
    /// Other workers are at work on so many members, and they were not to be waited for.
    case leftToOthers(members: Int)
  }

  private var experiment: Experiment
  private let images: RunImages
  /// The run, and where its members are trained: there, or in its `retraining`.
  private let base, directory: RunDirectory
  private let devices: [Device]
  private var environment: RunEnvironment
  private let record: DataRecord
  private let partition: DataPartition
  private let normalization: Normalization
  private let decoders: Int
  private var sharing: RunSharing

  /// Checks that the experiment fits the images and claims the run directory for them; a run that is there may get more
  /// members.
  ///
  /// - Parameters:
  ///   - longer: What may be done where the run has fewer epochs than the experiment.
  ///   - devices: The CPU, or one or more GPUs that the members are spread over.
  ///   - threads: For each operation on the CPU. The bits of the weights depend on it.
  ///   - decoders: Threads that decode images for one member, where they are decoded as they are needed.
  ///   - command: The command line, for the record.
  ///   - versions: Of what takes part apart from libtorch, for the record.
  ///   - sharing: How the members are shared out with other processes, on this machine and on others.
  /// - Throws: `ExperimentError`, `TrainingError`, `NetworkError` or `FileError`; nothing of an earlier run is changed then.
  public init(
    of experiment: Experiment, on images: RunImages, in directory: RunDirectory,
    longer: RunDirectory.LongerTraining = .refused, devices: [Device] = [.cpu], threads: Int,
    decoders: Int = 1,
    command: [String] = CommandLine.arguments,
    versions: [String: String] = [:], sharing: RunSharing = RunSharing()
  ) throws {
    self.experiment = experiment
    self.sharing = sharing
    if let token = sharing.token { try RunToken.check(token, in: directory.path) }
    self.images = images
    self.decoders = decoders
    base = directory
    self.devices = devices
    environment = RunEnvironment(
      command: command, versions: versions.merging(["libtorch": Runtime.description]) { $1 },
      device: devices.map(\.description).joined(separator: ","), threads: threads)
    partition = try DataPartition(of: experiment, labels: images.trainingLabels)
    normalization = Normalization(of: images, training: partition.training)
    for group in experiment.members {
      let network = try images.network(group.network, group.architecture, for: experiment)
      if let weights = group.weights { _ = try InitialWeights(path: weights, for: network) }
    }
    record = images.record(for: experiment, partition, normalization)
    let claim = try directory.claim(
      for: experiment, data: record, longer: longer,
      carryOver: { [record] in try CheckpointStore.carryOver($0, data: record) })
    (self.experiment, self.directory) = (claim.experiment, claim.directory)
    let lock = try DirectoryLock(waitingFor: self.directory.path)
    defer { withExtendedLifetime(lock) {} }
    if !Directory.exists(self.directory.environmentPath) {
      try environment.write(to: self.directory.environmentPath)
    }
  }

  /// Where the members lie that the experiment asks for: in the run, or beside those of fewer epochs, whose place they have
  /// not yet taken.
  public var place: RunDirectory {
    directory != base && Directory.exists(directory.experimentPath) ? directory : base
  }

  /// Trains what is not yet trained, on the calling thread and on further ones, the longest trainings first, and what other
  /// workers began and are lost to.
  ///
  /// Members with more epochs take the place of the run's once all are complete.
  ///
  /// A member has the same bits whatever is trained beside it. One that diverges does not stop the others.
  ///
  /// - Parameters:
  ///   - names: Take, and wait for, only the members of these names; all of them where it is nil.
  ///   - group: The processes that train each member together, of which this is the first; nil for this one alone.
  ///   - waits: Whether to wait for members that others train; nil for what the run's sharing says.
  ///   - jobs: Members trained side by side, each on a thread of its own, and on the run's number of threads inside
  ///     its operations.
  ///   - checkpointInterval: How much of each member's work a kill may cost.
  ///   - shouldStop: Asked after every step; the run then saves where it stands and ends.
  ///   - observe: Told of everything that happens, one event at a time, on any thread.
  /// - Throws: `TrainingError.runBusy` where a process of an earlier version trains the run, `.otherConditions` where a worker
  ///   would give other bits than this one, or the first error that ended all work.
  public func run(
    only names: Set<String>? = nil, group: TrainingGroup? = nil, waits: Bool? = nil,
    jobs: Int = 1, checkpointInterval: CheckpointInterval = .standard,
    shouldStop: @escaping @Sendable () -> Bool = { Interruption.isRequested },
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
  ) throws -> Outcome {
    let outcome = try ParallelError.naming {
      do {
        let outcome = try trained(by: group, waits: waits).train(
          only: names, group, jobs: jobs, checkpointInterval, shouldStop, observe)
        try group?.tellEnd(outcome)
        return outcome
      } catch {
        group?.tellFailure(error)
        throw error
      }
    }
    guard outcome == .complete, directory != base else { return outcome }
    return try finishRetraining(shouldStop) ? .complete : .interrupted
  }

  /// The same run, as these processes carry it out.
  private func trained(by group: TrainingGroup?, waits: Bool?) -> TrainingRun {
    var run = self
    if let waits { run.sharing.waits = waits }
    run.environment.processes = experiment.recipe.reproducible == true ? nil : group?.size
    return run
  }

  /// Has the members with more epochs take the place of the others: one worker of all does it.
  ///
  /// - Returns: Whether it is done; false where this process is to stop before.
  private func finishRetraining(_ shouldStop: () -> Bool) throws -> Bool {
    let isDone = { !Directory.exists(directory.experimentPath) }
    if isDone() { return true }
    // No member is called so.
    let unit = "replacement+"
    let session = try WorkerSession(sharing.record(environment, jobs: 1), in: directory.path)
    defer { session.leave() }
    let units = try SharedUnits([unit], by: session) { _, _ in false }
    let work = try units.next(waits: true, shouldStop: { shouldStop() || isDone() }) { _, _ in }
    guard case .unit = work, !isDone() else { return isDone() }
    if try !base.finishRetraining() { units.stop(unit) }
    return true
  }

  private func train(
    only names: Set<String>?, _ group: TrainingGroup?, jobs: Int,
    _ checkpointInterval: CheckpointInterval,
    _ shouldStop: @escaping @Sendable () -> Bool,
    _ observe: @escaping @Sendable (TrainingEvent) -> Void
  ) throws -> Outcome {
    try Runtime.setDeterministic(true, allowTF32: false)
    try Runtime.keepMemory()
    try Directory.create(directory.membersPath)
    // Held alone by earlier versions, which know no leases.
    guard let lock = try DirectoryLock(ifFree: directory.membersPath, isShared: true) else {
      throw TrainingError.runBusy(directory: directory.path)
    }
    defer { withExtendedLifetime(lock) {} }
    try DirectoryLock.removeAbandonedFiles(in: directory.membersPath)
    let members = try longestFirst(
      experiment.allMembers.filter { names?.contains($0.name) ?? true })
    precondition(
      names.map { $0.count == members.count } ?? true, "a name is not that of a member")
    guard group == nil || jobs == 1 else { throw ParallelError.severalJobs }
    let record = sharing.record(environment, jobs: jobs)
    try sharing.check(record, in: directory.path)
    let session = try WorkerSession(record, in: directory.path)
    defer { session.leave() }
    // Of two that began at once, each sees the other now, and one gives way.
    try sharing.check(record, in: directory.path) { $0.id < record.id }
    group?.setWish(shouldStop)
    try group?.tell(.began(threads: environment.threads))
    let queue = MemberQueue(
      members, try sharedUnits(members, session), waits: sharing.waits,
      group: group, stopIsWished: { group?.shouldStop ?? shouldStop() }, observe: observe)
    queue.report(.began(members: members, epochs: experiment.recipe.epochs))
    let splits = try devices.map { try DeviceImages(images, partition, device: $0) }
    WorkerThread.run(min(jobs, members.count)) { number in
      splits[number % splits.count].work(on: queue.work, threads: environment.threads) {
        member, images, _ in try trainIfHeld(member, images, checkpointInterval, queue)
      }
    }
    try Runtime.releaseMemory()
    return try queue.outcome()
  }

  /// The members as units of work. One that ended is looked at, in case that its files are gone.
  private func sharedUnits(
    _ members: [Experiment.Member], _ session: WorkerSession
  ) throws -> SharedUnits {
    try SharedUnits(members.map(\.name), by: session) { name, ending in
      ending != .complete
        || directory.member(name).isComplete(withHoldOut: experiment.data.holdsOut)
    }
  }

  /// Costly members first, so that none of them is left to run alone at the end.
  private func longestFirst(_ members: [Experiment.Member]) throws -> [Experiment.Member] {
    var costs: [String: Int] = [:]
    for member in members where costs[member.network] == nil {
      let network = try images.network(member.network, member.architecture, for: experiment)
      costs[member.network] = network.totals.multiplyAccumulates
    }
    return members.enumerated().sorted { first, second in
      let (left, right) = (costs[first.element.network] ?? 0, costs[second.element.network] ?? 0)
      return left == right ? first.offset < second.offset : left > right
    }.map(\.element)
  }

  /// Trains a member as long as it is this process's; returns whether work goes on.
  private func trainIfHeld(
    _ member: Experiment.Member, _ images: WorkerImages,
    _ checkpointInterval: CheckpointInterval, _ queue: MemberQueue
  ) throws -> Bool {
    // The others have put the members in their place meanwhile.
    guard Directory.exists(directory.experimentPath) else { return false }
    do {
      return try train(member, images, checkpointInterval, queue)
    } catch is LeaseLost {
      // The others are in the middle of it.
      guard queue.group == nil else { throw ParallelError.memberTaken(member.name) }
      // What was written last may have come after the other's end.
      let files = directory.member(member.name)
      let isComplete = files.isComplete(withHoldOut: experiment.data.holdsOut)
      if isComplete { try removeTraces(of: files) }
      try queue.lose(member, isComplete: isComplete)
      return true
    }
  }

  /// Trains one member that is not yet trained; returns whether work goes on.
  private func train(
    _ member: Experiment.Member, _ images: WorkerImages,
    _ checkpointInterval: CheckpointInterval, _ queue: MemberQueue
  ) throws -> Bool {
    let files = directory.member(member.name)
    try Directory.create(files.path)
    let claim = queue.claim(of: member)
    let lock = try DirectoryLock(ifFree: files.path)
    // A worker that was paused holds it for ever; of a first lease, it is a process of an earlier version that does.
    guard try lock != nil || claim.confirm() > 1 else {
      throw TrainingError.memberBusy(member: member.name, directory: files.path)
    }
    defer { withExtendedLifetime(lock) {} }
    try DirectoryLock.removeAbandonedFiles(in: files.path)
    let network = try self.images.network(member.network, member.architecture, for: experiment)
    let result = try MemberResult(
      of: member, network, in: files, of: experiment, on: record)
    let condition = try result.condition()
    if condition == .complete {
      // A process killed after its last predictions had no time to do this.
      try removeTraces(of: files)
      try queue.end(member, .complete)
      queue.report(.alreadyComplete(member))
      return true
    }
    if condition.wasComplete {
      _ = try claim.confirm()
      // They stand for a complete member.
      try Directory.removeFile(files.predictionsPath(split: SplitName.test))
    }
    let data = images.memberImages(
      of: member, network, in: experiment, partition,
      resizing: self.images.resizing(imageSize: experiment.data.imageSize),
      StreamedImages.Decoding(
        corruptImages: experiment.data.corruptImages, workers: decoders,
        skipped: { queue.reportSkipped($0) }))
    switch condition {
    case .complete: return true
    case .weights(let reason):
      if let reason { queue.report(.memberDamaged(member, reason: reason)) }
      let accuracy = try result.writePredictions(
        data, normalization, device: images.device, precision: experiment.recipe.precision,
        batchSize: experiment.recipe.pieceSize)
      try removeTraces(of: files)
      try queue.end(member, .complete)
      queue.report(.memberFinished(member, testAccuracy: accuracy))
      return true
    case .nothing(let reason):
      if let reason {
        queue.report(.memberDamaged(member, reason: reason))
        try Directory.removeFile(files.metricsPath)
      }
      return try train(result, data, on: images.device, checkpointInterval, queue)
    }
  }

  /// Trains a member from its last checkpoint or its start; returns whether work goes on.
  private func train(
    _ result: MemberResult, _ data: MemberImages, on device: Device,
    _ checkpointInterval: CheckpointInterval, _ queue: MemberQueue
  ) throws -> Bool {
    let (member, files, group) = (result.member, result.files, queue.group)
    try group?.tell(.train(member: member.name, identity: result.identity))
    let training = try MemberTraining(
      member, of: experiment, network: result.network, data: data, normalization: normalization,
      directory: files, identity: result.identity, device: device,
      checkpointInterval: checkpointInterval,
      claim: queue.claim(of: member).unless(published: files.weightsPath, of: member.name),
      group: group)
    for damage in training.damages { queue.report(.checkpointDamaged(member, damage)) }
    queue.report(.memberStarted(member, finishedEpochs: training.position.epoch))
    try recordEnvironment(of: member, in: files, queue)
    try Directory.removeFile(files.failurePath)
    do {
      guard try runEpochs(training, files, queue) else { return false }
      group?.othersBeginToListen()
      try training.checkResult()
      let accuracy = try result.write(
        training.result, data, normalization, batchSize: experiment.recipe.pieceSize,
        claim: training.claim, notFinite: training.lossNotFinite)
      try removeTraces(of: files)
      try queue.end(member, .complete)
      queue.report(.memberFinished(member, testAccuracy: accuracy))
    } catch TrainingError.lossNotFinite(let name, let epoch, let step) {
      let error = TrainingError.lossNotFinite(member: name, epoch: epoch, step: step)
      _ = try training.claim.confirm()
      try DurableFile.write(
        FailureRecord(reason: "\(error)", epoch: epoch, step: step).readableJSON(),
        to: files.failurePath)
      group?.othersBeginToListen()
      try queue.end(member, .failed)
      queue.report(.memberFailed(member, error))
    }
    return true
  }

  /// Removes what a complete member no longer needs.
  private func removeTraces(of files: MemberDirectory) throws {
    try CheckpointStore.removeAll(of: files)
    for path in files.epochsPaths() + [files.progressPath] { try Directory.removeFile(path) }
  }

  private func recordEnvironment(
    of member: Experiment.Member, in files: MemberDirectory, _ queue: MemberQueue
  ) throws {
    if try !files.checkpointPaths().isEmpty,
      let earlier = RunEnvironment(path: files.environmentPath),
      !environment.givesSameBits(as: earlier)
    {
      queue.report(.environmentChanged(member, from: earlier, to: environment))
    }
    try environment.write(to: files.environmentPath)
  }

  /// Runs the remaining epochs; returns whether it came to their end.
  private func runEpochs(
    _ training: MemberTraining, _ files: MemberDirectory, _ queue: MemberQueue
  ) throws -> Bool {
    let pace = MemberPace(training)
    var progressFile = ProgressFile(files.progressPath)
    defer { if training.claim.isCertain() { progressFile.write(pace.progress(), now: true) } }
    while !training.isComplete {
      let learningRate = training.learningRate
      if try training.step() {
        let metrics = try training.finishEpoch(learningRate: learningRate)
        queue.report(.epochFinished(training.member, metrics, pace.progress()))
      } else {
        queue.report(.progressed(training.member, pace.progress()))
      }
      // Not over what another worker says of the member.
      if training.claim.isCertain() { progressFile.write(pace.progress(), now: false) }
      if queue.shouldStop() {
        try training.saveCheckpoint()
        // What is saved is saved for all, before any of them ends.
        try queue.group?.barrier()
        return false
      }
    }
    return true
  }
}
