import EnsembleTestSupport
import Files
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct RuleTests {
  /// Against SciPy's general solver.
  @Test func weightsAreTheOptimum() throws {
    let expected = try ExpectedDecisions.load()
    let holdOut = try decisionMembers("hold-out")
    let fitted = try WeightedGeometricMean(fittedTo: holdOut)
    #expect(fitted.members == ["m0", "m1", "m2", "m3", "m4"])
    #expect(fitted.validation == holdOut[0].identity)
    expectClose(fitted.weights.reduce(0, +), 1, within: 1e-12)
    for (weight, expected) in zip(fitted.weights, expected.weights) {
      expectClose(weight, expected, within: 1e-5)
      #expect(weight >= 0)
    }
    expectClose(fitted.negativeLogLikelihood, expected.weightedLikelihood, within: 1e-9)
    #expect(fitted.negativeLogLikelihood <= expected.weightedLikelihood + 1e-12)
    let test = try fitted.combine(decisionMembers("test").reversed(), name: "w")
    expectClose(try Metrics(of: [test]).negativeLogLikelihood, expected.weightedTest, within: 1e-6)
    #expect(
      test.multiplyAccumulates
        == fitted.weights.enumerated().reduce(0) {
          $0 + ($1.element > 0 ? [100, 140, 200, 300, 700][$1.offset] : 0)
        })
    #expect(try WeightedGeometricMean(fittedTo: holdOut) == fitted)
  }

  /// No weights near by are better, whatever the members: equal ones, ones with zeros, a single one.
  @Test func noWeightsNearByAreBetter() throws {
    let holdOut = try decisionMembers("hold-out")
    let twin = try Predictions(combining: [holdOut[2]], name: "twin")
    let zeros = try member(
      "z", fingerprint: holdOut[0].fingerprint,
      holdOut[0].labels.enumerated().map { image, label in
        (0..<6).map { Int64($0) == (image % 3 == 0 ? (label + 1) % 6 : label) ? 1 : 0 }
      }, labels: holdOut[0].labels)
    let other = try Predictions(
      name: zeros.name, network: "z", multiplyAccumulates: 1, parameters: 1, split: "hold-out",
      fingerprint: holdOut[0].fingerprint,
      logProbabilities: zeros.withLogProbabilities { Array($0) }, labels: zeros.labels, classes: 6)
    for members in [
      [holdOut[2], twin, holdOut[4]], [holdOut[0], other, holdOut[1]], [holdOut[3]],
    ] {
      let fitted = try WeightedGeometricMean(fittedTo: members)
      let equal = Array(repeating: 1 / Double(members.count), count: members.count)
      let likelihood = DrawnLikelihood(members, start: equal)
      let best = likelihood(fitted.weights).drawn.value
      for first in members.indices {
        for second in members.indices where fitted.weights[second] > 0 {
          var weights = fitted.weights
          let amount = min(weights[second], 1e-3)
          weights[first] += amount
          weights[second] -= amount
          #expect(likelihood(weights).drawn.value >= best - 1e-12)
        }
      }
    }
  }

  @Test func derivativesAreThoseOfTheLikelihood() throws {
    let members = try decisionMembers("test")
    let weights = [0.3, 0.1, 0.2, 0.25, 0.4]
    let exact = WeightedLikelihood(members, weights: weights)
    for index in weights.indices {
      var (up, down) = (weights, weights)
      up[index] += 1e-5
      down[index] -= 1e-5
      let above = WeightedLikelihood(members, weights: up)
      let below = WeightedLikelihood(members, weights: down)
      expectClose((above.value - below.value) / 2e-5, exact.gradient[index], within: 1e-8)
      for other in weights.indices {
        let slope = (above.gradient[other] - below.gradient[other]) / 2e-5
        expectClose(slope, exact.hessian[index][other], within: 1e-7)
      }
    }
  }

  /// Against the loop written out in NumPy.
  @Test func greedySelections() throws {
    let holdOut = try decisionMembers("hold-out")
    for expected in try ExpectedDecisions.load().greedy {
      let found = try GreedySelection(
        from: holdOut, roundCount: 12, measure: expected.measure, rule: expected.rule)
      #expect(found.rounds == expected.rounds && found.chosenRounds == expected.length)
      for (score, expected) in zip(found.scores, expected.scores) { expectClose(score, expected) }
      let counts = found.members.map(\.count)
      #expect(counts.reduce(0, +) == expected.length)
      let combined = try found.combine(holdOut, name: "g")
      let metrics = try Metrics(of: [combined])
      let score =
        expected.measure == .top1Accuracy ? metrics.top1Accuracy : metrics.negativeLogLikelihood
      expectClose(score, expected.scores[expected.length - 1], within: 1e-6)
      #expect(
        combined.multiplyAccumulates
          == found.members.reduce(0) { sum, member in
            sum + (holdOut.first { $0.name == member.name }?.multiplyAccumulates ?? 0)
          })
    }
    let none = EnsembleError.invalidArgument(
      name: "the number of rounds", value: "0", expected: "at least 1")
    #expect(throws: none) { try GreedySelection(from: holdOut, roundCount: 0) }
  }

  /// Estimates err by less than what is allowed for, also where members rule classes out, and labels.
  @Test func lossesAreEstimated() throws {
    var generator = RandomStream(seed: 12)
    let (images, classes) = (300, 37)
    let labels = (0..<images).map { _ in Int64(generator.integer(below: classes)) }
    let members = try (0..<5).map { place in
      let rows = labels.map { label -> [Double] in
        let raw = (0..<classes).map { c in
          generator.unitInterval() < 0.05 * Double(place)
            ? 0 : exponential(12 * generator.unitInterval() + (c == Int(label) ? 3 : 0))
        }
        let total = raw.reduce(0, +)
        return raw.map { $0 / total }
      }
      return try member("m\(place)", rows, labels: labels)
    }
    for rounds in [[], [0], [4, 0, 0, 2], Array(repeating: 1, count: 30) + [3, 4]] as [[Int]] {
      let found = GreedySelection.estimatedLosses(members, adding: rounds)
      let exact = SubsetEvaluator(
        members: members, rule: .geometricMean, subsets: members.indices.map { rounds + [$0] }
      ).metrics().map(\.negativeLogLikelihood)
      for (found, exact) in zip(found, exact) {
        #expect(abs(found - exact) < GreedySelection.estimateError)
      }
    }
  }
}
