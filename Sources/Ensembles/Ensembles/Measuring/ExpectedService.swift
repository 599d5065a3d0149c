import Statistics

/// What an ensemble was worth on the images that it was chosen on, by which its service is judged: what its answers looked
/// like, and what is left of it where a member is lost.
public struct ExpectedService: Codable, Hashable, Sendable {
  /// How many images: the hold-out.
  public var images: Int
  /// The share of them that the whole ensemble predicts right.
  public var accuracy: MeasuredShare
  /// What its answers looked like.
  public var answers: AnswerCounts
  /// What is left where one member is lost: one for each member that the ensemble can lose, in their order.
  public var reductions: [ReducedService]

  /// Creates what was measured.
  public init(
    images: Int, accuracy: MeasuredShare, answers: AnswerCounts, reductions: [ReducedService]
  ) {
    self.images = images
    self.accuracy = accuracy
    self.answers = answers
    self.reductions = reductions
  }
}

/// A share of images.
public struct MeasuredShare: Codable, Hashable, Sendable {
  /// Of those that were counted.
  public var value: Double
  /// What it may be of others.
  public var interval: ConfidenceInterval

  /// Creates a share; all are of 0 to 1.
  public init(value: Double, interval: ConfidenceInterval) {
    self.value = value
    self.interval = interval
  }
}

/// An ensemble without some of its members, as it answers when they are lost.
public struct ReducedService: Codable, Hashable, Sendable {
  /// The members that are lost, by name.
  public var missing: [String]
  /// How the others become one, in their order: calibrated anew on the hold-out.
  public var combination: Combination
  /// The share of the hold-out that they predict right.
  public var accuracy: MeasuredShare
  /// What they cost, in multiply-accumulates an image on average.
  public var multiplyAccumulates: Double

  /// Creates what was measured.
  public init(
    missing: [String], combination: Combination, accuracy: MeasuredShare,
    multiplyAccumulates: Double
  ) {
    self.missing = missing
    self.combination = combination
    self.accuracy = accuracy
    self.multiplyAccumulates = multiplyAccumulates
  }
}

/// What the answers for some images looked like, as counts that those of other images are compared with.
public struct AnswerCounts: Codable, Hashable, Sendable {
  /// How many images stopped after each member; nil where all members run on all images.
  public var exits: [Int]?
  /// Bounds, ascending, between the bins of `confidences`: a probability that equals one is above it.
  public var confidenceBounds: [Double]
  /// How many answers have the probability of their class in each bin: one more than there are bounds.
  public var confidences: [Int]
  /// Of how many images not all members that ran predict one class.
  public var disagreements: Int

  /// Creates counts.
  public init(
    exits: [Int]?, confidenceBounds: [Double], confidences: [Int], disagreements: Int
  ) {
    self.exits = exits
    self.confidenceBounds = confidenceBounds
    self.confidences = confidences
    self.disagreements = disagreements
  }
}
