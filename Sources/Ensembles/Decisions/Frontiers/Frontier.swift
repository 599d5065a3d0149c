import Ensembles
import Statistics

/// Accuracy against compute of ensembles of each network, and where several small networks beat one large one.
public struct Frontier: Codable, Hashable, Sendable {
  /// The split that was predicted, such as "test".
  public let split: String
  /// Identifies the split's images and labels.
  public let fingerprint: String
  /// N, the number of images.
  public let images: Int
  /// C, the number of classes.
  public let classes: Int
  /// How members were combined.
  public let rule: CombinationRule
  /// One a network, ascending in multiply-accumulates of a member.
  public let curves: [Curve]
  /// Ensembles of a smaller network against one larger network.
  public let comparisons: [Comparison]
  /// The most ensembles of one size that there was time for; nil where time was not limited.
  public let subsetLimit: Int?

  /// Ensembles of 1, 2, ... K members of one network.
  public struct Curve: Codable, Hashable, Sendable {
    /// The network's name.
    public let network: String
    /// Multiply-accumulates of one member on one image.
    public let multiplyAccumulates: Int
    /// Parameters of one member.
    public let parameters: Int
    /// The members' names, in the order given.
    public let members: [String]
    /// For each n in `1...K`, ascending.
    public let points: [Point]
  }

  /// Ensembles of n members of one network: means over the subsets of n of the K members.
  public struct Point: Codable, Hashable, Sendable {
    /// n.
    public let memberCount: Int
    /// Of the ensemble on one image: n times a member's.
    public let multiplyAccumulates: Int
    /// Twice `multiplyAccumulates`.
    public let floatingPointOperations: Int
    /// Of the ensemble: n times a member's.
    public let parameters: Int
    /// How many subsets were evaluated.
    public let subsetCount: Int
    /// Whether they are a random sample of all subsets.
    public let isSampled: Bool
    /// The top-1 accuracy to plot: the members' median for n = 1, the mean over the subsets else.
    public let accuracy: Double
    /// The mean of each metric over the subsets.
    public let mean: Metrics
    /// The standard deviation of the subsets' top-1 accuracies, with one degree of freedom taken; 0 for one subset.
    ///
    /// Subsets share members: for n > 1 it understates how much ensembles of newly trained members would vary.
    public let top1StandardDeviation: Double
    /// The least top-1 accuracy of a subset.
    public let top1Minimum: Double
    /// The greatest top-1 accuracy of a subset.
    public let top1Maximum: Double
    /// Whether no point of any curve is better in `accuracy` or compute and as good in the other.
    public let isOnParetoFrontier: Bool
  }

  /// n members of a smaller network against one member of a larger network.
  ///
  /// The interval and the test hold for the members that were trained: they say how far the images at hand, and not the
  /// random choices of training, may have made the difference; `trainingInterval` says how far both may have.
  public struct Comparison: Codable, Hashable, Sendable {
    /// The smaller network's name.
    public let smallNetwork: String
    /// How many of its members are combined, at least 2.
    public let smallCount: Int
    /// The larger network's name.
    public let largeNetwork: String
    /// Of the ensemble.
    public let smallMultiplyAccumulates: Int
    /// Of the one large member.
    public let largeMultiplyAccumulates: Int
    /// Mean top-1 accuracy over the ensemble's subsets.
    public let smallAccuracy: Double
    /// Mean top-1 accuracy over the large members.
    public let largeAccuracy: Double
    /// `smallAccuracy - largeAccuracy`.
    public let difference: Double
    /// The lower end of the difference's 95 % interval, by a paired bootstrap over images (2,000 resamples, percentiles).
    public let lowerBound: Double
    /// The upper end of that interval.
    public let upperBound: Double
    /// The difference's 95 % interval over images and members, for networks that are trained again: the images' variance and
    /// the jackknife's over the members of both, with Student's distribution (`VarianceComponents`). nil where all members
    /// of the smaller network are combined, or the larger one has one member, and in files of earlier versions.
    public let trainingInterval: ConfidenceInterval?
    /// The difference of the two that McNemar's test compares.
    public let pairDifference: Double
    /// McNemar's two-sided test of the first n small members, combined, against the large member of median accuracy (of
    /// an even number the upper of the middle two): exact binomial for fewer than 25 images that one of them alone gets
    /// right, else chi-square with continuity correction.
    public let mcNemarPValue: Double
    /// What the interval and the test say together.
    public let verdict: Verdict
  }

  /// Whether the ensemble of smaller networks is better than the larger network.
  public enum Verdict: String, Codable, Hashable, Sendable {
    /// The interval lies above 0, and McNemar's test of the one pair agrees (p < 0.05).
    case better
    /// The interval lies below 0, and McNemar's test of the one pair agrees (p < 0.05).
    case worse
    /// The interval holds 0, or the one pair shows no such difference: another choice of members might turn it.
    case undecided

    init(_ interval: ClosedRange<Double>, pairDifference: Double, pValue: Double) {
      let pairIsClear = pValue < 0.05
      switch (interval.lowerBound > 0, interval.upperBound < 0) {
      case (true, _) where pairIsClear && pairDifference > 0: self = .better
      case (_, true) where pairIsClear && pairDifference < 0: self = .worse
      default: self = .undecided
      }
    }
  }
}
