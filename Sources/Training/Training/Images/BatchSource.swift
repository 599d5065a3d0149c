import Datasets
import Randomness
import Runs

/// What gives a member its augmented batches, one a step.
package protocol BatchSource: AnyObject {
  /// The images of a step; steps are asked for in their order, from wherever the training goes on.
  func batch(epoch: Int, step: Int) throws -> BatchImages
  /// The same for a process that has some of the batch's shards.
  func shards(epoch: Int, step: Int, _ cut: BatchCut) throws -> ShardedImages
}

extension BatchSource {
  /// Cuts the whole batch.
  package func shards(epoch: Int, step: Int, _ cut: BatchCut) throws -> ShardedImages {
    ShardedImages(try batch(epoch: epoch, step: step), cut)
  }
}

/// Batches of images that lie on the device.
///
/// Every random number belongs to (seed, member, purpose, epoch, step).
final class ResidentBatches: BatchSource {
  private let experiment: Experiment
  private let member: Int
  private let images: ImageTensors
  private let training: [Int]
  private let augmentation: Augmentation
  private var order: [Int] = []
  private var orderEpoch = -1

  /// - Parameter training: The images that are trained on, as indices into `images`.
  init(_ images: ImageTensors, _ training: [Int], of experiment: Experiment, member: Int) {
    self.experiment = experiment
    self.member = member
    self.images = images
    self.training = training
    augmentation = Augmentation(experiment.recipe)
  }

  func batch(epoch: Int, step: Int) throws -> BatchImages {
    if orderEpoch != epoch {
      var stream = RandomStream(experiment, member: member, .order, epoch: epoch)
      order = stream.permutation(of: training.count).map { training[$0] }
      orderEpoch = epoch
    }
    let indices = Array(order[experiment.recipe.range(ofStep: step, in: order.count)])
    var stream = RandomStream(
      experiment, member: member, .augmentation, epoch: epoch, step: step)
    let draws = augmentation.draws(indices.count, from: &stream)
    return .places(augmentation.places(of: indices, draws, in: images), in: images)
  }
}

extension Recipe {
  /// How many steps an epoch of so many images has.
  package func steps(perEpochOf images: Int) -> Int { (images + batchSize - 1) / batchSize }

  /// Images that pass together at most.
  package var pieceSize: Int {
    (batchSize + gradientAccumulationSteps - 1) / gradientAccumulationSteps
  }

  /// Which images of an epoch's order a step takes.
  package func range(ofStep step: Int, in images: Int) -> Range<Int> {
    step * batchSize..<min((step + 1) * batchSize, images)
  }
}
