import Ensembles
import Predictions
import Statistics

/// Something that could be deployed: a member alone, an ensemble or a cascade, with its figures.
public struct Candidate: Codable, Hashable, Sendable {
  /// What it is.
  public enum Kind: String, Codable, CaseIterable, Sendable {
    /// One member.
    case single
    /// Several members of one network.
    case ensemble
    /// Several members, of different networks.
    case mixed
    /// Members with weights that were fitted on the hold-out.
    case weighted
    /// Members that were chosen greedily on the hold-out, some perhaps more than once.
    case greedy
    /// Members that run one after another, until their prediction is sure enough.
    case cascade
  }

  /// What it is worth on some images, and costs.
  public struct Evaluation: Codable, Hashable, Sendable {
    /// Accuracy and others.
    public let metrics: Metrics
    /// Of one image.
    public let cost: Cost
    /// Of a cascade's members, the share of the images that stop after each.
    public let exitFractions: [Double]?
  }

  /// It less the best single member, on the test images.
  public struct Comparison: Codable, Hashable, Sendable {
    /// Of the accuracies.
    public let difference: Double
    /// The difference's 95 % interval, by a paired bootstrap over images.
    public let interval: ConfidenceInterval
    /// McNemar's two-sided test.
    public let mcNemarPValue: Double
    /// What the interval and the test say together.
    public let verdict: Frontier.Verdict
    /// The difference's interval that holds with a confidence of 95 % for all that are compared, at once
    /// (`SimultaneousIntervals`); nil in decisions of earlier versions.
    public internal(set) var simultaneousInterval: ConfidenceInterval?
    /// Two-sided, corrected for all that are compared; nil in decisions of earlier versions.
    public internal(set) var adjustedPValue: Double?
  }

  /// Which images of the hold-out something was fitted on.
  public enum Origin: String, Codable, CaseIterable, Sendable {
    /// All of them: what it is worth there is flattered.
    case wholeHoldOut
    /// The part that designs: the other part can show what it is worth.
    case designPart
  }

  /// How simple it is to deploy.
  struct Simplicity: Hashable, Comparable {
    let members: Int
    /// Whether weights or thresholds come on top.
    let isFitted: Bool

    static func < (first: Simplicity, second: Simplicity) -> Bool {
      (first.members, first.isFitted ? 1 : 0) < (second.members, second.isFitted ? 1 : 0)
    }
  }

  var simplicity: Simplicity {
    Simplicity(
      members: members.count,
      isFitted: combination.weights != nil || combination.cascade != nil)
  }

  /// Identifies it among the others of one decision, such as "cascade-3".
  public internal(set) var id: String
  /// What it is.
  public let kind: Kind
  /// The members' names; a cascade's in the order in which they run.
  public let members: [String]
  /// Such as "3 x wide-resnet-16-1".
  public let network: String
  /// How the members become one.
  public let combination: Combination
  /// On the images that choose.
  public let holdOut: Evaluation
  /// On the images that judge.
  public let test: Evaluation
  /// On further images, where there are some.
  public let shifted: Evaluation?
  /// Of the accuracy on the test images, by Wilson's method.
  public let testInterval: ConfidenceInterval
  /// Whether no other is better on the hold-out in accuracy or cost, and as good in the other; of equals the first alone.
  public internal(set) var isOnFrontier = false
  /// Whether that is so among single members and ensembles of one network.
  public internal(set) var isOnSameNetworkFrontier = false
  /// Which images its weights or thresholds were fitted on; nil where it has none, and in decisions of earlier versions.
  public internal(set) var origin: Origin?
  /// Against the best single member; of those on a frontier and the chosen one.
  public internal(set) var comparison: Comparison?

  /// Of a cascade, the share of the hold-out's images that stop after each member.
  public let exitFractions: [Double]?
  /// Of a cascade, what one image costs on average on the hold-out.
  public let expectedMultiplyAccumulates: Double?
  /// Of what is deployed, what it is worth on the hold-out, also with a member lost; nil otherwise, and in decisions of
  /// earlier versions.
  public internal(set) var expectedService: ExpectedService?

  init(
    id: String, kind: Kind, members: [String], network: String, combination: Combination,
    holdOut: Evaluation, test: Evaluation, shifted: Evaluation?, testImages: Int
  ) {
    self.id = id
    self.kind = kind
    self.members = members
    self.network = network
    self.combination = combination
    self.holdOut = holdOut
    self.test = test
    self.shifted = shifted
    testInterval = ConfidenceInterval(
      ofShare: test.metrics.top1Accuracy, count: testImages)
    exitFractions = holdOut.exitFractions
    expectedMultiplyAccumulates =
      holdOut.exitFractions == nil ? nil : holdOut.cost.multiplyAccumulates
  }
}
