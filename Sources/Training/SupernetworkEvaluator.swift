import ArchitectureSearch
import Datasets
import Ensembles
import Experiments
import Files
import Networks
import Torch

/// Judges candidates of a search as paths through shared weights, one set of them for each place in the ensemble.
///
/// The weights are trained once, when the first candidates are judged. Members in different places have weights of their
/// own, so that an ensemble's members differ as trained ones would.
public final class SupernetworkEvaluator: MemberEvaluator, Sendable {
  /// None: candidates are not trained by themselves.
  public let trainingImages = [0]
  private let experiment: Experiment
  private let space: any SearchSpace
  private let parameters: [Parameter]
  private let places: Int
  private let images: RunImages
  private let setup: SearchSetup
  private let partition: DataPartition
  private let normalization: Normalization
  private let deviceImages: [DeviceImages]
  private let cache = OutcomeCache()

  /// Puts the images on the devices.
  ///
  /// - Parameters:
  ///   - experiment: The recipe and the images, without members.
  ///   - places: How many members an ensemble under search has.
  public init(
    _ experiment: Experiment, space: any SearchSpace, places: Int, on images: RunImages,
    setup: SearchSetup
  ) throws {
    let partition = try DataPartition(of: experiment, available: images.splits.train.count)
    self.experiment = experiment
    self.space = space
    self.places = places
    self.images = images
    self.setup = setup
    self.partition = partition
    parameters = try SharedWeights.largestParameters(of: space)
    normalization = Normalization(of: images, training: partition.training)
    deviceImages = try setup.devices.map { try DeviceImages(images, partition, device: $0) }
  }

  /// Trains the shared weights where they are not yet, and predicts the held-out images along each path.
  public func evaluate(
    _ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?
  ) throws -> [MemberOutcome]? {
    let shouldStop: @Sendable () -> Bool = { [setup] in
      setup.shouldStop() || deadline.map { ContinuousClock.now >= $0 } ?? false
    }
    let untrained = (0..<places).filter { !Directory.exists(weightsPath(place: $0)) }
    guard try work(on: untrained, shouldStop, train) else { return nil }
    let missing = members.filter { cache[$0] == nil }
    setup.observe(.cohortBegan(members: missing.count, rung: 1, rungs: 1))
    guard try work(on: portions(of: missing), shouldStop, judge) else { return nil }
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

  /// Carries out a task for each item, side by side; returns false where it was stopped before the end.
  private func work<Item: Sendable>(
    on items: [Item], _ shouldStop: @escaping @Sendable () -> Bool,
    _ task: @escaping @Sendable (Item, WorkerImages, WorkQueue<Item>) throws -> Bool
  ) throws -> Bool {
    guard !items.isEmpty else { return !shouldStop() }
    let queue = WorkQueue(items, stopIsWished: shouldStop)
    Workers.run(min(setup.jobs, items.count)) { [setup, deviceImages] number in
      deviceImages[number % deviceImages.count].work(on: queue, threads: setup.threads, task)
    }
    return try queue.isDone()
  }
}

// MARK: - Tasks

extension SupernetworkEvaluator {
  private func directory(place: Int) -> MemberDirectory {
    MemberDirectory(path: "\(setup.directory.supernetworksPath)/\(place)")
  }

  /// The trained weights; there is no such file before.
  private func weightsPath(place: Int) -> String { directory(place: place).weightsPath }

  @Sendable private func train(
    place: Int, _ images: WorkerImages, _ queue: WorkQueue<Int>
  ) throws -> Bool {
    let files = directory(place: place)
    try Directory.create(files.path)
    let training = try SupernetworkTraining(
      experiment, space: space, parameters: parameters, place: place,
      images: memberImages(place: place, images), normalization: normalization, directory: files,
      device: images.device)
    let isDone = try training.run(shouldStop: queue.shouldStop) { step, loss, imagesPerSecond in
      setup.observe(
        .supernetwork(
          place: place, step: step, steps: training.steps, loss: loss,
          imagesPerSecond: imagesPerSecond))
    }
    if isDone {
      try training.weights.write(to: files.weightsPath)
      try CheckpointStore.removeAll(of: files)
    }
    return isDone
  }

  private func memberImages(place: Int, _ images: WorkerImages) throws -> MemberImages {
    let first = try space.network(
      Architecture([Int](repeating: 0, count: space.decisions.count)))
    let member = Experiment.Member(
      name: first.name, network: first.name, architecture: first, index: place)
    return images.memberImages(
      of: member, first, in: experiment, partition,
      resizing: self.images.resizing(imageSize: experiment.data.imageSize),
      StreamedImages.Decoding(
        corruptImages: experiment.data.corruptImages, workers: setup.decoders, skipped: { _ in }))
  }

  @Sendable private func judge(
    _ members: [SearchMember], _ images: WorkerImages, _ queue: WorkQueue<[SearchMember]>
  ) throws -> Bool {
    let place = members[0].place
    let weights = try SharedWeights(
      parameters, space, device: images.device, precision: experiment.recipe.precision,
      path: weightsPath(place: place))
    guard let holdOut = try memberImages(place: place, images).holdOut else {
      preconditionFailure("a plan without held-out images is refused")
    }
    for member in members {
      guard !queue.shouldStop() else { return false }
      do {
        cache[member] = .predicted(try predictions(of: member, weights, holdOut))
        setup.observe(.memberEvaluated(member: member.network.name))
      } catch let error where error is TrainingError || error is TorchError {
        cache[member] = .failed(reason: "\(error)")
        setup.observe(.memberFailed(member: member.network.name, reason: "\(error)"))
      }
    }
    return true
  }

  private func predictions(
    of member: SearchMember, _ weights: SharedWeights, _ holdOut: EvaluationImages
  ) throws -> Predictions {
    let network = try images.network(member.network.name, member.network, for: experiment)
    let (evaluation, fingerprint) = try holdOut.evaluate(
      weights.model(of: network), normalization: normalization, batchSize: batchSize)
    guard evaluation.loss.isFinite else {
      throw TrainingError.lossNotFinite(
        member: network.name, epoch: experiment.recipe.epochs, step: 0)
    }
    return try Predictions(
      evaluation, of: network, name: "\(network.name)-\(member.place)", split: "hold-out",
      fingerprint: fingerprint, classes: images.classNames.count)
  }

  /// Batches of one size, so that the statistics of each are as good: a small last one would be judged by itself.
  private var batchSize: Int {
    let count = partition.holdOut.count
    let batches = max(1, count / Self.leastBatch)
    return (count + batches - 1) / batches
  }

  private static let leastBatch = 200
}
