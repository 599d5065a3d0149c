import Testing

@testable import Statistics

@Suite struct SampleStatisticsTests {
  /// As `numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 1])`.
  @Test func quantilesAreInterpolated() {
    let values = [1.0, 2, 4, 8]
    for (share, expected) in [(0, 1.0), (0.1, 1.3), (0.5, 3), (1, 8)] {
      #expect(abs([Double].quantile(share, ofSorted: values) - expected) < 1e-12)
    }
  }

  /// As `statistics.mean`, `stdev` and `median` of Python.
  @Test func momentsAndMedian() {
    let values = [8.0, 2, 4, 1]
    #expect(values.mean == 3.75 && values.median == 3)
    #expect(abs(values.sampleStandardDeviation - 3.095695936834452) < 1e-12)
    #expect([5.0].sampleStandardDeviation == 0 && [5.0].median == 5)
    #expect([3.0, 1, 2].median == 2)
  }

  /// As `numpy.quantile([1, 2, 4, 8], share, method="inverted_cdf")`.
  @Test func nearestRanks() {
    let values = [1.0, 2, 4, 8]
    for (share, expected) in [(0, 1.0), (0.1, 1), (0.5, 2), (0.51, 4), (1, 8)] {
      #expect([Double].nearestRank(share, ofSorted: values) == expected)
    }
    let many = (1...1000).map(Double.init)
    for count in stride(from: 10, through: 1000, by: 10) {
      #expect(
        [Double].nearestRank(0.9, ofSorted: Array(many.prefix(count))) == Double(9 * count / 10))
    }
  }

  /// As `scipy.stats.spearmanr([3, 1, 4, 1, 5], [9, 2, 6, 5, 3])`.
  @Test func ranksCorrelateAsSciPySays() {
    let correlation = rankCorrelation([3, 1, 4, 1, 5], [9, 2, 6, 5, 3])
    #expect(abs(correlation - 0.205_195_670_417_030_85) < 1e-12)
    #expect(rankCorrelation([1, 1], [1, 2]) == 0)
  }

  @Test func theFrontierHasTheFirstOfEquals() {
    let costs = [3.0, 1, 2, 1, 2, 4]
    let accuracies = [0.9, 0.5, 0.4, 0.5, 0.7, 0.9]
    let all = ParetoFrontier.indices(
      of: costs.indices, cost: { costs[$0] }, accuracy: { accuracies[$0] })
    #expect(all == [1, 4, 0])
    let some = ParetoFrontier.indices(
      of: [2, 5], cost: { costs[$0] }, accuracy: { accuracies[$0] })
    #expect(some == [2, 5])
  }
}
