import Decisions
import Ensembles
import Inference
import InferenceTestSupport
import Testing

@testable import Latency

/// A cascade that is timed as a whole.
@Suite struct CascadeRunTests {
  private func run(_ fractions: [Double], beside: String? = nil) throws -> CascadeRun {
    let members = try ["logits", "logits-2", "log-softmax"].map {
      try ImageModel(fixture: $0)
    }
    let combination = Combination(
      cascade: CascadeStops(
        confidence: .maximumProbability, confidenceThresholds: [0.5, 0.5]))
    return try CascadeRun(
      members, combination: combination, exitFractions: fractions,
      beside: beside.map {
        try ImageModel(fixture: $0)
      },
      options: InferenceOptions(threads: 1, cacheDirectory: nil), rounds: 3, seconds: 0.01)
  }

  /// The mean is of whole paths in their shares.
  @Test func theMeanIsThatOfThePaths() throws {
    let all = try run([0, 0, 1], beside: "half")
    #expect(all.milliseconds == all.slowestMilliseconds && all.milliseconds.count == 3)
    #expect(all.referenceMilliseconds.count == 3 && all.imagesPerRound >= 10)
    #expect((all.milliseconds + all.referenceMilliseconds).allSatisfy { $0 > 0 })
    let first = try run([1, 0, 0])
    #expect(first.referenceMilliseconds.isEmpty)
    // One image of each pass goes through all for the slowest path, and does not count in the mean.
    #expect(first.imagesPerRound >= 11 && first.slowestMilliseconds.allSatisfy { $0 > 0 })
  }

  @Test func pathsAreSpreadInTheirShares() {
    let sequence = CascadeRun.sequence([0.5, 0.3, 0.2], images: 100)
    #expect((0..<3).map { exit in sequence.count { $0 == exit } } == [50, 30, 20])
    // Each tenth of the pass has about its share of each.
    for start in stride(from: 0, to: 100, by: 10) {
      let part = sequence[start..<start + 10]
      #expect((4...6).contains(part.count { $0 == 0 }) && (2...4).contains(part.count { $0 == 1 }))
    }
    #expect(CascadeRun.sequence([0.999, 0.001], images: 100).count { $0 == 1 } == 1)
    #expect(CascadeRun.sequence([1, 0], images: 100).count { $0 == 1 } == 1)
    #expect(CascadeRun.sequence([0.5, 0, 0.5], images: 100).count { $0 == 1 } == 0)
  }

  /// Of paths that are run as often as each other each stands for its share of the images.
  @Test func quantilesAreOfTheImages() {
    let paths = PathTimes(seconds: [[1, 1.2, 1.1, 5], [10, 11], [100]])
    for (share, expected) in [(0.4, 1.1), (0.5, 1.2), (0.6, 1.2), (0.8, 5), (0.85, 10), (0.98, 11)]
    {
      #expect(paths.quantile(share, [0.8, 0.18, 0.02]) == expected, "\(share)")
    }
    #expect(paths.quantile(0.99, [0.8, 0.18, 0.02]) == 100)
    // A path that no image takes is run once, and counts nothing.
    #expect(paths.quantile(0.99, [0.9, 0.1, 0]) == 11)
    #expect(PathTimes(seconds: [[], [3, 2]]).quantile(1, [0, 1]) == 3)
  }

  @Test func quantilesAreMeasured() throws {
    let members = try ["logits", "logits-2"].map { try ImageModel(fixture: $0) }
    for combination in [
      Combination(
        cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.5])),
      Combination(),
    ] {
      let run = try CascadeRun(
        members, combination: combination, exitFractions: [0, 1], beside: nil, percent: 99,
        options: InferenceOptions(threads: 1, cacheDirectory: nil), rounds: 3, seconds: 0.01)
      #expect(run.quantileMilliseconds.count == 3)
      // The mean of times is not above all of them.
      #expect(zip(run.quantileMilliseconds, run.milliseconds).allSatisfy { $0 > 0 && $1 > 0 })
    }
  }

  @Test func budgetsAreOfWhatTheyBound() {
    let times = MeasuredTimes(
      deployed: MeasuredTimes.Time([1]), slowestPath: MeasuredTimes.Time([5]),
      reference: MeasuredTimes.Time([2]),
      quantile: MeasuredTimes.Quantile(percent: 99, time: MeasuredTimes.Time([4])), rounds: 1,
      imagesPerRound: 10)
    #expect(times.bounded(by: .mean)?.median == 1 && times.bounded(by: .worst)?.median == 5)
    #expect(times.bounded(by: .percentile(99))?.median == 4)
    #expect(times.bounded(by: .percentile(95)) == nil)
  }

  @Test func roundsHaveTheirMedian() {
    let odd = MeasuredTimes.Time([3, 1, 2])
    #expect(odd.median == 2 && odd.least == 1 && odd.greatest == 3)
    #expect(MeasuredTimes.Time([4, 1, 2, 3]).median == 2.5)
  }
}
