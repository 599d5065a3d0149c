import Randomness

/// Which images of the training split are trained on and which are held out; the same for all members of an experiment.
public struct DataPartition: Hashable, Sendable {
  /// Indices into the training split.
  public let training, holdOut: [Int]

  /// Draws the parts.
  ///
  /// - Parameter available: The number of images of the training split.
  /// - Throws: `ExperimentError.tooFewImages`.
  public init(of experiment: Experiment, available: Int) throws(ExperimentError) {
    let data = experiment.data
    let heldOut = data.holdOutCount(of: available)
    let wanted = data.trainingImages ?? max(1, available - heldOut)
    guard heldOut <= available, wanted <= available - heldOut else {
      throw .tooFewImages(
        trainingImages: data.trainingImages, holdOut: heldOut, available: available)
    }
    var stream = RandomStream.forPartition(of: experiment)
    let order = stream.permutation(of: available)
    holdOut = Array(order[..<heldOut])
    training = Array(order[heldOut..<heldOut + wanted])
  }
}

/// What a member's random numbers are for.
public enum RandomPurpose: UInt64, Sendable {
  case weights = 1
  case order, augmentation, dropout
  /// The path of a step through shared weights.
  case path
}

extension RandomStream {
  static func forPartition(of experiment: Experiment) -> RandomStream {
    RandomStream(seed: UInt64(experiment.seed), 0)
  }

  /// The numbers of one member for one purpose, at a place in its training.
  public init(
    _ experiment: Experiment, member: Int, _ purpose: RandomPurpose, epoch: Int = 0, step: Int = 0
  ) {
    self.init(
      seed: UInt64(experiment.seed), 1, UInt64(member), purpose.rawValue, UInt64(epoch),
      UInt64(step))
  }
}
