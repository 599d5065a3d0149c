import ArchitectureSearch
import Concurrency
import Files
import Networks
import Runs
import Synchronization
import Torch
import Training
import Weights

/// Judges architectures of a search as paths through shared weights, one set of them for each place in the ensemble.
///
/// The weights are trained once, when the first architectures are judged. Members in different places have weights of their
/// own, so that an ensemble's members differ as trained ones would.
public final class SupernetworkEvaluator: MemberEvaluator, Sendable {
  /// None: architectures are not trained by themselves.
  public let trainingImages = [0]
  private let space: any SearchSpace
  private let parameters: [Parameter]
  private let places: Int
  private let work: ArchitectureWork
  private let cache = OutcomeCache()
  /// The processes that train the shared weights, of which this is the first; nil for this one alone.
  private let group: TrainingGroup?
  private var experiment: Experiment { work.experiment }
  private var setup: SearchSetup { work.setup }

  /// Puts the images on the devices.
  ///
  /// - Parameters:
  ///   - experiment: The recipe and the images, without members.
  ///   - places: How many members an ensemble under search has.
  ///   - group: The processes that train the shared weights, of which this is the first; nil for this one alone.
  /// - Throws: `NetworkError` where the space holds a network that cannot be built, `ExperimentError` where too few
  ///   images are left to train on, or `TorchError` where the device has no room for them.
  public init(
    _ experiment: Experiment, space: any SearchSpace, places: Int, on images: RunImages,
    setup: SearchSetup, group: TrainingGroup? = nil
  ) throws {
    self.space = space
    self.places = places
    self.group = group
    parameters = try SharedWeights.largestParameters(of: space)
    work = try ArchitectureWork(experiment, on: images, setup: setup)
  }

  /// Trains the shared weights where they are not yet, and predicts the held-out images along each path.
  ///
  /// - Throws: `FileError`, `TrainingError` or `TorchError`.
  public func evaluate(
    _ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?
  ) throws -> [MemberOutcome]? {
    let untrained = try (0..<places).filter { try !isTrained(place: $0) }
    group?.setWish { [setup] in setup.shouldStop() || deadline.map { .now >= $0 } ?? false }
    guard try work.run(untrained, until: deadline, train) else { return nil }
    let missing = members.filter { cache[$0] == nil }
    setup.observe(.cohortBegan(members: missing.count, rung: 1, rungs: 1))
    guard try work.run(portions(of: missing), until: deadline, judge) else { return nil }
    return members.compactMap { cache[$0] }
  }

  /// Members of one place each, in as many portions as there are workers: each loads the weights once.
  private func portions(of members: [SearchMember]) -> [[SearchMember]] {
    let places = Dictionary(grouping: members, by: \.place).sorted { $0.key < $1.key }.map(\.value)
    return places.flatMap { members in
      let size = (members.count + setup.jobs - 1) / setup.jobs
      return stride(from: 0, to: members.count, by: size).map {
        Array(members[$0..<min($0 + size, members.count)])
      }
    }
  }
}

// MARK: - Tasks

extension SupernetworkEvaluator {
  private func directory(place: Int) -> MemberDirectory {
    MemberDirectory(path: "\(setup.directory.supernetworksPath)/\(place)")
  }

  /// Whether the trained weights are there and whole; what cannot be used is removed.
  private func isTrained(place: Int) throws -> Bool {
    let path = weightsPath(place: place)
    guard Directory.exists(path) else { return false }
    do {
      let file = try SafeTensors(path: path)
      try file.verifyChecksumIfPresent()
      let identity = try identity(place: place)
      guard file.metadata[MemberMetadata.training] ?? identity == identity else {
        throw TrainingError.unusableWeights(path: path, reason: "it belongs to another training")
      }
      return true
    } catch {
      setup.observe(
        .memberDamaged(member: SupernetworkTraining.name(place: place), reason: "\(error)"))
      try Directory.removeFile(path)
      return false
    }
  }

  private func identity(place: Int) throws -> String {
    try work.identity(ofNetwork: space.namePrefix, place: place)
  }

  /// The trained weights; there is no such file before.
  private func weightsPath(place: Int) -> String { directory(place: place).weightsPath }

  @Sendable private func train(
    place: Int, _ images: WorkerImages, _ queue: WorkQueue<Int>
  ) throws -> Bool {
    let files = directory(place: place)
    try Directory.create(files.path)
    try group?.tell(
      .train(member: SupernetworkTraining.name(place: place), identity: identity(place: place)))
    let training = try SupernetworkTraining(
      experiment, space: space, parameters: parameters, place: place,
      images: work.memberImages(ofSpace: space, place: place, images),
      normalization: work.normalization, directory: files, identity: identity(place: place),
      device: images.device, group: group)
    let isDone = try training.run(shouldStop: queue.shouldStop) { step, loss, imagesPerSecond in
      setup.observe(
        .supernetwork(
          place: place, step: step, steps: training.steps, loss: loss,
          imagesPerSecond: imagesPerSecond))
    }
    guard isDone else {
      // Another process of the group may have wished it.
      queue.stop()
      return false
    }
    group?.othersBeginToListen()
    try training.weights.write(to: files.weightsPath, identity: identity(place: place))
    try CheckpointStore.removeAll(of: files)
    return true
  }

  @Sendable private func judge(
    _ members: [SearchMember], _ images: WorkerImages, _ queue: WorkQueue<[SearchMember]>
  ) throws -> Bool {
    let place = members[0].place
    let weights = try SharedWeights(
      parameters, space, device: images.device, precision: experiment.recipe.precision,
      path: weightsPath(place: place))
    guard let holdOut = try work.memberImages(ofSpace: space, place: place, images).holdOut else {
      preconditionFailure("a plan without held-out images is refused")
    }
    for member in members {
      guard !queue.shouldStop() else { return false }
      do {
        let model = try weights.model(of: work.fitted(member.network))
        cache[member] = .predicted(
          try work.predictions(
            of: model, "\(member.network.name)-\(member.place)", on: holdOut,
            batchSize: batchSize, epoch: experiment.recipe.epochs))
        setup.observe(.memberEvaluated(member: member.network.name))
      } catch let error as TorchError {
        throw TrainingError.machineFailed(member: member.network.name, reason: "\(error)")
      } catch let error as TrainingError where error.isOfTheNetwork {
        cache[member] = .failed(reason: "\(error)")
        setup.observe(.memberFailed(member: member.network.name, reason: "\(error)"))
      }
    }
    return true
  }

  /// Batches of one size, so that the statistics of each are as good: a small last one would be judged by itself.
  private var batchSize: Int {
    let count = work.partition.holdOut.count
    let batches = max(1, count / Self.leastBatch)
    return (count + batches - 1) / batches
  }

  private static let leastBatch = 200
}

/// What is known of members under evaluation, for all workers.
final class OutcomeCache: Sendable {
  private let outcomes = Mutex<[SearchMember: MemberOutcome]>([:])

  subscript(member: SearchMember) -> MemberOutcome? {
    get { outcomes.withLock { $0[member] } }
    set { outcomes.withLock { $0[member] = newValue } }
  }
}
