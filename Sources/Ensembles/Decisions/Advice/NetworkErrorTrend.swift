import Statistics

/// The error of one member of a network that is not trained, from those of its family that are: its logarithm falls with that of
/// multiply-accumulates.
struct NetworkErrorTrend {
  /// A network's expected error.
  struct Estimate {
    let error: Double
    /// Of the mean over trainings.
    let deviation: Double
  }

  /// By how much trainings of a network differ, as a share of their error, and how surely that is known.
  let memberDeviation: Double
  let degreesOfFreedom: Int
  private let slope, slopeDeviation: Double
  private let costs, errors: [Double]
  private let counts: [Int]

  /// Before anything is seen, worth three trainings; on record are seven Wide ResNets of 0.006 to 0.019.
  private static let usualMemberDeviation = 0.013
  private static let usualWeight = 3
  /// On record are six steps from one Wide ResNet to a wider or deeper one, of -0.04 to -0.12.
  private static let usualSlope = (mean: -0.08, deviation: 0.05)
  /// How much one step's slope differs from the next.
  private static let slopeChange = 0.04
  /// What two members' errors have in common on the same images, as a share of an image's variance.
  private static let ownImageShare = 0.6

  init(_ measured: MeasuredEnsembles) {
    let errors = measured.networkErrors.map { max($0, 1e-6) }
    let costs = measured.costs.map { naturalLogarithm(Double(max($0, 1))) }
    let counts = measured.counts
    (self.errors, self.costs, self.counts) = (errors, costs, counts)
    var squares =
      Double(Self.usualWeight) * Self.usualMemberDeviation * Self.usualMemberDeviation
    var freedom = Self.usualWeight
    for (group, error) in zip(measured.groups, errors) where group.count > 1 {
      let deviation = group.map { measured.memberErrors[$0] }.sampleStandardDeviation / error
      squares += Double(group.count - 1) * deviation * deviation
      freedom += group.count - 1
    }
    let memberDeviation = (squares / Double(freedom)).squareRoot()
    self.memberDeviation = memberDeviation
    degreesOfFreedom = freedom
    var estimate = PrecisionMean(Self.usualSlope.mean, deviation: Self.usualSlope.deviation)
    for (first, second) in zip(errors.indices, errors.indices.dropFirst())
    where costs[second] - costs[first] > 0.2 {
      let ratio = costs[second] - costs[first]
      let trainings = [first, second].reduce(0) {
        $0 + memberDeviation * memberDeviation / Double(counts[$1])
      }
      let images = [first, second].reduce(0) {
        $0 + Self.ownImageShare * (1 - errors[$1]) / errors[$1] / Double(measured.images)
      }
      let deviation =
        ((trainings + images) / (ratio * ratio) + Self.slopeChange * Self.slopeChange)
        .squareRoot()
      estimate.add(naturalLogarithm(errors[second] / errors[first]) / ratio, deviation: deviation)
    }
    slope = estimate.mean
    let change = Self.slopeChange * 0.75
    slopeDeviation = (estimate.deviation * estimate.deviation + change * change).squareRoot()
  }

  /// From the network of the most similar cost.
  func estimate(multiplyAccumulates: Int) -> Estimate {
    let cost = naturalLogarithm(Double(max(multiplyAccumulates, 1)))
    let near = costs.indices.min { abs(costs[$0] - cost) < abs(costs[$1] - cost) } ?? 0
    let ratio = cost - costs[near]
    let error = min(1, errors[near] * exponential(slope * ratio))
    let (spread, own) = (slopeDeviation * ratio, memberDeviation * memberDeviation)
    return Estimate(
      error: error,
      deviation: error * (spread * spread + own / Double(counts[near])).squareRoot())
  }
}
