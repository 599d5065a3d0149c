import Randomness

/// Which images of the training split are trained on and which are held out; the same for all members of an experiment.
public struct DataPartition: Hashable, Sendable {
  /// Indices into the training split.
  public let training, holdOut: [Int]

  /// Draws the parts. More training images are the same ones and further ones, for the same seed and hold-out.
  ///
  /// - Parameter labels: Each image's class, of the training split.
  /// - Throws: `ExperimentError.tooFewImages` or, where the parts are to be balanced, `ExperimentError.tooFewOfAClass`.
  public init(of experiment: Experiment, labels: [Int64]) throws(ExperimentError) {
    let data = experiment.data
    let heldOut = data.holdOutCount(of: labels.count)
    let wanted = data.trainingImages ?? max(1, labels.count - heldOut)
    guard heldOut <= labels.count, wanted <= labels.count - heldOut else {
      throw .tooFewImages(
        trainingImages: data.trainingImages, holdOut: heldOut, available: labels.count)
    }
    var stream = RandomStream.forPartition(of: experiment)
    let order = stream.permutation(of: labels.count)
    holdOut = Array(order[..<heldOut])
    let rest = order[heldOut...]
    training =
      data.isBalanced
      ? try Self.balanced(rest, labels, count: wanted)
      : Array(rest.prefix(wanted))
  }

  /// The first `count` images when the classes take turns, each with its images in their order: as many of every class, or
  /// one less.
  private static func balanced(
    _ order: ArraySlice<Int>, _ labels: [Int64], count: Int
  ) throws(ExperimentError) -> [Int] {
    let classes = Set(labels).sorted()
    let images = Dictionary(grouping: order) { labels[$0] }
    let share = (count + classes.count - 1) / classes.count
    let counts = classes.map { images[$0, default: []].count }
    for (label, available) in zip(classes, counts) where available < share {
      throw .tooFewOfAClass(
        label: label, available: available, share: share, trainingImages: count,
        mostBalanced: (counts.min() ?? 0) * classes.count)
    }
    let turns = (0..<share).lazy.flatMap { turn in
      classes.lazy.compactMap { images[$0]?[turn] }
    }
    return Array(turns.prefix(count))
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
