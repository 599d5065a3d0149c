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
