import Ensembles
import Foundation
import Statistics
import TestSupport
import Testing

@testable import Serving

/// Figures that SciPy and NumPy computed: `Fixtures/make_drift.py`.
private struct Recorded: Decodable {
  struct Test: Decodable {
    let first, second: [Int]
    let logPValue: Double
  }

  struct Comparison: Decodable {
    let traffic, holdOut: [Int]
    let bound: Int
    let logPValue: Double
  }

  let tests: [Test]
  let comparisons: [Comparison]

  static let all = Result {
    try JSONDecoder().decode(
      Recorded.self,
      from: Data(contentsOf: URL(filePath: fixture("drift.json", of: "Serving/ServingTests"))))
  }
}

@Suite struct DriftComparisonTests {
  @Test func fishersTestAgreesWithSciPy() throws {
    for test in try Recorded.all.get().tests {
      let (first, second) = (
        FisherExactTest.Sample(hits: test.first[0], count: test.first[1]),
        FisherExactTest.Sample(hits: test.second[0], count: test.second[1])
      )
      expectClose(
        FisherExactTest(first, second).logPValue, test.logPValue, within: 1e-7,
        "\(test.first) \(test.second)")
      expectClose(FisherExactTest(second, first).logPValue, test.logPValue, within: 1e-7)
    }
  }

  private func counts(_ exits: [Int], disagreements: Int = 0) -> TrafficCounts {
    let images = exits.reduce(0, +)
    return TrafficCounts(
      images: images,
      AnswerCounts(
        exits: exits, confidenceBounds: [], confidences: [images], disagreements: disagreements))
  }

  @Test func comparesBelowEachBoundAsNumPyDoes() throws {
    for known in try Recorded.all.get().comparisons {
      let found = try #require(
        DriftComparison(.exits, of: counts(known.traffic), with: counts(known.holdOut)))
      expectClose(found.logPValue, known.logPValue, within: 1e-7)
      #expect(found.bound == known.bound)
      #expect(found.images == known.traffic.reduce(0, +))
    }
  }

  @Test func comparesWhatThereIs() throws {
    let (one, other) = (
      counts([100, 156], disagreements: 70), counts([600, 400], disagreements: 100)
    )
    // One bin of confidence has no bound.
    #expect(DriftComparison(.confidence, of: one, with: other) == nil)
    #expect(DriftComparison(.exits, of: one.zero, with: other) == nil)
    let disagreement = try #require(DriftComparison(.disagreement, of: one, with: other))
    #expect(disagreement.observed == 70.0 / 256)
    #expect(disagreement.expected == 0.1)
    #expect(
      disagreement.sentence(confidenceBounds: [])
        == "27.3 % of the last 256 images divide the members, 10.0 % of the hold-out")
    let exits = try #require(DriftComparison(.exits, of: one, with: other))
    #expect(
      exits.sentence(confidenceBounds: [])
        == "39.1 % of the last 256 images stop after stage 1 at the latest, 60.0 % of the hold-out")
  }

  @Test func binsAreCountedAsThoseOfTheHoldOut() {
    var counts = self.counts([0, 0]).zero
    counts = TrafficCounts(
      images: 0,
      AnswerCounts(
        exits: [0, 0], confidenceBounds: [0.5, 0.9], confidences: [0, 0, 0], disagreements: 0))
    for (exit, confidence) in [(0, 0.2), (1, 0.5), (1, 0.899), (0, 0.9), (0, 1)] {
      counts.add(
        exit: exit, confidence: confidence, bounds: [0.5, 0.9], isDisputed: exit == 1)
    }
    #expect(counts.images == 5)
    #expect(counts.exits == [3, 2])
    #expect(counts.confidences == [1, 2, 2])
    #expect(counts.disagreements == 2)
  }
}
