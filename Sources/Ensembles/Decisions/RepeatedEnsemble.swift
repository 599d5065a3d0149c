import Predictions
import Statistics

/// Ensembles of one kind on the same images, each trained anew from another seed.
public struct RepeatedEnsemble: Sendable {
  /// Of each seed, the top-1 accuracy.
  public let accuracies: [Double]
  /// `[S][N]`: of each seed and image, 1 where the ensemble is right, else 0.
  let correctness: [[Double]]
  /// One of its members' predictions, which identify the images.
  let images: Predictions

  /// Combines the members of each seed by the geometric mean.
  ///
  /// - Parameter seeds: Of each seed, the members' predictions; all of the same images.
  /// - Throws: `EnsembleError.noMembers` without seeds or members, or `.differentData`.
  public init(combining seeds: [[Predictions]]) throws(EnsembleError) {
    try Predictions.checkSameData(seeds.flatMap { $0 })
    images = seeds[0].first ?? seeds.flatMap { $0 }[0]
    var correctness: [[Double]] = []
    for (seed, members) in seeds.enumerated() {
      let combined =
        members.count == 1
        ? members[0] : try Predictions(combining: members, name: "seed \(seed)")
      correctness.append(
        zip(combined.predictedClasses(), combined.labels).map { $0 == Int($1) ? 1 : 0 })
    }
    self.correctness = correctness
    accuracies = correctness.map(\.mean)
  }

  /// Over the seeds.
  public var meanAccuracy: Double { accuracies.mean }

  /// Over the seeds, with one degree of freedom taken; nil for one seed.
  public var standardDeviation: Double? {
    accuracies.count > 1 ? accuracies.sampleStandardDeviation : nil
  }

  /// `[N]`: the share of the seeds whose ensemble is right.
  var meanCorrectness: [Double] {
    correctness[0].indices.map { image in
      correctness.reduce(0) { $0 + $1[image] } / Double(correctness.count)
    }
  }
}

/// How the ensembles of one kind compare to those of another, both trained several times.
///
/// The one interval holds for the members that were trained, whatever images are drawn; the other for these images,
/// whatever the seeds.
public struct RepeatedComparison: Codable, Hashable, Sendable {
  /// The mean accuracy of the first kind less that of the second.
  public let difference: Double
  /// The difference's 95 % interval, by a paired bootstrap over images (2,000 resamples, percentiles) of each image's
  /// share of seeds that get it right.
  public let interval: ConfidenceInterval
  /// Of each seed that both kinds have, the difference of the accuracies.
  public let seedDifferences: [Double]
  /// The difference's 95 % interval from the spread over seeds: Student's, of two samples of equal variance; nil where
  /// neither kind has a second seed.
  public let seedInterval: ConfidenceInterval?
  /// McNemar's two-sided test of the ensembles of the first seeds, as in `Frontier.Comparison`.
  public let mcNemarPValue: Double
  /// What the interval and the test say together; undecided also where the interval over seeds holds 0, so that training
  /// again might turn it.
  public let verdict: Frontier.Verdict

  /// Compares two kinds of ensembles, each trained from several seeds, on the same images.
  ///
  /// - Parameters:
  ///   - first: The one that is to be better.
  ///   - second: The one that it is compared with, which is subtracted.
  ///   - seed: Of the bootstrap.
  /// - Throws: `EnsembleError.differentData` where the images are not the same.
  public init(
    _ first: RepeatedEnsemble, minus second: RepeatedEnsemble, seed: UInt64 = 0
  ) throws(EnsembleError) {
    try Predictions.checkSameData([first.images, second.images])
    difference = first.meanAccuracy - second.meanAccuracy
    let range = PairedBootstrap(
      columns: [first.meanCorrectness, second.meanCorrectness], seed: seed
    ).interval(0, minus: 1)
    interval = ConfidenceInterval(range)
    seedDifferences = zip(first.accuracies, second.accuracies).map { $0 - $1 }
    let test = McNemarTest(first: first.correctness[0], second: second.correctness[0])
    mcNemarPValue = test.pValue
    let seeds = Self.seedRange(first, second)
    seedInterval = seeds.map { ConfidenceInterval($0) }
    verdict =
      seeds?.contains(0) == true
      ? .undecided
      : Frontier.Verdict(range, pairDifference: test.difference, pValue: test.pValue)
  }

  private static func seedRange(
    _ first: RepeatedEnsemble, _ second: RepeatedEnsemble
  ) -> ClosedRange<Double>? {
    let kinds = [first, second]
    let freedom = kinds.reduce(0) { $0 + $1.accuracies.count - 1 }
    guard freedom > 0 else { return nil }
    let squares = kinds.reduce(0) { sum, kind in
      let deviation = kind.standardDeviation ?? 0
      return sum + Double(kind.accuracies.count - 1) * deviation * deviation
    }
    let counts = kinds.reduce(0) { $0 + 1 / Double($1.accuracies.count) }
    let half =
      StudentDistribution.quantile975(degreesOfFreedom: freedom)
      * (squares / Double(freedom) * counts).squareRoot()
    let difference = first.meanAccuracy - second.meanAccuracy
    return difference - half...difference + half
  }
}
