import Randomness
import TestSupport
import Testing

@testable import Statistics

@Suite struct UncertaintyTests {
  /// As `mcnemar([[0, b], [c, 0]], exact=b + c < 25, correction=True).pvalue` of statsmodels.
  @Test(arguments: [
    (0, 0, 1.0), (1, 0, 1), (5, 5, 1), (3, 11, 0.057373046875), (12, 12, 1),
    (2, 22, 3.5881996154785156e-05), (9, 16, 0.23013934044341314), (30, 10, 0.002663119259138558),
    (13, 12, 1), (400, 330, 0.010655304191197383), (1000, 700, 4.1122275376223423e-13),
  ])
  func mcNemarAgreesWithStatsmodels(onlyFirst: Int, onlySecond: Int, pValue: Double) {
    let test = McNemarTest(onlyFirst: onlyFirst, onlySecond: onlySecond, images: 2000)
    expectClose(test.pValue, pValue, within: 1e-12)
  }

  /// As `binomtest(b, b + c).pvalue` of SciPy 1.17.1.
  @Test(arguments: [
    (0, 0, 1.0), (0, 3, 0.25), (12, 13, 1), (30, 10, 0.0022214337732293643),
    (7, 60, 1.3280368233066496e-11), (400, 330, 0.010605994778707762),
    (1000, 700, 3.585261571938489e-13), (0, 2000, 0),
  ])
  func exactMcNemarAgreesWithSciPy(onlyFirst: Int, onlySecond: Int, pValue: Double) {
    let test = McNemarTest(onlyFirst: onlyFirst, onlySecond: onlySecond, images: 5000)
    expectClose(test.exactPValue, pValue, within: 1e-9 * pValue + 1e-300)
  }

  /// As `multipletests(p, method="holm")` of statsmodels 0.15.0.
  @Test(arguments: [
    ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]), ([1], [1]), ([], []),
    ([0.5, 0.5, 0.02], [1, 1, 0.06]), ([0.04, 0.04, 0.04, 1e-9], [0.12, 0.12, 0.12, 4e-9]),
  ])
  func holmAgreesWithStatsmodels(given: [Double], expected: [Double]) {
    for (found, expected) in zip(HolmCorrection.adjusted(given), expected) {
      expectClose(found, expected, within: 1e-15)
    }
    #expect(HolmCorrection.adjusted(given).count == expected.count)
  }

  /// From `scipy.stats.beta.ppf` of SciPy 1.17.1: the bounds of how many differ, and of which of the two they favour.
  @Test(arguments: [
    (1, 7, 21, 1, -0.6952546724321, 0.04804980023463),
    (1, 7, 21, 100, -0.804564174132, 0.4326420702299),
    (0, 0, 3, 1, -0.8642791191703, 0.8642791191703),
    (0, 0, 1, 100, -0.999975, 0.999975),
    (1, 0, 1, 1, -0.955, 1),
    (0, 5, 5, 1, -1, 0.06358901599076),
    (0, 6, 6, 1, -1, -0.02308361425285),
    (3, 1, 20, 1, -0.3334369245652, 0.5266609354139),
    (10, 30, 500, 1, -0.08998671970393, -0.008410544751834),
    (10, 30, 500, 100, -0.1212561009398, 0.01004563035228),
    (0, 4, 50, 1, -0.2463436049388, 0.05552666906428),
    (30, 2, 100, 100, 0.04836090785965, 0.5255020188493),
    (400, 520, 50000, 10, -0.00459700531407, -0.0005880299998113),
  ])
  func pairedDifferences(
    onlyFirst: Int, onlySecond: Int, images: Int, comparisons: Int, lower: Double, upper: Double
  ) {
    let difference = PairedDifference(
      onlyFirst: onlyFirst, onlySecond: onlySecond, images: images)
    let interval = difference.interval(comparisons: comparisons)
    expectClose(interval.lowerBound, lower, within: 1e-10)
    expectClose(interval.upperBound, upper, within: 1e-10)
    let turned = PairedDifference(onlyFirst: onlySecond, onlySecond: onlyFirst, images: images)
      .interval(comparisons: comparisons)
    expectClose(turned.lowerBound, -upper, within: 1e-10)
    expectClose(turned.upperBound, -lower, within: 1e-10)
    #expect(interval.contains(difference.value))
  }

  /// The chance that an interval does not hold the truth, summed over all that may be seen: never above what is promised,
  /// also where one of fifty holds with 99.9 %, which approximate intervals miss by far.
  @Test(arguments: [1, 4, 15, 40], [1, 50])
  func intervalsOfDifferencesHold(images: Int, comparisons: Int) {
    let intervals = (0...images).map { onlyFirst in
      (0...images - onlyFirst).map { onlySecond in
        PairedDifference(onlyFirst: onlyFirst, onlySecond: onlySecond, images: images)
          .interval(comparisons: comparisons)
      }
    }
    for (first, second) in [
      (0.0, 0.02), (0.01, 0.05), (0.1, 0.1), (0.3, 0.1), (0.45, 0.5), (0.6, 0),
    ] {
      var missed = 0.0
      for onlyFirst in 0...images {
        let chance = BinomialDistribution(count: images, share: first).probability(of: onlyFirst)
        for onlySecond in 0...images - onlyFirst
        where !intervals[onlyFirst][onlySecond].contains(first - second) {
          missed +=
            chance
            * BinomialDistribution(count: images - onlyFirst, share: second / (1 - first))
            .probability(of: onlySecond)
        }
      }
      #expect(missed <= 0.05 / Double(comparisons) + 1e-12, "\(first) and \(second)")
    }
  }

  /// The same of one share; Wilson's at such a level misses up to twenty-seven times as often as it says.
  @Test(arguments: [1, 5, 20, 50, 200], [1, 100])
  func exactIntervalsOfSharesHold(count: Int, comparisons: Int) {
    let intervals = (0...count).map {
      ConfidenceInterval(hits: $0, of: count, comparisons: comparisons)
    }
    for share in [0.001, 0.03, 0.2, 0.5, 0.9, 0.97, 0.99, 0.999] {
      let missed = intervals.enumerated().filter {
        share < $0.element.lowerBound || share > $0.element.upperBound
      }.reduce(0) {
        $0 + BinomialDistribution(count: count, share: share).probability(of: $1.offset)
      }
      #expect(missed <= 0.05 / Double(comparisons) + 1e-12, "\(share)")
    }
  }

  @Test func theDifferenceOfNothingIsUnknown() {
    let difference = PairedDifference(onlyFirst: 0, onlySecond: 0, images: 0)
    #expect(difference.value == 0 && difference.interval() == -1...1)
  }

  /// As `proportion_confint(hits, count, 0.05 / comparisons, "beta")` of statsmodels 0.15.0.
  @Test(arguments: [
    (0, 5, 1, 0, 0.521823750105),
    (0, 5, 1000, 0, 0.8798875566018),
    (5, 5, 10, 0.3017088168273, 1),
    (1, 1, 1, 0.025, 1),
    (90, 100, 1, 0.82377740226, 0.9509953107785),
    (90, 100, 10, 0.787968172445, 0.9653941288546),
    (49950, 50000, 1000, 0.9982957797483, 0.9994739428776),
    (0, 0, 3, 0, 1),
  ])
  func exactIntervalsAgreeWithStatsmodels(
    hits: Int, count: Int, comparisons: Int, lower: Double, upper: Double
  ) {
    let interval = ConfidenceInterval(hits: hits, of: count, comparisons: comparisons)
    expectClose(interval.lowerBound, lower, within: 1e-10)
    expectClose(interval.upperBound, upper, within: 1e-10)
  }

  @Test func mcNemarCountsWhereOneAloneIsRight() {
    #expect(McNemarTest(onlyFirst: 20, onlySecond: 20, images: 50).pValue == 1)
    let counted = McNemarTest(first: [1, 0, 1, 0, 1], second: [0, 0, 1, 1, 0])
    #expect(counted.onlyFirst == 2 && counted.onlySecond == 1)
    #expect(counted.difference == 0.2)
  }

  /// For many images the interval is the normal one: the mean difference and 1.96 of its standard errors to each side.
  @Test func theBootstrapIsNormalForManyImages() {
    var generator = RandomStream(seed: 3)
    let count = 1000
    let second = (0..<count).map { _ in Double(generator.integer(below: 5)) / 4 }
    let first = second.map { min(1, $0 + Double(generator.integer(below: 2)) / 8) }
    let bootstrap = PairedBootstrap(columns: [first, second], seed: 9)
    let differences = zip(first, second).map { $0 - $1 }
    let mean = differences.reduce(0, +) / Double(count)
    let error = differences.sampleStandardDeviation / Double(count).squareRoot()
    let interval = bootstrap.interval(0, minus: 1)
    expectClose(interval.lowerBound, mean - 1.96 * error, within: 0.2 * error)
    expectClose(interval.upperBound, mean + 1.96 * error, within: 0.2 * error)
    #expect(PairedBootstrap(columns: [first, second], seed: 9).interval(0, minus: 1) == interval)
    #expect(bootstrap.interval(1, minus: 1) == 0...0)
  }

  /// Images that are alike are summed once: beside a column that tells them all apart, the same bits.
  @Test func alikeImagesAreResampledAsOthersAre() {
    var generator = RandomStream(seed: 5)
    let columns = (0..<70).map { _ in (0..<90).map { _ in Double(generator.integer(below: 2)) } }
    let shares = (0..<90).map { Double($0) / 90 }
    let alike = PairedBootstrap(columns: columns.map { $0 + $0 }, resampleCount: 50, seed: 2)
    let apart = PairedBootstrap(
      columns: columns.map { $0 + $0 } + [shares + shares], resampleCount: 50, seed: 2)
    for first in 0..<70 {
      #expect(alike.interval(first, minus: 69) == apart.interval(first, minus: 69))
    }
  }

  /// How often one image of many is drawn has nearly the Poisson distribution of mean 1, whose 0.975 quantile is 3.
  @Test(arguments: [0, 57, 199]) func everyImageIsDrawn(_ image: Int) {
    var only = [Double](repeating: 0, count: 200)
    only[image] = 1
    let none = [Double](repeating: 0, count: 200)
    let interval = PairedBootstrap(columns: [only, none], seed: 4).interval(0, minus: 1)
    expectClose(interval.lowerBound, 0)
    expectClose(interval.upperBound, 3.0 / 200)
  }
}
