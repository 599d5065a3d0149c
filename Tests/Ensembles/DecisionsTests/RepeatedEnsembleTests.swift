import EnsembleTestSupport
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

/// Ensembles that are trained several times, against NumPy and SciPy (Fixtures/make_repeated.py).
@Suite struct RepeatedEnsembleTests {
  private static let images = 2000

  /// One member that is right on images by a rule, the same as the script's.
  private func right(
    _ seed: Int, _ percent: Int, images: Int = images, fingerprint: String = "data"
  ) throws -> [Predictions] {
    let rows = (0..<images).map { image in
      (image * 7919 + image / 7 * 31 + seed * 13) % 100 < percent ? [0.9, 0.1] : [0.1, 0.9]
    }
    return [
      try member(
        "m\(seed)", fingerprint: fingerprint, rows, labels: [Int64](repeating: 0, count: images))
    ]
  }

  private func kinds() throws -> (RepeatedEnsemble, RepeatedEnsemble) {
    (
      try RepeatedEnsemble(combining: [right(0, 70), right(1, 72), right(2, 71)]),
      try RepeatedEnsemble(combining: [right(3, 66), right(4, 68), right(5, 65)])
    )
  }

  @Test func meansAndDeviationsAreNumPys() throws {
    let (first, second) = try kinds()
    #expect(first.accuracies == [0.697, 0.7195, 0.715])
    #expect(second.accuracies == [0.6575, 0.681, 0.651])
    expectClose(first.meanAccuracy, 0.7105)
    expectClose(try #require(first.standardDeviation), 0.01190588089979069)
    expectClose(try #require(second.standardDeviation), 0.015782374134880154)
  }

  @Test func theComparisonIsSciPys() throws {
    let (first, second) = try kinds()
    let comparison = try RepeatedComparison(first, minus: second)
    expectClose(comparison.difference, 0.7105 - 0.6631666666666667)
    let seeds = try #require(comparison.seedInterval)
    expectClose(seeds.lowerBound, 0.01564318571875775, within: 1e-7)
    expectClose(seeds.upperBound, 0.07902348094790893, within: 1e-7)
    // Other random numbers: a fifteenth of the interval's width apart at most.
    expectClose(comparison.interval.lowerBound, 0.0211667, within: 0.0035)
    expectClose(comparison.interval.upperBound, 0.0731667, within: 0.0035)
    expectClose(comparison.mcNemarPValue, 0.0299418833729728, within: 1e-12)
    #expect(comparison.verdict == .better)
    for (found, expected) in zip(comparison.seedDifferences, [0.0395, 0.0385, 0.064]) {
      expectClose(found, expected)
    }
    let reversed = try RepeatedComparison(second, minus: first)
    #expect(reversed.verdict == .worse && reversed.difference == -comparison.difference)
    #expect(try RepeatedComparison(first, minus: first).verdict == .undecided)
  }

  /// The same images and members, but seeds that differ as much as the kinds do.
  @Test func aSpreadOverSeedsLeavesItUndecided() throws {
    let first = try RepeatedEnsemble(combining: [right(0, 80), right(1, 60)])
    let second = try RepeatedEnsemble(combining: [right(2, 60), right(3, 58)])
    let comparison = try RepeatedComparison(first, minus: second)
    #expect(comparison.interval.lowerBound > 0 && comparison.mcNemarPValue < 0.001)
    #expect(try #require(comparison.seedInterval).lowerBound < 0)
    #expect(comparison.verdict == .undecided)
  }

  @Test func oneSeedHasNoSpread() throws {
    let first = try RepeatedEnsemble(combining: [right(0, 80)])
    let second = try RepeatedEnsemble(combining: [right(1, 60)])
    let comparison = try RepeatedComparison(first, minus: second)
    #expect(first.standardDeviation == nil && comparison.seedInterval == nil)
    #expect(comparison.verdict == .better && comparison.seedDifferences.count == 1)
  }

  @Test func membersAreCombinedByTheGeometricMean() throws {
    let labels: [Int64] = [0, 1, 0]
    let one = try member("a", [[0.6, 0.4], [0.9, 0.1], [0.2, 0.8]], labels: labels)
    let other = try member("b", [[0.3, 0.7], [0.05, 0.95], [0.7, 0.3]], labels: labels)
    let ensemble = try RepeatedEnsemble(combining: [[one, other]])
    // The roots of 0.18 : 0.28, 0.045 : 0.095, and 0.14 : 0.24.
    #expect(ensemble.correctness == [[0, 1, 0]])
    #expect(ensemble.accuracies == [1.0 / 3])
  }

  @Test func otherImagesAreRefused() throws {
    let first = try RepeatedEnsemble(combining: [right(0, 80)])
    let other = try RepeatedEnsemble(combining: [right(0, 80, fingerprint: "others")])
    let error = #expect(throws: EnsembleError.self) {
      _ = try RepeatedComparison(first, minus: other)
    }
    guard case .differentData(_, _, let difference)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(difference.hasPrefix("fingerprints "))
    #expect(throws: EnsembleError.noMembers) { _ = try RepeatedEnsemble(combining: []) }
    #expect(throws: EnsembleError.noMembers) { _ = try RepeatedEnsemble(combining: [[]]) }
  }
}
