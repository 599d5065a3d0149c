import Randomness
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct UncertaintyTests {
  @Test func mcNemarAgreesWithStatsmodels() throws {
    for test in try Expected.load().mcNemar {
      let pValue = McNemarTest(
        onlyFirst: test.onlyFirst, onlySecond: test.onlySecond, images: 1000
      ).pValue
      expectClose(pValue, test.pValue, within: 1e-12, "\(test.onlyFirst), \(test.onlySecond)")
    }
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
