import ArchitectureSearch
import Concurrency
import Datasets
import Networks
import Predictions
import Runs
import Torch
import Training

/// What judging architectures takes, whatever judges: the images on the devices, and workers side by side.
struct ArchitectureWork: Sendable {
  /// The recipe and the images, without members.
  let experiment: Experiment
  let images: RunImages
  let setup: SearchSetup
  let partition: DataPartition
  let normalization: Normalization
  private let deviceImages: [DeviceImages]

  /// Puts the images on the devices.
  init(_ experiment: Experiment, on images: RunImages, setup: SearchSetup) throws {
    let partition = try DataPartition(of: experiment, labels: images.trainingLabels)
    self.experiment = experiment
    self.images = images
    self.setup = setup
    self.partition = partition
    normalization = Normalization(of: images, training: partition.training)
    deviceImages = try setup.devices.map { try DeviceImages(images, partition, device: $0) }
  }

  /// The images on the first device, for the calling thread.
  func workerImages() throws -> WorkerImages { try WorkerImages(deviceImages[0]) }

  /// Carries out a task for each item, side by side, in their order; returns false where the user wished to stop, or the
  /// deadline passed, before the end.
  func run<Item: Sendable>(
    _ items: [Item], until deadline: ContinuousClock.Instant?,
    _ task: @escaping @Sendable (Item, WorkerImages, WorkQueue<Item>) throws -> Bool
  ) throws -> Bool {
    let queue = WorkQueue(items) { [setup] in
      setup.shouldStop() || deadline.map { .now >= $0 } ?? false
    }
    guard !items.isEmpty else { return !queue.shouldStop() }
    return try run(queue, atMost: items.count, task)
  }

  /// The same for what a queue gives, on at most so many threads.
  func run<Item: Sendable>(
    _ queue: WorkQueue<Item>, atMost count: Int,
    _ task: @escaping @Sendable (Item, WorkerImages, WorkQueue<Item>) throws -> Bool
  ) throws -> Bool {
    WorkerThread.run(min(setup.jobs, count)) { [setup, deviceImages] number in
      deviceImages[number % deviceImages.count].work(on: queue, threads: setup.threads, task)
    }
    return try queue.isDone()
  }

  /// The images of a member in its place of an ensemble, which selects its random numbers.
  func memberImages(
    of network: Network, place: Int, _ worker: WorkerImages
  ) -> (member: Experiment.Member, data: MemberImages) {
    let member = Experiment.Member(
      name: network.name, network: network.name, architecture: network, index: place)
    let data = worker.memberImages(
      of: member, network, in: experiment, partition,
      resizing: images.resizing(imageSize: experiment.data.imageSize),
      // The finalists' training names images that cannot be decoded; every architecture would again.
      StreamedImages.Decoding(
        corruptImages: experiment.data.corruptImages, workers: setup.decoders, skipped: { _ in }))
    return (member, data)
  }

  /// The images of the weights that all networks of a space share in a place.
  func memberImages(
    ofSpace space: any SearchSpace, place: Int, _ worker: WorkerImages
  ) throws -> MemberImages {
    let first = Architecture([Int](repeating: 0, count: space.decisions.count))
    return memberImages(of: try space.network(first), place: place, worker).data
  }

  /// What distinguishes the training of a network in its place from others.
  func identity(ofNetwork name: String, place: Int) throws -> String {
    try experiment.identity(
      of: Experiment.Member(name: name, network: name, architecture: nil, index: place),
      data: images.record(for: experiment, partition, normalization))
  }

  /// A network for the images, under evaluation.
  func fitted(_ network: Network) throws -> Network {
    try images.network(network.name, network, for: experiment)
  }

  /// What a model predicts of the held-out images, `epoch` epochs after its start.
  ///
  /// - Throws: `TrainingError.lossNotFinite` where that is no prediction.
  func predictions(
    of model: Model, _ name: String, on holdOut: EvaluationImages, batchSize: Int, epoch: Int
  ) throws -> Predictions {
    let (evaluation, fingerprint) = try holdOut.evaluate(
      model, normalization: normalization, batchSize: batchSize)
    guard evaluation.loss.isFinite else {
      throw TrainingError.lossNotFinite(member: model.network.name, epoch: epoch, step: 0)
    }
    return try Predictions(
      evaluation, of: model.network, name: name, split: SplitName.holdOut, fingerprint: fingerprint,
      classes: images.classNames.count)
  }
}
