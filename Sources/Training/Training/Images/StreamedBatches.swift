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

  /// A stream from that step to the end of the training.
  private func makeStream(epoch: Int, step: Int) -> ImageStream {
    let first = epoch * plan.stepsPerEpoch + step
    return images.stream(batchSize: plan.experiment.recipe.batchSize) { [plan] number in
      plan.requests(ofStep: first + number)
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

  /// The requests of a step, counted from the start of the training; nil after its end.
  func requests(ofStep number: Int) -> [ImageRequest]? {
    let (epoch, step) = (number / stepsPerEpoch, number % stepsPerEpoch)
    guard epoch < experiment.recipe.epochs else { return nil }
    let indices = indices(ofEpoch: epoch)
    let stream = RandomStream(
      experiment, member: member, .augmentation, epoch: epoch, step: step)
    return indices[experiment.recipe.range(ofStep: step, in: indices.count)].enumerated().map {
      place, index in
      ImageRequest(
        index: index,
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
