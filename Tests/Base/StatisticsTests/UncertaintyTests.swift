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

  /// As SciPy 1.17.1 has it by a general solver and a general root finder, from the definition; the first is published,
  /// (-0.517, -0.026).
  @Test(arguments: [
    (1, 7, 21, 1, -0.517232277271, -0.0260030300205),
    (1, 7, 21, 100, -0.665240876013, 0.226866647636),
    (0, 0, 3, 1, -0.561497031755, 0.561497031755),
    (0, 0, 1, 100, -0.923755296522, 0.923755296522), (1, 0, 1, 1, -0.586901371246, 1),
    (0, 5, 5, 1, -1, -0.131035070434), (0, 5, 5, 100, -1, 0.415739913438),
    (3, 1, 20, 1, -0.124118311921, 0.32642787732),
    (10, 30, 500, 100, -0.091530605618, 0.00465603187955),
    (0, 4, 50, 1, -0.188382469183, -0.00294459182974),
    (30, 2, 100, 100, 0.103414858641, 0.460404704836),
  ])
  func pairedDifferences(
    onlyFirst: Int, onlySecond: Int, images: Int, comparisons: Int, lower: Double, upper: Double
  ) {
    let difference = PairedDifference(
      onlyFirst: onlyFirst, onlySecond: onlySecond, images: images)
    let interval = difference.interval(comparisons: comparisons)
    expectClose(interval.lowerBound, lower, within: 1e-7)
    expectClose(interval.upperBound, upper, within: 1e-7)
    let turned = PairedDifference(onlyFirst: onlySecond, onlySecond: onlyFirst, images: images)
      .interval(comparisons: comparisons)
    expectClose(turned.lowerBound, -upper, within: 1e-7)
    expectClose(turned.upperBound, -lower, within: 1e-7)
    #expect(interval.contains(difference.value))
  }

  @Test func theDifferenceOfNothingIsUnknown() {
    let difference = PairedDifference(onlyFirst: 0, onlySecond: 0, images: 0)
    #expect(difference.value == 0 && difference.interval() == -1...1)
  }

  /// As `proportion_confint(hits, count, 0.05 / comparisons, "wilson")` of statsmodels 0.15.0.
  @Test(arguments: [
    (0, 5, 1, 0, 0.434482464783175), (0, 5, 1000, 0, 0.766879228470818),
    (5, 5, 10, 0.388215679608546, 1), (1, 1, 1, 0.206549314377237, 1),
    (1, 1, 1000, 0.0573127970859797, 1), (90, 100, 1, 0.825634338495086, 0.944770862939325),
    (90, 100, 10, 0.784603684018424, 0.956964876733579),
    (49950, 50000, 1000, 0.998239702735331, 0.999432100949061), (0, 0, 3, 0, 1),
  ])
  func wilsonAgreesWithStatsmodels(
    hits: Int, count: Int, comparisons: Int, lower: Double, upper: Double
  ) {
    let interval = ConfidenceInterval(
      ofShare: count > 0 ? Double(hits) / Double(count) : 0, count: count,
      comparisons: comparisons)
    expectClose(interval.lowerBound, lower, within: 1e-12)
    expectClose(interval.upperBound, upper, within: 1e-12)
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
