import EnsembleTestSupport
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct MetricsTests {
  /// Every subset of four members under every rule, against NumPy, scikit-learn and torchmetrics.
  @Test func metricsOfEverySubset() throws {
    let members = try fixtureMembers()
    let expected = try Expected.load()
    #expect(expected.subsets.count == 60)
    for subset in expected.subsets {
      let chosen = subset.members.map { members[$0] }
      expectClose(
        try Metrics(of: chosen, rule: subset.rule), subset.metrics,
        "\(subset.rule) of \(subset.members)")
    }
  }

  /// The sums shared between subsets give the same as each subset alone, in whatever order they are asked for.
  @Test(arguments: CombinationRule.allCases) func sharedSums(_ rule: CombinationRule) throws {
    let members = try fixtureMembers()
    let subsets = (1..<64).map { bits in (0..<6).filter { bits >> $0 & 1 == 1 } }
    let scattered = [[0, 5], [0, 2, 4], [3], [0, 1, 4], [0, 1], [1, 2, 3, 5], [0, 3, 4, 5]]
    for order in [subsets, subsets.reversed(), scattered] {
      let shared = SubsetEvaluator(members: members, rule: rule, subsets: order).evaluate()
      for (subset, metrics) in zip(order, shared.metrics) {
        expectClose(metrics, try Metrics(of: subset.map { members[$0] }, rule: rule))
      }
    }
  }

  /// More images than one block holds, the last block short.
  @Test func blocksOfImages() throws {
    let labels = (0..<2500).map { Int64($0 % 3) }
    let rows = labels.indices.map { $0 % 7 == 0 ? [0.2, 0.5, 0.3] : [0.5, 0.3, 0.2] }
    let metrics = try Metrics(of: [member("a", rows, labels: labels)])
    let right = labels.indices.filter { labels[$0] == ($0 % 7 == 0 ? 1 : 0) }.count
    #expect(metrics.top1Accuracy == Double(right) / 2500)
  }

  @Test func combinedPredictions() throws {
    let members = try fixtureMembers()
    let chosen = [members[0], members[2], members[4]]
    for (name, rows) in try Expected.load().combined {
      let rule = try #require(CombinationRule(rawValue: name))
      let combined = try Predictions(combining: chosen, rule: rule, name: "three")
      #expect(combined.network == "2 x small + large")
      #expect(combined.multiplyAccumulates == 450 && combined.parameters == 60)
      combined.withLogProbabilities { values in
        for (index, expected) in rows.flatMap({ $0 }).enumerated() {
          expectClose(exponential(Double(values[index])), expected, within: 1e-6, "\(rule)")
        }
      }
    }
  }

  @Test func theFirstOfEqualClassesIsPredicted() throws {
    let rows = [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2]]
    for rule in CombinationRule.allCases {
      let metrics = try Metrics(of: [member("a", rows, labels: [0, 1])], rule: rule)
      #expect(metrics.top1Accuracy == 0.5)
    }
  }

  @Test func theLabelIsAmongTheFirstFiveOfEqualClasses() throws {
    let rows = Array(repeating: Array(repeating: 0.125, count: 8), count: 2)
    let metrics = try Metrics(of: [member("a", rows, labels: [4, 5])])
    #expect(metrics.topKAccuracy == 0.5)
    #expect(Metrics.topK(classes: 3) == 3)
  }

  @Test func tiedVotesGoToTheGreaterLogProbability() throws {
    let first = try member("a", [[0.6, 0.1, 0.3]], labels: [1])
    let second = try member("b", [[0.1, 0.8, 0.1]], labels: [1])
    let metrics = try Metrics(of: [first, second], rule: .majorityVote)
    #expect(metrics.top1Accuracy == 1)
    // Two votes of two members: shares of a half, squared error (1/2)^2 + (1/2)^2.
    expectClose(metrics.brierScore, 0.5)
    expectClose(metrics.negativeLogLikelihood, naturalLogarithm(2))
  }

  @Test func aVoteWithoutAVoiceForTheLabelHasAFiniteLikelihood() throws {
    let only = try member("a", [[0.9, 0.1]], labels: [1])
    let metrics = try Metrics(of: [only], rule: .majorityVote)
    #expect(metrics.negativeLogLikelihood == -Metrics.leastLogProbability)
    #expect(metrics.brierScore == 2)
    expectClose(Metrics.leastLogProbability, -149 * naturalLogarithm(2), within: 1e-12)
  }

  @Test func zerosRuleClassesOutUnlessNoneIsLeft() throws {
    let first = try member("a", [[1, 0, 0], [0.5, 0.5, 0]], labels: [0, 0])
    let second = try member("b", [[0, 1, 0], [0, 0.25, 0.75]], labels: [0, 0])
    let combined = try Predictions(combining: [first, second], name: "both")
    let probabilities = combined.withLogProbabilities { $0.map { exponential(Double($0)) } }
    for (actual, expected) in zip(probabilities, [0.5, 0.5, 0, 0, 1, 0]) {
      expectClose(actual, expected, within: 1e-6)
    }
    let metrics = try Metrics(of: [first, second])
    #expect(metrics.top1Accuracy == 0.5)
    expectClose(
      metrics.negativeLogLikelihood, (naturalLogarithm(2) - Metrics.leastLogProbability) / 2)
  }

  @Test func calibrationBinsHoldTheirUpperEdge() {
    for bin in 0..<15 {
      let upper = Double(bin + 1) / 15
      #expect(MetricSums.bin(ofConfidence: upper) == bin)
      #expect(MetricSums.bin(ofConfidence: upper.nextUp) == min(bin + 1, 14))
      #expect(MetricSums.bin(ofConfidence: upper.nextDown) == bin)
    }
    #expect(MetricSums.bin(ofConfidence: 0) == 0)
  }

  @Test func diversity() throws {
    let expected = try Expected.load()
    let diversity = try Diversity(fixtureMembers())
    #expect(diversity.members == (0..<6).map { "\($0 < 4 ? "small" : "large")-\($0)" })
    for row in 0..<6 {
      for column in 0..<6 {
        expectClose(diversity.disagreement[row][column], expected.disagreement[row][column])
        expectClose(diversity.doubleFault[row][column], expected.doubleFault[row][column])
      }
    }
  }
}
