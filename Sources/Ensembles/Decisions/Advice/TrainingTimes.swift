import Predictions
import Statistics

/// How long trainings take: the trainings of a network scatter about a typical time by factors, and other networks take longer
/// by about as much as they have more multiply-accumulates.
struct TrainingTimes {
  /// Of one training: the logarithm of its typical seconds, and how far that is known.
  struct Estimate {
    let logarithm: Double
    let deviation: Double
    /// Of one training about it.
    let scatter: Double
    let degreesOfFreedom: Int

    var seconds: Double { exponential(logarithm) }

    /// 80 % of so many trainings, one after another.
    func interval(trainings: Int, _ draws: [Double]) -> TrainingAdvice.Interval {
      let count = Double(trainings)
      let whole = (deviation * deviation + scatter * scatter / count).squareRoot()
      let values = draws.map { count * exponential(logarithm + whole * $0) }.sorted()
      return TrainingAdvice.Interval(ofSorted: values)
    }
  }

  /// Logarithms of multiply-accumulates and of seconds, of each network with times.
  private let known: [(network: String, cost: Double, times: [Double])]
  private let scatter: Double
  let degreesOfFreedom: Int
  private let slope, slopeDeviation: Double

  /// By how much trainings of a network scatter before any is seen, worth three of them: machines do other things too.
  private static let usualScatter = 0.2
  private static let usualWeight = 3
  /// How seconds grow with multiply-accumulates.
  private static let usualSlope = (mean: 1.0, deviation: 0.2)

  /// - Parameter seconds: By member; those of 0 and less say nothing.
  init(_ members: [Predictions], seconds: [String: Double]) {
    let groups = Dictionary(grouping: members, by: \.network)
    known = groups.compactMap { network, group in
      let times = group.compactMap { seconds[$0.name] }.filter { $0 > 0 && $0.isFinite }
      guard !times.isEmpty else { return nil }
      return (network, Self.logarithm(group[0].multiplyAccumulates), times.map(naturalLogarithm))
    }.sorted { ($0.cost, $0.network) < ($1.cost, $1.network) }
    var squares = Double(Self.usualWeight) * Self.usualScatter * Self.usualScatter
    var freedom = Self.usualWeight
    for group in known where group.times.count > 1 {
      let deviation = group.times.sampleStandardDeviation
      squares += Double(group.times.count - 1) * deviation * deviation
      freedom += group.times.count - 1
    }
    scatter = (squares / Double(freedom)).squareRoot()
    degreesOfFreedom = freedom
    var estimate = PrecisionMean(Self.usualSlope.mean, deviation: Self.usualSlope.deviation)
    for (first, second) in zip(known, known.dropFirst()) where second.cost - first.cost > 0.2 {
      let ratio = second.cost - first.cost
      let variance =
        scatter * scatter
        * (1 / Double(first.times.count) + 1 / Double(second.times.count)) / (ratio * ratio)
      estimate.add(
        (second.times.mean - first.times.mean) / ratio, deviation: (variance + 0.01).squareRoot())
    }
    (slope, slopeDeviation) = (estimate.mean, estimate.deviation)
  }

  private static func logarithm(_ cost: Int) -> Double { naturalLogarithm(Double(max(cost, 1))) }

  var isEmpty: Bool { known.isEmpty }

  /// One training of a network, measured or as that of the network of the most similar cost; nil where there are no times.
  func estimate(_ network: String, multiplyAccumulates: Int) -> Estimate? {
    let cost = Self.logarithm(multiplyAccumulates)
    let own = known.first { $0.network == network }
    guard let near = own ?? known.min(by: { abs($0.cost - cost) < abs($1.cost - cost) }) else {
      return nil
    }
    let ratio = own == nil ? cost - near.cost : 0
    let spread = slopeDeviation * ratio
    return Estimate(
      logarithm: near.times.mean + slope * ratio,
      deviation: (scatter * scatter / Double(near.times.count) + spread * spread).squareRoot(),
      scatter: scatter, degreesOfFreedom: degreesOfFreedom)
  }
}

/// A mean of several estimates, each counting by how surely it is known.
struct PrecisionMean {
  private var weighted: Double
  private var precision: Double

  init(_ value: Double, deviation: Double) {
    precision = 1 / (deviation * deviation)
    weighted = value * precision
  }

  mutating func add(_ value: Double, deviation: Double) {
    let own = 1 / (deviation * deviation)
    weighted += value * own
    precision += own
  }

  var mean: Double { weighted / precision }
  var deviation: Double { (1 / precision).squareRoot() }
}
