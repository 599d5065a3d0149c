import Predictions
import Statistics

/// What is expected of each step, fitted to the members that there are: with all of them, and without each.
struct GainModel {
  private let measured: MeasuredEnsembles
  private let whole: PairwiseErrorModel
  /// `[J][K]`: without each member of the networks with two and more; none for others.
  private let leftOut: [[PairwiseErrorModel]]
  private let trend: NetworkErrorTrend
  private let most: Double
  private let best: (composition: EnsembleComposition, error: Double)

  /// How much of a difference between ensembles the model may miss, and what is left where there is none.
  private static let misfitShare = 0.1
  private static let misfit = 0.0005
  /// How surely d is known of pairs that there are, as a share of e, beside what the jackknife says.
  private static let knownDeviation = 0.01
  /// Of images on which two members differ, those that count of two ensembles: of means over ensembles that share members, and as
  /// the back-test chose it.
  private static let imageShare = 0.5
  private static let priorDegreesOfFreedom = 6
  private static let modelDegreesOfFreedom = 10
  private static let newNetworkDegreesOfFreedom = 4
  /// What twice the epochs take off the logarithm of the error where losses still fall. Two networks are on record, with five and
  /// ten epochs (results/cifar10-quick and cifar10-hour): 0.19 each. Later doublings bring less.
  private static let usualLengthening = (mean: 0.1, deviation: 0.1, degreesOfFreedom: 3)

  init(
    _ measured: MeasuredEnsembles, within most: Double,
    best: (composition: EnsembleComposition, error: Double)
  ) {
    self.measured = measured
    self.most = most
    self.best = best
    let errors = measured.networkErrors
    whole = PairwiseErrorModel(fittedTo: measured.table(), networkErrors: errors)
    leftOut = measured.groups.map { group in
      guard group.count > 1 else { return [] }
      return group.map {
        PairwiseErrorModel(fittedTo: measured.table(without: $0), networkErrors: errors)
      }
    }
    trend = NetworkErrorTrend(measured)
  }

  // MARK: Further members

  /// With further members of a network that there is; nil where no ensemble with them is cheap enough.
  func members(_ count: Int, of network: Int) -> ExpectedGain? {
    expected(
      Addition(
        network: network, count: count, costs: measured.costs, model: whole, leftOut: leftOut,
        error: measured.networkErrors[network], errorDeviation: nil))
  }

  /// With one member of a network that there is not.
  func network(multiplyAccumulates: Int) -> ExpectedGain? {
    let found = trend.estimate(multiplyAccumulates: multiplyAccumulates)
    let difference = whole.meanRelativeDifference
    func adding(_ model: PairwiseErrorModel) -> PairwiseErrorModel {
      model.adding(error: found.error, relativeDifference: difference)
    }
    return expected(
      Addition(
        network: measured.networks.count, count: 1, costs: measured.costs + [multiplyAccumulates],
        model: adding(whole), leftOut: leftOut.map { $0.map(adding) }, error: found.error,
        errorDeviation: found.deviation))
  }

  /// Members that are added, and the model that knows them.
  private struct Addition {
    let network, count: Int
    let costs: [Int]
    let model: PairwiseErrorModel
    let leftOut: [[PairwiseErrorModel]]
    let error: Double
    /// Of the mean over trainings; nil for a network that there is.
    let errorDeviation: Double?
  }

  private func expected(_ addition: Addition) -> ExpectedGain? {
    let counts = measured.counts + (addition.errorDeviation == nil ? [] : [0])
    var available = counts
    available[addition.network] += addition.count
    let old = counts[addition.network]
    let cheap = EnsembleComposition.all(of: available).filter {
      $0.counts[addition.network] > old && $0.multiplyAccumulates(addition.costs) <= most
    }
    guard let composition = cheap.min(by: { addition.model($0) < addition.model($1) }) else {
      return nil
    }
    let error = addition.model(composition)
    let difference = whole(best.composition) - error
    return ExpectedGain(
      composition: composition, error: best.error - difference, difference: difference,
      variance: variance(of: difference, composition, addition),
      imageVariance: imageVariance(composition, addition, of: available[addition.network]))
  }

  private func variance(
    of difference: Double, _ composition: EnsembleComposition, _ addition: Addition
  ) -> VarianceComponents {
    var components = VarianceComponents()
    for (place, models) in leftOut.enumerated() where models.count > 1 {
      let values = models.indices.map {
        models[$0](best.composition) - addition.leftOut[place][$0](composition)
      }
      components.add(VarianceComponents.jackknife(values), degreesOfFreedom: models.count - 1)
    }
    let members = Double(composition.members)
    let own = trend.memberDeviation * addition.error / members
    components.add(
      Double(addition.count) * own * own, degreesOfFreedom: trend.degreesOfFreedom)
    if let deviation = addition.errorDeviation {
      let own = composition.weights[addition.network] * deviation
      components.add(own * own, degreesOfFreedom: Self.newNetworkDegreesOfFreedom)
    }
    components.add(
      priorVariance(composition, addition), degreesOfFreedom: Self.priorDegreesOfFreedom)
    let misfit = Self.misfitShare * difference
    components.add(
      Self.misfit * Self.misfit + misfit * misfit, degreesOfFreedom: Self.modelDegreesOfFreedom)
    return components
  }

  /// Of how much pairs differ of which none is there.
  private func priorVariance(
    _ composition: EnsembleComposition, _ addition: Addition
  ) -> Double {
    let counts = measured.counts
    return PairwiseErrorModel.pairs(addition.costs.count).reduce(0) { sum, pair in
      let (isOld, isSame) = (pair.1 < counts.count, pair.0 == pair.1)
      let isKnown = isOld && (!isSame || counts[pair.0] > 1)
      let error = (addition.model.errors[pair.0] + addition.model.errors[pair.1]) / 2
      let deviation =
        error * (isKnown ? Self.knownDeviation : PairwiseErrorModel.usualDeviation)
      let before = isOld ? PairwiseErrorModel.share(pair, in: best.composition) : 0
      let change = PairwiseErrorModel.share(pair, in: composition) - before
      return sum + change * change * deviation * deviation
    }
  }

  /// Of what part of the vote lies elsewhere, as much as members differ.
  private func imageVariance(
    _ composition: EnsembleComposition, _ addition: Addition, of available: Int
  ) -> Double {
    let share = composition.weights[addition.network]
    let new = share * Double(addition.count) / Double(available)
    let moved = max(composition.distance(to: best.composition), new)
    return Self.imageShare * moved * measured.disagreement
  }

  // MARK: Longer trainings

  /// With the best ensemble trained anew for some times as many epochs.
  func longer(times: Double) -> ExpectedGain {
    let usual = Self.usualLengthening
    let doublings = naturalLogarithm(times) / naturalLogarithm(2)
    let difference = best.error * (1 - exponential(-usual.mean * doublings))
    let deviation = best.error * usual.deviation * doublings
    var components = VarianceComponents()
    components.add(deviation * deviation, degreesOfFreedom: usual.degreesOfFreedom)
    return ExpectedGain(
      composition: best.composition, error: best.error - difference, difference: difference,
      variance: components, imageVariance: Self.imageShare * measured.disagreement)
  }
}
