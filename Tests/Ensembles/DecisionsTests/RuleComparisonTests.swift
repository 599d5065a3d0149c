import EnsembleTestSupport
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Predictions

@Suite struct RuleComparisonTests {
  @Test func rulesSideBySide() throws {
    let (holdOut, test) = (try decisionMembers("hold-out"), try decisionMembers("test"))
    let comparison = try RuleComparison(holdOut: holdOut, test: test, greedyRounds: 12)
    #expect(
      comparison.rows.map(\.method.name) == [
        "geometric mean", "arithmetic mean", "logit mean", "majority vote", "best member",
        "weighted geometric mean", "greedy selection",
      ])
    let expected = try ExpectedDecisions.load()
    for (rule, row) in zip(CombinationRule.allCases, comparison.rows) {
      #expect(row.test == (try Metrics(of: test, rule: rule)) && row.memberCount == 5)
      #expect(row.holdOut == (try Metrics(of: holdOut, rule: rule)))
      #expect(row.multiplyAccumulates == 1440)
      expectClose(row.difference, row.test.top1Accuracy - comparison.rows[0].test.top1Accuracy)
      #expect(row.lowerBound <= row.difference && row.difference <= row.upperBound)
    }
    #expect(comparison.rows[0].verdict == .undecided && comparison.rows[0].mcNemarPValue == 1)
    #expect(comparison.rows[2].difference == 0)
    expectClose(
      comparison.rows[5].test.negativeLogLikelihood, expected.weightedTest, within: 1e-6)
    expectClose(
      comparison.rows[6].holdOut.negativeLogLikelihood,
      expected.greedy[0].scores[expected.greedy[0].length - 1])
    let best = comparison.rows[4]
    #expect(best.memberCount == 1)
    let accuracies = try holdOut.map { try Metrics(of: [$0]).top1Accuracy }
    #expect(best.holdOut.top1Accuracy == accuracies.max())
    let named = try RuleComparison(holdOut: holdOut, test: test, best: "m1", greedyRounds: 1)
    #expect(named.rows[4].holdOut == (try Metrics(of: [holdOut[1]])))
    let unseen = EnsembleError.testDataUsedToChoose(
      source: test[0].source, fingerprint: test[0].fingerprint)
    #expect(throws: unseen) { try RuleComparison(holdOut: test, test: test) }
    let one = try RuleComparison(holdOut: [holdOut[1]], test: test, greedyRounds: 1)
    #expect(one.rows.allSatisfy { $0.memberCount == 1 })
    #expect(throws: EnsembleError.missingMember(name: "m1", given: ["m0"])) {
      try RuleComparison(holdOut: holdOut.suffix(4), test: [test[0]])
    }
  }
}
