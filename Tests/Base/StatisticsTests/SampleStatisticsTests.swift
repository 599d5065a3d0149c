import Testing

@testable import Statistics

@Suite struct SampleStatisticsTests {
  /// As `numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 1])`.
  @Test func quantilesAreInterpolated() {
    let values = [8.0, 2, 4, 1]
    for (share, expected) in [(0, 1.0), (0.1, 1.3), (0.5, 3), (1, 8)] {
      #expect(abs(values.quantile(share) - expected) < 1e-12)
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

  /// As `scipy.special.logsumexp([1, 2, 4]) - 4`; far from 0 nothing overflows.
  @Test func logarithmsOfSums() {
    #expect(abs(logSumExp([1, 2, 4], relativeTo: 4) - 0.16984601955628567) < 1e-12)
    #expect(abs(logSumExp([-1e6, 1e6], relativeTo: 1e6)) < 1e-12)
    #expect(abs(logSumExp([1, 2, 4], relativeTo: 4, scale: 0) - 1.0986122886681098) < 1e-12)
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
