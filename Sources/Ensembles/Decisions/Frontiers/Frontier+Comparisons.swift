import Statistics

extension Frontier {
  /// Compares ensembles of each network with one member of each larger one.
  static func comparisons(
    of evaluations: [NetworkEvaluation], seed: UInt64
  ) -> [Comparison] {
    let pairs = evaluations.indices.flatMap { large in
      evaluations.indices.flatMap { small in
        comparedSizes(of: evaluations[small], against: evaluations[large]).map {
          Pair(small: small, size: $0, large: large)
        }
      }
    }
    guard !pairs.isEmpty else { return [] }
    // Each accuracy that takes part is resampled once, whatever the number of pairs.
    var columns: [[Double]] = []
    var places: [Participant: Int] = [:]
    for participant in pairs.flatMap(\.participants) where places[participant] == nil {
      places[participant] = columns.count
      columns.append(evaluations[participant.network].sizes[participant.size - 1].correctness)
    }
    let bootstrap = PairedBootstrap(columns: columns, seed: seed)
    return pairs.compactMap { pair in
      guard let first = places[pair.participants[0]], let second = places[pair.participants[1]]
      else { return nil }
      return comparison(
        evaluations[pair.small], pair.size, evaluations[pair.large],
        interval: bootstrap.interval(first, minus: second))
    }
  }

  private struct Participant: Hashable {
    let network: Int
    let size: Int
  }

  private struct Pair {
    let small, size, large: Int

    var participants: [Participant] {
      [Participant(network: small, size: size), Participant(network: large, size: 1)]
    }
  }

  /// The numbers of small members, from 2, that cost no more than one large member, and the next number.
  private static func comparedSizes(
    of small: NetworkEvaluation, against large: NetworkEvaluation
  ) -> [Int] {
    guard small.multiplyAccumulates < large.multiplyAccumulates else { return [] }
    let affordable = large.multiplyAccumulates / small.multiplyAccumulates
    return small.sizes.map(\.memberCount).filter { $0 >= 2 && $0 - 1 <= affordable }
  }

  private static func comparison(
    _ small: NetworkEvaluation, _ size: Int, _ large: NetworkEvaluation,
    interval: ClosedRange<Double>
  ) -> Comparison {
    let ensemble = small.sizes[size - 1]
    let single = large.sizes[0]
    let test = McNemarTest(
      first: ensemble.firstMembersCorrectness, second: large.medianMemberCorrectness())
    let pairDifference = test.difference
    return Comparison(
      smallNetwork: small.network, smallCount: size, largeNetwork: large.network,
      smallMultiplyAccumulates: size * small.multiplyAccumulates,
      largeMultiplyAccumulates: large.multiplyAccumulates,
      smallAccuracy: ensemble.meanAccuracy, largeAccuracy: single.meanAccuracy,
      difference: ensemble.meanAccuracy - single.meanAccuracy,
      lowerBound: interval.lowerBound, upperBound: interval.upperBound,
      trainingInterval: trainingInterval(small, size, large),
      pairDifference: pairDifference, mcNemarPValue: test.pValue,
      verdict: Verdict(interval, pairDifference: pairDifference, pValue: test.pValue))
  }

  /// The difference's interval over images and members: both parts' variances are summed, as if they were independent, so that
  /// what they share is counted twice.
  private static func trainingInterval(
    _ small: NetworkEvaluation, _ size: Int, _ large: NetworkEvaluation
  ) -> ConfidenceInterval? {
    let (ensemble, single) = (small.sizes[size - 1], large.sizes[0])
    guard let first = ensemble.memberVariance(members: small.members.count),
      let second = single.memberVariance(members: large.members.count)
    else { return nil }
    let differences = zip(ensemble.correctness, single.correctness).map { $0 - $1 }
    let deviation = differences.sampleStandardDeviation
    var components = VarianceComponents()
    components.add(
      deviation * deviation / Double(differences.count), degreesOfFreedom: differences.count - 1)
    components.add(first, degreesOfFreedom: small.members.count - 1)
    components.add(second, degreesOfFreedom: large.members.count - 1)
    return components.interval(about: ensemble.meanAccuracy - single.meanAccuracy)
  }
}
