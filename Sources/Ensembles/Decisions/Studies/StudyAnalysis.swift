import Ensembles
import Predictions
import Statistics

/// When several small networks beat a large one, for how many training images and how much compute.
///
/// All intervals are of 95 % each; nothing is corrected for how many there are.
public struct StudyAnalysis: Codable, Hashable, Sendable {
  /// The split that was predicted, such as "test".
  public let split: String
  /// Identifies the split's images and labels.
  public let fingerprint: String
  /// N, the number of images that judge.
  public let images: Int
  /// C, the number of classes.
  public let classes: Int
  /// How members were combined.
  public let rule: CombinationRule
  /// Ascending in training images.
  public let sizes: [Size]
  /// Of each pair of networks that is compared at about equal compute on the fewest and on the most images: how much larger
  /// the ensemble's lead is on the most.
  public let dataTrends: [Trend]

  /// What was found with one number of training images.
  public struct Size: Codable, Hashable, Sendable {
    /// How many.
    public let trainingImages: Int
    /// Passes over them; nil where they differ or are not known.
    public let epochs: Int?
    /// Of how many seeds there are trainings.
    public let seeds: Int
    /// One a network, ascending in multiply-accumulates of a member.
    public let curves: [Curve]
    /// Ensembles of each network against one member of each larger network.
    public let comparisons: [Comparison]
    /// How much larger the ensemble's lead is for the largest networks than for the smallest; nil with fewer than two pairs at
    /// about equal compute.
    public let widthTrend: Trend?
  }

  /// Ensembles of 1, 2, ... K members of one network.
  public struct Curve: Codable, Hashable, Sendable {
    /// The network's name.
    public let network: String
    /// Multiply-accumulates of one member on one image.
    public let multiplyAccumulates: Int
    /// Parameters of one member.
    public let parameters: Int
    /// How many members were trained from each seed; the fewest, where they differ.
    public let members: Int
    /// For each n in `1...K`, ascending.
    public let points: [Point]
    /// The fewest members of which it is not shown that all K are better: where returns end, as far as it can be seen.
    public let enoughMembers: Int
  }

  /// Ensembles of n members of one network.
  public struct Point: Codable, Hashable, Sendable {
    /// n.
    public let memberCount: Int
    /// Of the ensemble on one image.
    public let multiplyAccumulates: Int
    /// The accuracy to plot: the members' median for n = 1, the mean over the subsets else.
    public let accuracy: Double
    /// Of the mean accuracy, over images and trainings; nil where the network has one training.
    public let interval: ConfidenceInterval?
    /// What the n-th member adds to the mean accuracy, and its interval; nil for n = 1.
    public let gain: Double?
    /// Of `gain`, over images and trainings.
    public let gainInterval: ConfidenceInterval?
  }

  /// n members of a smaller network against one member of a larger network.
  public struct Comparison: Codable, Hashable, Sendable {
    /// The smaller network's name.
    public let smallNetwork: String
    /// How many of its members are combined.
    public let smallCount: Int
    /// The larger network's name.
    public let largeNetwork: String
    /// The ensemble's multiply-accumulates over the larger network's.
    public let costShare: Double
    /// Whether it is the number of members whose compute comes nearest to the larger network's, and within a fifth of it.
    public let isAtEqualCost: Bool
    /// The ensemble's mean accuracy less the larger network's.
    public let difference: Double
    /// For these trainings, over images.
    public let imageInterval: ConfidenceInterval
    /// Over images and trainings; nil where one of both networks has one training.
    public let interval: ConfidenceInterval?
    /// What the interval over images and trainings says; without it, undecided.
    public let verdict: Frontier.Verdict
  }

  /// A difference of two differences.
  public struct Trend: Codable, Hashable, Sendable {
    /// What is compared, such as "4 x a against b".
    public let first: String
    /// What it is compared with, which is taken off.
    public let second: String
    /// In accuracy.
    public let change: Double
    /// Over images and trainings; nil where a network has one training.
    public let interval: ConfidenceInterval?

    /// What the interval says: above 0, below it, or neither.
    public var verdict: Frontier.Verdict { Frontier.Verdict(interval) }
  }
}

extension Frontier.Verdict {
  /// What an interval over images and trainings says; nothing without one.
  init(_ interval: ConfidenceInterval?) {
    switch interval {
    case .some(let interval) where interval.lowerBound > 0: self = .better
    case .some(let interval) where interval.upperBound < 0: self = .worse
    default: self = .undecided
    }
  }
}

/// What was trained on one number of images.
public struct StudySize: Sendable {
  /// How many images.
  public let trainingImages: Int
  /// Passes over them; nil where they differ or are not known.
  public let epochs: Int?
  /// Of each seed, the members' predictions of the images that judge.
  public let seeds: [[Predictions]]

  /// Describes what was trained; there is at least one member.
  public init(trainingImages: Int, epochs: Int?, seeds: [[Predictions]]) {
    self.trainingImages = trainingImages
    self.epochs = epochs
    self.seeds = seeds
  }
}
