import EnsembleTestSupport
import Ensembles
import Foundation
import Predictions
import Randomness
import Schemas
import Statistics
import Testing

@testable import Decisions

/// Networks of known quality, on several numbers of training images.
@Suite struct StudyAnalysisTests {
  /// Members whose scores are noise about the label: the more `quality`, the more often right.
  private static func members(
    _ network: String, cost: Int, count: Int, quality: Double, images: Int = 400, path: UInt64
  ) throws -> [Predictions] {
    try (0..<count).map { member in
      var stream = RandomStream(seed: 5, path, UInt64(member))
      var values: [Float] = []
      let labels = (0..<images).map { Int64($0 % 4) }
      for label in labels {
        let scores = (0..<4).map {
          Int64($0) == label ? quality + stream.normal() : stream.normal()
        }
        let total = naturalLogarithm(scores.reduce(0) { $0 + exponential($1) })
        values += scores.map { Float($0 - total) }
      }
      return try Predictions(
        name: "\(network)-\(member)", network: network, multiplyAccumulates: cost, parameters: cost,
        split: "test", fingerprint: "f", logProbabilities: values, labels: labels, classes: 4)
    }
  }

  /// Four small ones are better than a large one on few images, and worse on many.
  private static func sizes(seeds: UInt64 = 1) throws -> [StudySize] {
    try [(100, 1.2, 1.0), (1000, 1.2, 4.0)].enumerated().map { place, size in
      StudySize(
        trainingImages: size.0, epochs: 5,
        seeds: try (0..<seeds).map { seed in
          let path = UInt64(10 * place) + 100 * seed
          return try members("small", cost: 10, count: 6, quality: size.1, path: path)
            + members("large", cost: 40, count: 3, quality: size.2, path: path + 1)
        })
    }
  }

  @Test func theBorderIsFound() throws {
    let analysis = try StudyAnalysis.analyze(Self.sizes())
    #expect(analysis.sizes.map(\.trainingImages) == [100, 1000] && analysis.images == 400)
    for (size, verdict) in zip(analysis.sizes, [Frontier.Verdict.better, .worse]) {
      #expect(size.comparisons.map(\.smallCount) == Array(1...6))
      let atEqualCost = size.comparisons.first { $0.isAtEqualCost }
      let equal = try #require(atEqualCost)
      #expect(equal.smallCount == 4 && equal.costShare == 1 && equal.verdict == verdict)
      let interval = try #require(equal.interval)
      #expect(interval.lowerBound < equal.difference && equal.difference < interval.upperBound)
    }
    let trend = try #require(analysis.dataTrends.first)
    #expect(analysis.dataTrends.count == 1 && trend.verdict == .worse)
    let differences = analysis.sizes.compactMap {
      $0.comparisons.first(where: \.isAtEqualCost)?.difference
    }
    #expect(abs(trend.change - (differences[1] - differences[0])) < 1e-12)
  }

  /// Accuracies are those of the frontier, which are compared with NumPy's.
  @Test func accuraciesAreThoseOfTheFrontier() throws {
    let members = try fixtureMembers()
    let frontier = try Frontier.analyze(members)
    let analysis = try StudyAnalysis.analyze([
      StudySize(trainingImages: 7, epochs: nil, seeds: [members])
    ])
    let curves = analysis.sizes[0].curves
    #expect(curves.map(\.network) == frontier.curves.map(\.network))
    for (curve, expected) in zip(curves, frontier.curves) {
      for (point, other) in zip(curve.points, expected.points) {
        #expect(abs(point.accuracy - other.accuracy) < 1e-12)
        #expect(point.multiplyAccumulates == other.multiplyAccumulates)
      }
    }
    for comparison in frontier.comparisons {
      let found = try #require(
        analysis.sizes[0].comparisons.first {
          $0.smallNetwork == comparison.smallNetwork && $0.smallCount == comparison.smallCount
            && $0.largeNetwork == comparison.largeNetwork
        })
      #expect(abs(found.difference - comparison.difference) < 1e-12)
    }
  }

  @Test func oneTrainingDecidesNothing() throws {
    let sizes = try [
      StudySize(
        trainingImages: 100, epochs: nil,
        seeds: [
          Self.members("small", cost: 10, count: 4, quality: 3, path: 1)
            + Self.members("large", cost: 40, count: 1, quality: 0.1, path: 2)
        ])
    ]
    let size = try StudyAnalysis.analyze(sizes).sizes[0]
    #expect(size.comparisons.allSatisfy { $0.interval == nil && $0.verdict == .undecided })
    #expect(size.comparisons.allSatisfy { $0.imageInterval.lowerBound > 0 })
    #expect(size.curves[1].points[0].interval == nil && size.widthTrend == nil)
  }

  @Test func ofSeveralSeedsTheTrainingsAreTheSeeds() throws {
    let one = try StudyAnalysis.analyze(Self.sizes())
    let three = try StudyAnalysis.analyze(Self.sizes(seeds: 3))
    #expect(one.sizes[0].seeds == 1 && three.sizes[0].seeds == 3)
    let means = try (0..<3).map { seed in
      try StudyAnalysis.analyze(
        Self.sizes(seeds: 3).map {
          StudySize(trainingImages: $0.trainingImages, epochs: 5, seeds: [$0.seeds[seed]])
        }
      ).sizes[0].comparisons[3].difference
    }
    let found = three.sizes[0].comparisons[3]
    #expect(abs(found.difference - means.reduce(0, +) / 3) < 1e-12)
    #expect(found.interval != nil && found.verdict == .better)
  }

  @Test func returnsEndWhereNoMoreIsShown() throws {
    // Members that say the same: none adds anything.
    let same = try Self.members("same", cost: 10, count: 1, quality: 1, path: 1)[0]
    let copies = try (0..<4).map { try same.renamed("same-\($0)") }
    let others = try Self.members("other", cost: 20, count: 4, quality: 1, path: 2)
    let curves = try StudyAnalysis.analyze([
      StudySize(trainingImages: 10, epochs: nil, seeds: [copies + others])
    ]).sizes[0].curves
    #expect(curves.map(\.network) == ["same", "other"])
    #expect(curves[0].enoughMembers == 1 && curves[0].points[3].gain == 0)
    #expect(curves[1].enoughMembers > 1 && (curves[1].points[1].gain ?? 0) > 0.02)
  }

  @Test func otherImagesAreRefused() throws {
    let sizes = try Self.sizes()
    let other = try Self.members("small", cost: 10, count: 2, quality: 1, images: 399, path: 3)
    #expect(throws: EnsembleError.self) {
      try StudyAnalysis.analyze(
        [sizes[0], StudySize(trainingImages: 1000, epochs: nil, seeds: [other])])
    }
  }

  @Test func itIsReadAsItWasWritten() throws {
    let analysis = try StudyAnalysis.analyze(Self.sizes())
    let text = try analysis.readableJSON()
    #expect(try StrictJSON.decode(StudyAnalysis.self, from: .init(text.utf8)) == analysis)
  }
}
