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
  /// Whom members learn from, once it has been asked.
  private var teacher: Teacher?

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
    precondition(
      names?.isSubset(of: experiment.allMembers.map(\.name)) ?? true,
      "a name is not that of a member")
    let soups = experiment.soupMembers.filter { names?.contains($0.name) ?? true }
    let wanted = names?.union(soups.flatMap(\.part.ingredients))
    let members = try longestFirst(
      experiment.trainings.filter { training in
        ([training] + training.derived).contains { wanted?.contains($0.name) ?? true }
      })
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
    let teacher = try teacher(group)
    let splits = try devices.map { try DeviceImages(images, partition, device: $0) }
    WorkerThread.run(min(jobs, members.count)) { number in
      splits[number % splits.count].work(on: queue.work, threads: environment.threads) {
        member, images, _ in
        try learning(from: teacher).trainIfHeld(member, images, checkpointInterval, queue)
      }
    }
    let outcome = try queue.outcome()
    guard outcome == .complete, !soups.isEmpty else {
      try Runtime.releaseMemory()
      return outcome
    }
    // Once all are there that they are chosen of.
    let soupQueue = MemberQueue(
      soups, try sharedUnits(soups, session), waits: sharing.waits, group: group,
      stopIsWished: { group?.shouldStop ?? shouldStop() }, observe: observe)
    WorkerThread.run(1) { _ in
      splits[0].work(on: soupQueue.work, threads: environment.threads) { member, images, _ in
        try trainIfHeld(member, images, checkpointInterval, soupQueue)
      }
    }
    try Runtime.releaseMemory()
    return try soupQueue.outcome()
  }

  /// Asks whom the recipe has members learn from; nil where it has no one.
  private func teacher(_ group: TrainingGroup?) throws -> Teacher? {
    guard let distillation = experiment.recipe.distillation else { return nil }
    guard group == nil, case .resident(let dataset) = images else {
      throw TrainingError.unusableTeacher(
        path: distillation.teacher, reason: "members that learn from it train in one process each")
    }
    try Runtime.setThreads(environment.threads)
    return try Teacher(distillation, keptAt: base.teacherPath, dataset, record)
  }

  /// The same run, with its teacher.
  private func learning(from teacher: Teacher?) -> TrainingRun {
    var run = self
    run.teacher = teacher
    return run
  }

  /// The members as units of work. One that ended is looked at, in case that its files are gone.
  private func sharedUnits(
    _ members: [Experiment.Member], _ session: WorkerSession
  ) throws -> SharedUnits {
    let trainings = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0) })
    return try SharedUnits(members.map(\.name), by: session) { name, ending in
      ending != .complete || trainings[name].map(isComplete) ?? true
    }
  }

  /// Whether all that a training leaves is there.
  private func isComplete(_ training: Experiment.Member) -> Bool {
    directory.isComplete(training, withHoldOut: experiment.data.holdsOut)
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
      let isComplete = isComplete(member)
      if isComplete { try removeTraces(of: files) }
      try queue.lose(member, isComplete: isComplete)
      return true
    }
  }

  /// Trains one member that is not yet trained, with all that is kept of its training; returns whether work goes on.
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
    let network = try self.images.network(member.network, member.architecture, for: experiment)
    var results = try TrainingResults(
      of: member, network, in: directory, of: experiment, on: record)
    try results.prepareDirectories()
    let conditions = try results.all.map { (result: $0, condition: try $0.condition()) }
    if conditions.allSatisfy({ $0.condition == .complete }) {
      // A process killed after its last predictions had no time to do this.
      try removeTraces(of: files)
      try queue.end(member, .complete)
      queue.report(.alreadyComplete(member))
      return true
    }
    for (result, condition) in conditions where condition.wasComplete {
      _ = try claim.confirm()
      // They stand for a complete member.
      try Directory.removeFile(result.files.predictionsPath(split: SplitName.test))
    }
    let data = images.memberImages(
      of: member, network, in: experiment, partition,
      resizing: self.images.resizing(imageSize: experiment.data.imageSize),
      StreamedImages.Decoding(
        corruptImages: experiment.data.corruptImages, workers: decoders,
        skipped: { queue.reportSkipped($0) }))
    let finished = try predictAnew(conditions, data, on: images.device, queue)
    results.setMissing(conditions)
    guard results.missing.isEmpty else {
      if !member.part.ingredients.isEmpty {
        return try cook(results.end, data, on: images.device, queue)
      }
      return try train(results, data, on: images.device, checkpointInterval, queue)
    }
    try removeTraces(of: files)
    try queue.end(member, .complete)
    for (member, accuracy) in finished {
      queue.report(.memberFinished(member, testAccuracy: accuracy))
    }
    return true
  }

  /// Writes what lies beside weights that are there, and removes what is left of others; returns those whose predictions it has
  /// written, with their accuracies.
  private func predictAnew(
    _ conditions: [(result: MemberResult, condition: MemberResult.Condition)],
    _ data: MemberImages, on device: Device, _ queue: MemberQueue
  ) throws -> [(Experiment.Member, Double)] {
    var finished: [(Experiment.Member, Double)] = []
    for (result, condition) in conditions {
      switch condition {
      case .complete: break
      case .weights(let reason):
        if let reason { queue.report(.memberDamaged(result.member, reason: reason)) }
        let accuracy = try result.writePredictions(
          data, normalization, device: device, precision: experiment.recipe.precision,
          batchSize: experiment.recipe.pieceSize)
        finished.append((result.member, accuracy))
      case .nothing(let reason):
        if let reason {
          queue.report(.memberDamaged(result.member, reason: reason))
          try Directory.removeFile(result.files.metricsPath)
        }
      }
    }
    return finished
  }

  /// Makes a soup; returns whether work goes on.
  private func cook(
    _ result: MemberResult, _ data: MemberImages, on device: Device, _ queue: MemberQueue
  ) throws -> Bool {
    let soup = try GreedySoup(
      result.member.part.ingredients, in: directory, of: experiment, on: record)
    let model = try Model(
      result.network, generator: Generator(seed: 0), device: device,
      precision: experiment.recipe.precision)
    let chosen = try soup.cook(
      model, data, normalization, experiment.recipe, shouldStop: queue.shouldStop)
    guard let chosen else { return false }
    let accuracy = try result.write(
      model, data, normalization, batchSize: experiment.recipe.pieceSize,
      claim: queue.claim(of: result.member),
      further: [MemberMetadata.soup: chosen.joined(separator: ",")],
      notFinite: {
        .unusableWeights(
          path: result.files.path, reason: "what the average of its members says is no distribution"
        )
      })
    try queue.end(result.member, .complete)
    queue.report(.memberFinished(result.member, testAccuracy: accuracy))
    return true
  }

  /// Trains a member from its last checkpoint or its start; returns whether work goes on.
  private func train(
    _ results: TrainingResults, _ data: MemberImages, on device: Device,
    _ checkpointInterval: CheckpointInterval, _ queue: MemberQueue
  ) throws -> Bool {
    let (member, files, group) = (results.end.member, results.end.files, queue.group)
    try group?.tell(.train(member: member.name, identity: results.end.identity))
    if let epoch = results.firstMissingSnapshot {
      let steps = experiment.recipe.steps(perEpochOf: data.trainingCount)
      try CheckpointStore.removeAll(of: files, after: epoch * steps)
    }
    let training = try MemberTraining(
      member, of: experiment, network: results.end.network, data: data,
      normalization: normalization, directory: files, identity: results.end.identity,
      device: device, checkpointInterval: checkpointInterval,
      claim: queue.claim(of: member).unless(published: files.weightsPath, of: member.name),
      group: group, teacher: teacher)
    for damage in training.damages { queue.report(.checkpointDamaged(member, damage)) }
    queue.report(.memberStarted(member, finishedEpochs: training.position.epoch))
    try recordEnvironment(of: member, in: files, queue)
    try Directory.removeFile(files.failurePath)
    func write(_ result: MemberResult, _ model: Model) throws -> Double {
      try result.write(
        model, data, normalization, batchSize: experiment.recipe.pieceSize,
        claim: training.claim, notFinite: training.lossNotFinite)
    }
    do {
      guard try runEpochs(training, results, queue, write) else { return false }
      group?.othersBeginToListen()
      var finished: [(Experiment.Member, Double)] = []
      // The end last: once its weights are there, another worker's claim on the training is over.
      if let average = results.average, results.isMissing(average),
        let model = try training.averagedModel()
      {
        finished.append((average.member, try write(average, model)))
      }
      if results.isMissing(results.end) {
        try training.checkResult()
        finished.append((member, try write(results.end, training.result)))
      }
      try removeTraces(of: files)
      try queue.end(member, .complete)
      for (member, accuracy) in finished {
        queue.report(.memberFinished(member, testAccuracy: accuracy))
      }
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

  /// Runs the remaining epochs, as far as something is to be made of them; returns whether it came to their end.
  ///
  /// - Parameter write: Writes a result of that model; returns its accuracy on the test images.
  private func runEpochs(
    _ training: MemberTraining, _ results: TrainingResults, _ queue: MemberQueue,
    _ write: (MemberResult, Model) throws -> Double
  ) throws -> Bool {
    let pace = MemberPace(training)
    var progressFile = ProgressFile(results.end.files.progressPath)
    defer { if training.claim.isCertain() { progressFile.write(pace.progress(), now: true) } }
    while true {
      // Before a step: no later checkpoint is there as long as a snapshot is not.
      if training.isAtSnapshot {
        try training.withOthersWaiting {
          guard let snapshot = results.snapshot(epoch: training.position.epoch),
            results.isMissing(snapshot)
          else { return }
          try training.checkResult()
          let accuracy = try write(snapshot, training.result)
          queue.report(.memberFinished(snapshot.member, testAccuracy: accuracy))
        }
      }
      // Processes that train together come to the end together.
      let isUnfinished =
        training.group != nil || results.isUnfinished(after: training.position.epoch)
      guard !training.isComplete, isUnfinished else { return true }
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
  }
}
