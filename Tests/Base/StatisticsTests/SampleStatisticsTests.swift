import TestSupport
import Testing

@testable import Statistics

@Suite struct SampleStatisticsTests {
  /// As `numpy.mean`, `numpy.std(ddof=1)`, `scipy.stats.sem` and `numpy.median` of `[1, 2, 4, 8]`.
  @Test func momentsAgreeWithNumPy() {
    let values = [4.0, 1, 8, 2]
    expectClose(values.mean, 3.75)
    expectClose(values.standardDeviation, 3.095695936834452)
    expectClose(values.standardError, 1.547847968417226)
    #expect(values.median == 3 && [8.0, 1, 4].median == 4 && [Double]().median == nil)
    #expect([7.0].standardDeviation == 0 && [7.0].standardError == 0)
  }

  /// As `numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 1])`, and with `method="inverted_cdf"` for the nearest rank.
  @Test func quantilesAgreeWithNumPy() {
    let values = [1.0, 2, 4, 8]
    for (share, expected) in [(0, 1), (0.1, 1.3), (0.5, 3), (1, 8)] {
      expectClose(values.sortedQuantile(share), expected)
    }
    for (share, expected) in [(0, 1.0), (0.1, 1), (0.5, 2), (0.51, 4), (1, 8)] {
      #expect(values.sortedNearestRank(share) == expected)
    }
    let many = (1...1000).map(Double.init)
    for count in stride(from: 10, through: 1000, by: 10) {
      #expect(Array(many.prefix(count)).sortedNearestRank(0.9) == Double(9 * count / 10))
    }
  }

  /// As `scipy.stats.t.ppf(0.975, n)` and `scipy.stats.t.ppf(0.95, n)` of SciPy 1.17.1.
  @Test(arguments: [
    (1, 12.706204736174694, 6.313751514675037), (2, 4.302652729749462, 2.9199855803537242),
    (3, 3.1824463052837078, 2.3533634348018233), (4, 2.7764451051977934, 2.1318467863266495),
    (20, 2.085963447265864, 1.7247182429207866), (21, 2.0796138447276795, 1.720742902811878),
    (30, 2.0422724563012378, 1.697260886593957), (60, 2.0002978220142604, 1.6706488649046363),
    (500, 1.9647198374673676, 1.6479068539295105),
    (100_000, 1.9599877075346095, 1.6448688647849696),
  ])
  func quantilesOfStudentsTAgreeWithSciPy(freedom: Int, twoSided: Double, oneSided: Double) {
    expectClose(
      Quantiles.student(0.975, degreesOfFreedom: freedom), twoSided, within: 1e-11 * twoSided)
    expectClose(
      Quantiles.student(0.95, degreesOfFreedom: freedom), oneSided, within: 1e-11 * oneSided)
    #expect(Quantiles.student(0.975, degreesOfFreedom: freedom) > Quantiles.normal975)
  }

  /// As `scipy.stats.spearmanr([3, 1, 4, 1, 5], [9, 2, 6, 5, 3])`.
  @Test func ranksCorrelateAsSciPySays() {
    expectClose(
      rankCorrelation([3, 1, 4, 1, 5], [9, 2, 6, 5, 3]), 0.205_195_670_417_030_85, within: 1e-12)
    #expect(rankCorrelation([1, 1], [1, 2]) == 0)
  }

  @Test func theParetoFrontierHoldsWhatIsBestForItsCost() {
    let costs = [3, 1, 2, 2, 1, 4]
    let values = [0.5, 0.1, 0.5, 0.5, 0.2, 0.4]
    #expect(ParetoFrontier.indices(of: costs.indices, costs: costs, values: values) == [4, 2])
    #expect(
      ParetoFrontier.indices(of: costs.indices, costs: costs, values: values, keepingEquals: true)
        == [4, 2, 3])
    #expect(ParetoFrontier.indices(of: [0, 5], costs: costs, values: values) == [0])
    #expect(ParetoFrontier.indices(of: [], costs: costs, values: values).isEmpty)
  }
}
