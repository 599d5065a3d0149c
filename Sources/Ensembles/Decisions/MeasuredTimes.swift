import Predictions
import Statistics

/// How long an image takes through what is deployed, measured as a whole, beside the best single model in turns.
public struct MeasuredTimes: Codable, Hashable, Sendable {
  /// Over the rounds, in milliseconds of one image.
  public struct Time: Codable, Hashable, Sendable {
    /// The median, the least and the greatest of the rounds.
    public let median, least, greatest: Double

    /// - Parameter rounds: The mean of each, at least one.
    public init(_ rounds: [Double]) {
      precondition(!rounds.isEmpty, "at least one round")
      median = rounds.median
      (least, greatest) = (rounds.min() ?? .nan, rounds.max() ?? .nan)
    }
  }

  /// What so many percent of the images do not exceed.
  public struct Quantile: Codable, Hashable, Sendable {
    /// In `50...99`.
    public let percent: Int
    /// Over the rounds' percentiles.
    public let time: Time

    /// Creates a record of a percentile of the images' times.
    public init(percent: Int, time: Time) { (self.percent, self.time) = (percent, time) }
  }

  /// Of what is deployed, on average over images that stop as the test images do.
  public let deployed: Time
  /// Of an image that comes to all members.
  public let slowestPath: Time
  /// Of the best single model.
  public let reference: Time
  /// Of what is deployed, the percentile that a budget bounds; nil where none does, and in decisions of earlier versions.
  public let quantile: Quantile?
  /// How many rounds, and images in each.
  public let rounds, imagesPerRound: Int

  /// Creates a record of times that were measured in turn, in the same rounds.
  public init(
    deployed: Time, slowestPath: Time, reference: Time, quantile: Quantile? = nil, rounds: Int,
    imagesPerRound: Int
  ) {
    self.deployed = deployed
    self.slowestPath = slowestPath
    self.reference = reference
    self.quantile = quantile
    self.rounds = rounds
    self.imagesPerRound = imagesPerRound
  }

  /// What a budget bounds; nil for a percentile that was not measured.
  public func bounded(by quantile: CostQuantile) -> Time? {
    switch quantile {
    case .mean: deployed
    case .worst: slowestPath
    case .percentile(let percent): self.quantile?.percent == percent ? self.quantile?.time : nil
    }
  }
}

extension Decision {
  /// What was measured of what a budget of time bounds, and whether it is within the budget by the median of the rounds; nil
  /// without such a budget, and where it was not measured.
  public var measuredBudget: (time: MeasuredTimes.Time, budget: Double, isKept: Bool)? {
    guard options.cost == .latency, let budget = options.maximumCost,
      let time = measured?.bounded(by: options.costQuantile)
    else { return nil }
    return (time, budget, time.median <= budget)
  }
}

/// What an image costs that comes to all members of a cascade, whose cost is a mean over images, and how many do.
public struct SlowestPath: Codable, Hashable, Sendable {
  /// The share of the images that choose, and of those that judge.
  public let holdOutFraction, testFraction: Double
  /// Of all members together.
  public let multiplyAccumulates: Double
  /// Their times' sum; nil where one was not measured.
  public let latencyMilliseconds: Double?

  /// In the unit of the measure; parameters are the same for all images, and none here.
  public subscript(measure: CostMeasure) -> Double? {
    switch measure {
    case .multiplyAccumulates: multiplyAccumulates
    case .latency, .parallelLatency: latencyMilliseconds
    case .parameters: nil
    }
  }

  /// - Parameter candidates: With all single members.
  /// - Returns: nil for what is no cascade.
  init?(of deployed: Candidate, among candidates: [Candidate]) {
    guard deployed.kind == .cascade, let holdOut = deployed.holdOut.exitFractions?.last,
      let test = deployed.test.exitFractions?.last
    else { return nil }
    let singles = candidates.filter { $0.kind == .single }
    let costs = deployed.members.compactMap { name in
      singles.first { $0.members == [name] }?.test.cost
    }
    guard costs.count == deployed.members.count else { return nil }
    (holdOutFraction, testFraction) = (holdOut, test)
    multiplyAccumulates = costs.reduce(0) { $0 + $1.multiplyAccumulates }
    let times = costs.compactMap(\.latencyMilliseconds)
    latencyMilliseconds = times.count == costs.count ? times.reduce(0, +) : nil
  }
}
