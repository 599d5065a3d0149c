import EnsembleTestSupport
import Foundation
import Predictions
import Statistics
import TestSupport
import Testing

@testable import Ensembles

@Suite struct ConformalTests {
  private func sets(_ predictor: ConformalPredictor, _ predictions: Predictions) -> String {
    predictions.withLogProbabilities { values in
      (0..<predictions.count).map { image in
        let row = Array(values[image * predictions.classes..<(image + 1) * predictions.classes])
        return predictor.classes(row).sorted().map(String.init).joined()
      }.joined(separator: " ")
    }
  }

  private func check(
    _ predictor: ConformalPredictor, _ expected: LimitsFixture.Sets, on test: Predictions
  ) throws {
    let comment: Comment = "\(expected.kind) \(expected.missRate) \(expected.byClass == true)"
    #expect(sets(predictor, test) == expected.sets, comment)
    let report = try ConformalReport(of: predictor, on: test)
    expectClose(report.coverage.value, expected.coverage, within: 1e-6, comment)
    expectClose(report.meanSize, expected.meanSize, within: 1e-6, comment)
    expectClose(
      report.byClass.map(\.coverage.value).mean, expected.macroCoverage, within: 1e-6, comment)
  }

  @Test func scoresAndSetsAreTorchUncertaintys() throws {
    let (calibration, test) = try (
      LimitsFixture.combined("hold-out"), LimitsFixture.combined("test")
    )
    let fixtures = try LimitsFixture.load().torchUncertainty
    #expect(fixtures.count == 6)
    for expected in fixtures {
      let score = ConformalScore(expected.kind, penalty: 0.05, freeRanks: 2)
      let own = calibration.mapRows { row, label, ranking in
        ranking.score(of: label, in: row, by: score)
      }
      // Its threshold is an interpolated quantile, which promises a little less than ours.
      let threshold = [Double].quantile(1 - expected.missRate, ofSorted: own.sorted())
      expectClose(threshold, try #require(expected.threshold), within: 1e-6, "\(expected.kind)")
      let predictor = ConformalPredictor(
        score: score, missRate: expected.missRate, groupOfClass: nil,
        groups: [(images: calibration.count, threshold: threshold)])
      try check(predictor, expected, on: test)
    }
  }

  @Test func calibratedSetsAreThoseOfMAPIEAndCrepes() throws {
    let (calibration, test) = try (
      LimitsFixture.combined("hold-out"), LimitsFixture.combined("test")
    )
    let fixture = try LimitsFixture.load()
    #expect(fixture.mapie.count == 2 && fixture.crepes.count == 8)
    for expected in fixture.mapie + fixture.crepes {
      let predictor = try ConformalPredictor(
        calibratedOn: calibration, score: ConformalScore(expected.kind),
        missRate: expected.missRate,
        groupOfClass: expected.byClass == true ? Array(0..<test.classes) : nil)
      #expect(predictor.images == calibration.count && predictor.unboundedGroups == 0)
      #expect(predictor.fault(classes: test.classes) == nil)
      try check(predictor, expected, on: test)
    }
  }

  @Test func aThresholdExistsFromEnoughImagesOn() {
    for (missRate, needed) in [(0.1, 9), (0.05, 19), (0.01, 99), (0.5, 1), (0.3, 3)] {
      #expect(ConformalQuantile.countNeeded(missRate: missRate) == needed)
      let scores = (0..<needed).map(Double.init)
      #expect(
        ConformalQuantile.threshold(of: scores, missRate: missRate) == Double(needed - 1)
          || missRate == 0.3)
      #expect(ConformalQuantile.threshold(of: Array(scores.dropLast()), missRate: missRate) == nil)
      #expect(ConformalQuantile.spread(count: needed - 1, missRate: missRate) == nil)
    }
    // ⌈101 · 0.9⌉ = 91 and ⌈20 · 0.95⌉ = 19, however decimals round.
    #expect(ConformalQuantile.rank(count: 100, missRate: 0.1) == 91)
    #expect(ConformalQuantile.rank(count: 19, missRate: 0.05) == 19)
  }

  @Test func spreadsAndBoundsAreSciPys() throws {
    let fixture = try LimitsFixture.load()
    #expect(fixture.spreads.count == 3 && fixture.bounds.count == 7)
    for row in fixture.spreads {
      let spread = try #require(ConformalQuantile.spread(count: Int(row[0]), missRate: row[1]))
      expectClose(spread.lowerBound, row[2], within: 1e-9)
      expectClose(spread.upperBound, row[3], within: 1e-9)
    }
    for row in fixture.bounds {
      let (hits, count) = (Int(row[0]), Int(row[1]))
      expectClose(
        BinomialBounds.lower(hits: hits, count: count, confidence: row[2]), row[3], within: 1e-9)
      expectClose(
        BinomialBounds.upper(hits: hits, count: count, confidence: row[2]), row[4], within: 1e-9)
    }
    #expect(BinomialBounds.upper(hits: 0, count: 0, confidence: 0.95) == 1)
    #expect(BinomialBounds.lower(hits: 0, count: 0, confidence: 0.95) == 0)
    #expect(BinomialBounds.countNeeded(toShow: 0.01, confidence: 0.95) == 299)
    #expect(BinomialBounds.countNeeded(toShow: 0.5, confidence: 0.75) == 2)
  }

  @Test func tooFewImagesPutAllClassesIntoEverySet() throws {
    for count in [1, 5] {
      let few = try LimitsFixture.combined("hold-out").selecting(Array(0..<count))
      let predictor = try ConformalPredictor(calibratedOn: few, missRate: 0.1)
      #expect(predictor.groups[0].threshold == nil && predictor.unboundedGroups == 1)
      let report = try ConformalReport(of: predictor, on: LimitsFixture.combined("test"))
      #expect(report.coverage.value == 1 && report.meanSize == 5 && report.fullShare == 1)
      #expect(report.emptyShare == 0 && report.singletonAccuracy == nil)
    }
  }

  @Test func anAbsentClassIsInEverySetOfItsOwn() throws {
    let all = try LimitsFixture.combined("hold-out")
    let others = try all.selecting(all.labels.indices.filter { all.labels[$0] != 3 })
    let predictor = try ConformalPredictor(
      calibratedOn: others, missRate: 0.1, groupOfClass: Array(0..<5))
    #expect(predictor.groups[3].images == 0 && predictor.groups[3].threshold == nil)
    let report = try ConformalReport(of: predictor, on: LimitsFixture.combined("test"))
    #expect(report.byClass[3].coverage.value == 1)
    #expect(report.byClass[2].coverage.value < 1)
    let marginal = try ConformalPredictor(calibratedOn: others, missRate: 0.1)
    #expect(marginal.unboundedGroups == 0)
    let onOthers = try ConformalReport(of: marginal, on: others)
    #expect(onOthers.byClass.map(\.label) == [0, 1, 2, 4])
  }

  /// Probabilities of exactly 0 and 1, all right and all wrong.
  @Test(arguments: ConformalScore.Kind.allCases)
  func certainPredictionsHaveFiniteFigures(_ kind: ConformalScore.Kind) throws {
    for label in [Int64(0), 1] {
      let certain = try member(
        "certain", Array(repeating: [1, 0, 0], count: 20),
        labels: Array(repeating: label, count: 20))
      let predictor = try ConformalPredictor(
        calibratedOn: certain, score: ConformalScore(kind), missRate: 0.1)
      #expect(try #require(predictor.groups[0].threshold).isFinite)
      let report = try ConformalReport(of: predictor, on: certain)
      #expect(report.coverage.value == 1, "the sets hold what the scores of these images allow")
      let text = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
      #expect(!text.contains("nan") && !text.contains("inf"))
      let isRight = label == 0
      #expect(
        kind == .leastAmbiguous
          ? report.meanSize == (isRight ? 1 : 3) : report.meanSize >= 1)
    }
  }

  @Test func anEmptySetHasThePredictedClass() throws {
    let predictor = ConformalPredictor(
      score: ConformalScore(.leastAmbiguous), missRate: 0.5, groupOfClass: nil,
      groups: [(images: 20, threshold: 0.3)])
    #expect(predictor.classes([0.5, 0.3, 0.2].map { logf($0) }) == [0])
    #expect(predictor.classes([0.1, 0.8, 0.1].map { logf($0) }) == [1])
    let test = try member("one", [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], labels: [0, 0])
    let report = try ConformalReport(of: predictor, on: test)
    #expect(report.emptyShare == 0.5 && report.singletonShare == 1)
    #expect(report.singletonAccuracy == 0.5 && report.medianSize == 1)
    #expect(report.bySize.map(\.images) == [2])
  }

  @Test func clustersHaveEnoughImagesAndAllClasses() throws {
    let design = try LimitsFixture.combined("hold-out")
    let score = ConformalScore(.adaptive)
    for images in [1, 60, 100, 1000] {
      let clusters = ClassClusters.clusters(on: design, score: score, images: images)
      let names = Set(clusters)
      #expect(clusters.count == 5 && names == Set(0..<names.count))
      for name in names where names.count > 1 {
        #expect(design.labels.count { clusters[Int($0)] == name } >= images)
      }
      let predictor = try ConformalPredictor(
        calibratedOn: LimitsFixture.combined("test"), score: score, groupOfClass: clusters)
      #expect(predictor.groups.count == names.count && predictor.images == 310)
    }
    #expect(Set(ClassClusters.clusters(on: design, score: score, images: 1)).count == 5)
    let one = try design.selecting([0])
    #expect(ClassClusters.clusters(on: one, score: score, images: 9) == [0, 0, 0, 0, 0])
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let some = try LimitsFixture.combined("hold-out")
    for missRate in [0, 1, -1, .nan] {
      #expect(throws: EnsembleError.self) {
        try ConformalPredictor(calibratedOn: some, missRate: missRate)
      }
    }
    for groups in [[0, 1], [0, 0, 2, 2, 2], [-1, 0, 0, 0, 0]] {
      #expect(throws: EnsembleError.self) {
        try ConformalPredictor(calibratedOn: some, groupOfClass: groups)
      }
    }
    #expect(throws: EnsembleError.self) {
      try ConformalPredictor(
        calibratedOn: some, score: ConformalScore(.regularizedAdaptive, penalty: -1))
    }
    let good = try ConformalPredictor(calibratedOn: some)
    #expect(good.fault(classes: 5) == nil)
    let unfit = ConformalPredictor(
      score: good.score, missRate: 0.1, groupOfClass: nil,
      groups: [(images: 5, threshold: 0.5)])
    #expect(unfit.fault(classes: 5) == "a group of 5 images has a threshold")
  }
}
