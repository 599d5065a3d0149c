import Ensembles
import Predictions
import Statistics

/// What further members would bring, predicted from those that are there.
///
/// A power law is fitted to the mean error of ensembles of 1, 2, ... K members. The interval is the jackknife's: the fit is
/// repeated without each member, with the same exponent, and Student's t makes 95 % of how much that matters. It holds for the mean over ensembles
/// of members like those at hand, on the same images. From few members it is rough: in the tests' simulation, forecasts from
/// four members hold 20 of 24 figures of five to eight members.
///
/// Source of the jackknife: Efron and Stein, doi:10.1214/aos/1176345462.
public struct Forecast: Codable, Hashable, Sendable {
  /// An ensemble of n members.
  public struct Point: Codable, Hashable, Sendable {
    /// n.
    public let memberCount: Int
    /// The mean top-1 accuracy that is expected.
    public let accuracy: Double
    /// The lower end of the 95 % interval.
    public let lowerBound: Double
    /// The upper end of that interval.
    public let upperBound: Double
  }

  /// The mean top-1 accuracy of ensembles of 1, 2, ... K members.
  public let accuracies: [Double]
  /// Of the mean error.
  public let law: PowerLaw
  /// For K + 1 ... 2 K members.
  public let points: [Point]
  /// The least number of members for a forecast.
  public static let fewestMembers = 3

  /// Forecasts. To decide on further training, give hold-out predictions.
  ///
  /// - Parameters:
  ///   - predictions: Of the same data by K members of one kind, such as one network trained K times.
  ///   - rule: How they are combined.
  ///   - maximumSubsets: The most ensembles of one size; where there are more, this many are drawn at random.
  ///   - seed: Of those draws.
  /// - Throws: `EnsembleError` where there are fewer than three members, or where they predict different data or share a
  ///   name.
  public init(
    from predictions: [Predictions], rule: CombinationRule = .geometricMean,
    maximumSubsets: Int = 1000, seed: UInt64 = 0
  ) throws(EnsembleError) {
    let count = predictions.count
    guard count >= Self.fewestMembers else {
      throw .invalidArgument(
        name: "the number of members", value: "\(count)",
        expected: "at least \(Self.fewestMembers)")
    }
    try Predictions.checkNamesDiffer(predictions)
    let scores = try SubsetScores(
      of: predictions, rule: rule, sizes: 1...count, maximumSubsets: maximumSubsets, seed: seed)
    let errors = Self.meanErrors(scores, without: nil)
    let law = PowerLaw(fittedTo: errors)
    let others = (0..<count).map {
      PowerLaw.fitted(Self.meanErrors(scores, without: $0), exponent: law.exponent)
    }
    accuracies = errors.map { 1 - $0 }
    self.law = law
    points = (count + 1...2 * count).map { Self.point($0, law, others) }
  }

  /// Of each size, as far as there are ensembles without the member.
  private static func meanErrors(_ scores: SubsetScores, without member: Int?) -> [Double] {
    var sums: [Int: (total: Double, count: Double)] = [:]
    for (subset, accuracy) in zip(scores.subsets, scores.top1Accuracies) {
      if let member, subset.contains(member) { continue }
      let earlier = sums[subset.count] ?? (0, 0)
      sums[subset.count] = (earlier.total + 1 - accuracy, earlier.count + 1)
    }
    let sizes = (1...scores.members.count).prefix { sums[$0] != nil }
    return sizes.compactMap { sums[$0] }.map { $0.total / $0.count }
  }

  private static func point(_ n: Int, _ law: PowerLaw, _ others: [PowerLaw]) -> Point {
    let values = others.map { $0(n) }
    let count = Double(values.count)
    let mean = values.mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let half =
      StudentDistribution.quantile975(degreesOfFreedom: others.count - 1)
      * (squares * (count - 1) / count).squareRoot()
    let accuracy = 1 - law(n)
    return Point(
      memberCount: n, accuracy: accuracy, lowerBound: max(0, accuracy - half),
      upperBound: min(1, accuracy + half))
  }

  /// A forecast from some members beside what the others brought.
  public struct Check: Codable, Hashable, Sendable {
    /// The forecast.
    public let forecast: Point
    /// The mean accuracy of ensembles of as many of all members.
    public let accuracy: Double

    /// Whether the interval holds it.
    public var isInside: Bool { (forecast.lowerBound...forecast.upperBound).contains(accuracy) }
  }

  /// Forecasts from the first members, and checks it against the members held back.
  ///
  /// - Parameters:
  ///   - predictions: Of the same data by K members of one kind.
  ///   - known: How many of them are known, at least 3 and fewer than K.
  ///   - rule: How members are combined.
  ///   - maximumSubsets: Where there are more ensembles of one size, this many are drawn at random.
  ///   - seed: Of these draws.
  ///   - whole: The forecast from all members, where it is there already.
  /// - Returns: One check for each number of members from `known + 1` to K or twice `known`.
  /// - Throws: As the forecast does.
  public static func check(
    _ predictions: [Predictions], known: Int, rule: CombinationRule = .geometricMean,
    maximumSubsets: Int = 1000, seed: UInt64 = 0, whole: Forecast? = nil
  ) throws(EnsembleError) -> [Check] {
    guard (fewestMembers..<max(predictions.count, fewestMembers + 1)).contains(known),
      known < predictions.count
    else {
      throw .invalidArgument(
        name: "the number of known members", value: "\(known)",
        expected: "at least \(fewestMembers) and fewer than all \(predictions.count)")
    }
    let forecast = try Forecast(
      from: Array(predictions.prefix(known)), rule: rule, maximumSubsets: maximumSubsets,
      seed: seed)
    let all =
      if let whole {
        whole
      } else {
        try Forecast(from: predictions, rule: rule, maximumSubsets: maximumSubsets, seed: seed)
      }
    return forecast.points.filter { $0.memberCount <= predictions.count }.map {
      Check(forecast: $0, accuracy: all.accuracies[$0.memberCount - 1])
    }
  }
}
