import Testing

@testable import Serving

@Suite struct DurationHistogramTests {
  @Test func quantilesLieBetweenTheBoundsOfTheirBins() {
    var histogram = DurationHistogram()
    #expect(histogram.quantile(0.5) == nil)
    // Ten of 1 to 2 ms, ten of 10 to 20 ms.
    for _ in 0..<10 { histogram.add(0.0015) }
    for _ in 0..<10 { histogram.add(0.02) }
    #expect(
      histogram.quantile(0.25) == .init(lowerBound: 0.001, upperBound: 0.002, estimate: 0.0015))
    #expect(
      histogram.quantile(0.5) == .init(lowerBound: 0.001, upperBound: 0.002, estimate: 0.002))
    #expect(
      histogram.quantile(0.75) == .init(lowerBound: 0.01, upperBound: 0.02, estimate: 0.015))
    #expect(histogram.quantile(1) == .init(lowerBound: 0.01, upperBound: 0.02, estimate: 0.02))
    #expect(histogram.quantile(0)?.estimate == 0.001)
    histogram.add(100)
    #expect(histogram.quantile(1) == .init(lowerBound: 30, upperBound: nil, estimate: 30))
  }
}
