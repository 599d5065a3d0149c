import Datasets
import Randomness
import Runs
import Synchronization

/// Batches of images that worker threads decode while the steps before them are taken.
///
/// Every random number belongs to (seed, member, purpose, epoch, step, place in the batch), whichever thread decodes.
final class StreamedBatches: BatchSource {
  private let plan: Plan
  private let images: StreamedImages
  private var stream: ImageStream?
  /// What this process decodes of each batch; nil for all of it.
  private var cut: BatchCut?

  /// - Parameter training: The images that are trained on, as indices into the split.
  init(
    _ images: StreamedImages, _ training: [Int], of experiment: Experiment, member: Int
  ) {
    self.images = images
    plan = Plan(
      experiment: experiment, member: member, split: images.split, training: training)
  }

  deinit { stream?.cancel() }

  func batch(epoch: Int, step: Int) throws -> BatchImages {
    let stream = stream ?? makeStream(epoch: epoch, step: step)
    self.stream = stream
    guard let batch = try stream.next() else {
      preconditionFailure("batches are asked for in order, up to the last")
    }
    batch.skipped.forEach(images.decoding.skipped)
    return .decoded(batch, of: images, 0..<batch.count)
  }

  func shards(epoch: Int, step: Int, _ cut: BatchCut) throws -> ShardedImages {
    // The stream is made for the first step, and no other cut comes after it.
    self.cut = cut
    let decoded = try batch(epoch: epoch, step: step)
    guard case .decoded(let batch, _, _) = decoded else { return ShardedImages(decoded, cut) }
    let count = plan.count(ofStep: step)
    var isUsable = [Bool](repeating: true, count: cut.places(of: count).count)
    if !batch.skipped.isEmpty {
      let skipped = Set(batch.skipped.map(\.index))
      let requests = plan.requests(ofStep: epoch * plan.stepsPerEpoch + step, cut) ?? []
      isUsable = requests.map { !skipped.contains($0.index) }
    }
    return ShardedImages(decoded, batchCount: count, cut, isUsable: isUsable)
  }

  /// A stream from that step to the end of the training.
  private func makeStream(epoch: Int, step: Int) -> ImageStream {
    let first = epoch * plan.stepsPerEpoch + step
    return images.stream(batchSize: plan.experiment.recipe.batchSize) { [plan, cut] number in
      plan.requests(ofStep: first + number, cut)
    }
  }
}

/// Which images each step takes, and from where their crops are drawn.
private final class Plan: Sendable {
  let experiment: Experiment
  let member: Int
  let split: EncodedSplit
  let training: [Int]
  let crop: RandomResizedCrop
  let stepsPerEpoch: Int
  private let order = Mutex<(epoch: Int, indices: [Int])>((-1, []))

  init(
    experiment: Experiment, member: Int, split: EncodedSplit, training: [Int]
  ) {
    guard let crop = experiment.recipe.randomResizedCrop else {
      preconditionFailure("images are decoded as they are needed for random resized crops only")
    }
    self.experiment = experiment
    self.member = member
    self.split = split
    self.training = training
    self.crop = crop
    stepsPerEpoch = experiment.recipe.steps(perEpochOf: training.count)
  }

  /// Images of a step of an epoch.
  func count(ofStep step: Int) -> Int {
    experiment.recipe.range(ofStep: step, in: training.count).count
  }

  /// The requests of a step, counted from the start of the training; nil after its end.
  ///
  /// - Parameter cut: Leaves those that are this process's; nil for all.
  func requests(ofStep number: Int, _ cut: BatchCut?) -> [ImageRequest]? {
    let (epoch, step) = (number / stepsPerEpoch, number % stepsPerEpoch)
    guard epoch < experiment.recipe.epochs else { return nil }
    let indices = indices(ofEpoch: epoch)
    let stream = RandomStream(
      experiment, member: member, .augmentation, epoch: epoch, step: step)
    let batch = Array(indices[experiment.recipe.range(ofStep: step, in: indices.count)])
    return (cut?.places(of: batch.count) ?? Array(batch.indices)).map { place in
      ImageRequest(
        index: batch[place],
        geometry: .randomResizedCrop(
          crop, flips: experiment.recipe.flips, stream: stream.branch(UInt64(place))))
    }
  }

  private func indices(ofEpoch epoch: Int) -> [Int] {
    order.withLock { order in
      if order.epoch != epoch {
        var stream = RandomStream(experiment, member: member, .order, epoch: epoch)
        order = (epoch, split.epochOrder(of: training, from: &stream))
      }
      return order.indices
    }
  }
}
