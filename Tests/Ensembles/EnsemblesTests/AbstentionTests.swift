import EnsembleTestSupport
import Foundation
import Predictions
import Statistics
import TestSupport
import Testing

@testable import Ensembles

@Suite struct AbstentionTests {
  @Test func areasAreTorchUncertaintys() throws {
    let expected = try LimitsFixture.load().risk
    let curve = RiskCoverageCurve(of: try LimitsFixture.combined("test"))
    expectClose(curve.area, expected.area, within: 1e-6)
    expectClose(curve.generalizedArea, expected.generalizedArea, within: 1e-6)
    expectClose(curve.excessArea, expected.excessArea, within: 1e-6)
    #expect(curve.images == 310 && curve.points.count == RiskCoverageCurve.mostPoints)
    #expect(curve.points.last?.coverage == 1)
    expectClose(try #require(curve.points.last).risk, curve.error)
  }

  @Test func equalConfidencesHaveTheMeanOfAllOrders() {
    // One right and one wrong answer, as sure as each other: risks 1/2 and 1/2.
    let tied = RiskCoverageCurve(confidences: [0.5, 0.5], isRight: [true, false])
    #expect(tied.area == 0.5 && tied.points.count == 1)
    let orders = [[true, false], [false, true]].map {
      RiskCoverageCurve(confidences: [0.6, 0.5], isRight: $0).area
    }
    expectClose(tied.area, orders.mean)
  }

  @Test func figuresOfFewAndOfAllRightOrWrongAreFinite() {
    for (rights, error) in [("+", 0.0), ("-", 1), ("+++++", 0), ("-----", 1)] {
      let (confidences, isRight) = outcomes(rights)
      let curve = RiskCoverageCurve(confidences: confidences, isRight: isRight)
      #expect(curve.error == error && curve.area == error && curve.excessArea == 0)
    }
    let best = outcomes("++++----")
    let curve = RiskCoverageCurve(confidences: best.confidences, isRight: best.isRight)
    #expect(curve.excessArea == 0 && curve.area > 0)
    let worst = outcomes("----++++")
    #expect(
      RiskCoverageCurve(confidences: worst.confidences, isRight: worst.isRight).excessArea > 0.3)
  }

  @Test func aPromiseNeedsEnoughRightAnswers() throws {
    // 299 right answers show an error of 1 % with 95 %: (1 - 0.01)^299 < 0.05 < (1 - 0.01)^298.
    for (count, isPromised) in [(298, false), (299, true)] {
      let all = outcomes(String(repeating: "+", count: count))
      let promise = try AbstentionPromise(
        confidences: all.confidences, isRight: all.isRight, error: 0.01, confidence: 0.95)
      #expect((promise.rule != nil) == isPromised && promise.imagesNeeded == 299)
      #expect((promise.refusal == nil) == isPromised)
      if let rule = promise.rule {
        #expect(rule.threshold == 0 && rule.answered == 299 && rule.fault == nil)
        #expect(rule.levels == 1 && rule.answers(1e-9))
      } else {
        #expect(try #require(promise.refusal).contains("at least 299"))
      }
    }
  }

  @Test func theSurestAreAnsweredWhereTheOthersAreWrong() throws {
    // 1,000 right, then every other one wrong.
    let found = outcomes(
      String(repeating: "+", count: 1000) + String(repeating: "+-", count: 500))
    let promise = try AbstentionPromise(
      confidences: found.confidences, isRight: found.isRight, error: 0.01, confidence: 0.95)
    let rule = try #require(promise.rule)
    #expect(rule.answered == 1000 && rule.wrong == 0 && rule.fault == nil)
    // An answer is given above the threshold, which is the next image's confidence.
    #expect(rule.threshold == found.confidences[1000])
    #expect(found.confidences.count(where: rule.answers) == 1000)
    let none = try AbstentionPromise(
      confidences: found.confidences, isRight: found.isRight.map { !$0 }, error: 0.01,
      confidence: 0.95)
    #expect(none.rule == nil && none.refusal?.contains("too many wrong") == true)
  }

  @Test func asSureAnswersAreGivenTogether() throws {
    let confidences = Array(repeating: 1.0, count: 700) + Array(repeating: 0.5, count: 300)
    let isRight = confidences.map { $0 == 1 }
    let promise = try AbstentionPromise(
      confidences: confidences, isRight: isRight, error: 0.02, confidence: 0.9)
    let rule = try #require(promise.rule)
    #expect(rule.answered == 700 && rule.threshold == 0.5)
    let bound = try RiskBound(
      confidences: confidences, isRight: isRight, coverage: 0.8, confidence: 0.9)
    #expect(bound.answered == 700 && bound.wrong == 0)
    expectClose(bound.greatestError, 1 - pow(0.1, 1 / 700), within: 1e-9)
    let half = try RiskBound(
      confidences: confidences, isRight: isRight, coverage: 0.5, confidence: 0.9)
    #expect(half.answered == 0 && half.greatestError == 1)
    let all = try RiskBound(
      confidences: confidences, isRight: isRight, coverage: 1, confidence: 0.9)
    #expect(all.answered == 1000 && all.threshold == 0 && all.wrong == 300)
  }

  @Test func aReportCountsWhatIsAnswered() throws {
    let test = try member(
      "m", [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]], labels: [0, 1, 0, 0])
    func report(_ threshold: Double) -> AbstentionReport {
      AbstentionReport(
        of: AbstentionRule(
          threshold: threshold, error: 0.1, confidence: 0.9, images: 100, answered: 60, wrong: 0,
          levels: 20), on: test)
    }
    #expect(report(0.7).answered == 2 && report(0.7).error?.value == 0.5)
    #expect(report(0).coverage.value == 1 && report(0).error?.value == 0.5)
    #expect(report(0.95).answered == 0 && report(0.95).error == nil)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let some = outcomes("+++-")
    for (error, confidence) in [
      (0.0, 0.9), (1, 0.9), (.nan, 0.9), (0.1, 1), (0.1, 0.4), (0.1, .nan),
    ] {
      #expect(throws: EnsembleError.self) {
        try AbstentionPromise(
          confidences: some.confidences, isRight: some.isRight, error: error,
          confidence: confidence)
      }
    }
    #expect(throws: EnsembleError.self) {
      try RiskBound(
        confidences: some.confidences, isRight: some.isRight, coverage: 1.5, confidence: 0.9)
    }
    var rule = AbstentionRule(
      threshold: 0.5, error: 0.01, confidence: 0.95, images: 400, answered: 300, wrong: 0,
      levels: 1)
    #expect(rule.fault == nil)
    rule = AbstentionRule(
      threshold: 0.5, error: 0.01, confidence: 0.95, images: 400, answered: 300, wrong: 1,
      levels: 1)
    #expect(rule.fault == "its counts do not show what it promises")
  }
}
