import EnsembleTestSupport
import Files
import Schemas
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct FrontierTests {
  /// Every point and comparison under every rule, against brute force over the subsets in NumPy and statsmodels.
  @Test(arguments: CombinationRule.allCases) func pointsAndComparisons(_ rule: CombinationRule)
    throws
  {
    let expected = try #require(Expected.load().frontiers[rule.rawValue])
    let frontier = try Frontier.analyze(fixtureMembers(), rule: rule)
    #expect(frontier.split == "test" && frontier.fingerprint == "made-up")
    #expect(frontier.images == 90 && frontier.classes == 7 && frontier.rule == rule)
    #expect(frontier.curves.map(\.network) == ["small", "large"])
    for curve in frontier.curves {
      let points = try #require(expected.curves[curve.network])
      #expect(curve.points.map(\.memberCount) == Array(1...points.count))
      for (point, expected) in zip(curve.points, points) {
        expectClose(point.mean, expected.mean)
        expectClose(
          point.accuracy, point.memberCount == 1 ? expected.median : expected.mean.top1Accuracy)
        expectClose(point.top1StandardDeviation, expected.deviation)
        expectClose(point.top1Minimum, expected.minimum)
        expectClose(point.top1Maximum, expected.maximum)
        #expect(point.multiplyAccumulates == point.memberCount * curve.multiplyAccumulates)
        #expect(point.floatingPointOperations == 2 * point.multiplyAccumulates)
        #expect(point.parameters == point.memberCount * curve.parameters)
      }
    }
    #expect(frontier.comparisons.map(\.smallCount) == expected.comparisons.map(\.count))
    for (comparison, expected) in zip(frontier.comparisons, expected.comparisons) {
      expectClose(comparison.smallAccuracy, expected.smallAccuracy)
      expectClose(comparison.largeAccuracy, expected.largeAccuracy)
      expectClose(comparison.difference, expected.difference)
      expectClose(comparison.pairDifference, expected.pairDifference)
      expectClose(comparison.mcNemarPValue, expected.pValue)
      // SciPy's bootstrap draws other images; its ends differ by a few hundredths of the interval.
      let width = expected.high - expected.low
      expectClose(comparison.lowerBound, expected.low, within: 0.06 * width)
      expectClose(comparison.upperBound, expected.high, within: 0.06 * width)
    }
  }

  /// The interval for networks that are trained again holds that of the images alone, by as much as leaving each member out
  /// says.
  @Test func trainedAgain() throws {
    let members = try fixtureMembers()
    let frontier = try Frontier.analyze(members)
    for comparison in frontier.comparisons {
      let small = members.filter { $0.network == comparison.smallNetwork }
      let large = members.filter { $0.network == comparison.largeNetwork }
      guard comparison.smallCount < small.count else {
        #expect(comparison.trainingInterval == nil)
        continue
      }
      func variance(_ members: [Predictions], _ size: Int) throws -> Double {
        let means = try members.indices.map { left in
          let others = members.indices.filter { $0 != left }.map { members[$0] }
          return try SubsetScores(of: others, sizes: size...size).top1Accuracies.mean
        }
        let squares = means.reduce(0) { $0 + ($1 - means.mean) * ($1 - means.mean) }
        return squares * Double(means.count - 1) / Double(means.count)
      }
      let added = try variance(small, comparison.smallCount) + variance(large, 1)
      let interval = try #require(comparison.trainingInterval)
      let half = (interval.upperBound - interval.lowerBound) / 2
      expectClose((interval.upperBound + interval.lowerBound) / 2, comparison.difference)
      // The images' part is about that of the bootstrap's interval.
      let images = (comparison.upperBound - comparison.lowerBound) / 2 / 1.96
      let error = (images * images + added).squareRoot()
      #expect(half > 1.85 * error && half < 4.5 * error, "\(half) \(error)")
    }
    #expect(frontier.comparisons.contains { $0.trainingInterval != nil })
  }

  @Test func subsetsAreCountedAndSampled() throws {
    let members = try fixtureMembers()
    let all = try Frontier.analyze(members)
    #expect(all.curves[0].points.map(\.subsetCount) == [4, 6, 4, 1])
    #expect(all.curves[0].points.allSatisfy { !$0.isSampled })
    let some = try Frontier.analyze(members, maximumSubsets: 3)
    #expect(some.curves[0].points.map(\.subsetCount) == [3, 3, 3, 1])
    #expect(some.curves[0].points.map(\.isSampled) == [true, true, true, false])
    #expect(try Frontier.analyze(members, maximumSubsets: 3) == some)
    #expect(throws: EnsembleError.invalidSubsetLimit(0)) {
      try Frontier.analyze(members, maximumSubsets: 0)
    }
  }

  @Test func samplesHoldEachSubsetOnceAndEachAsOften() {
    var counts: [[Int]: Int] = [:]
    for seed in 0..<3000 {
      let sample = MemberSubsets(ofSize: 2, of: 5, limit: 4, seed: UInt64(seed))
      #expect(sample.isSampled && Set(sample.subsets).count == 4)
      for subset in sample.subsets { counts[subset, default: 0] += 1 }
    }
    #expect(counts.count == 10)
    // 1,200 expected of each, with a standard deviation of 27.
    #expect(counts.values.allSatisfy { abs($0 - 1200) < 135 })
    #expect(MemberSubsets(ofSize: 3, of: 6, limit: 20, seed: 0).subsets.count == 20)
    #expect(MemberSubsets(ofSize: 50, of: 100, limit: 7, seed: 0).subsets.count == 7)
    let sizes = (1...6).map { MemberSubsets(ofSize: $0, of: 6, limit: 99, seed: 0).subsets }
    #expect(Set(sizes.flatMap { $0 }).count == 63)
  }

  @Test func theParetoFrontierHoldsWhatNothingBeats() throws {
    let frontier = try Frontier.analyze(fixtureMembers())
    let points = frontier.curves.flatMap(\.points)
    for point in points {
      let isBeaten = points.contains { other in
        other.multiplyAccumulates <= point.multiplyAccumulates && other.accuracy >= point.accuracy
          && (other.multiplyAccumulates, other.accuracy)
            != (point.multiplyAccumulates, point.accuracy)
      }
      #expect(point.isOnParetoFrontier == !isBeaten)
    }
    #expect(points.contains { $0.isOnParetoFrontier })
  }

  @Test func membersOfOneNameOrOfTwoCostsAreRefused() throws {
    let first = try member("a", [[0.5, 0.5]], labels: [0])
    let heavier = try member("b", macs: 11, [[0.5, 0.5]], labels: [0])
    let larger = try member("c", parameters: 6, [[0.5, 0.5]], labels: [0])
    #expect(throws: EnsembleError.duplicateMember(name: "a", first: "a", second: "a")) {
      try Frontier.analyze([first, first])
    }
    for (other, difference) in [(heavier, "multiply-accumulates"), (larger, "parameters")] {
      let error = EnsembleError.differentCost(
        network: first.network, first: "a", second: other.name, difference: difference)
      #expect(throws: error) { try Frontier.analyze([first, other]) }
    }
  }

  /// A limit in time draws fewer ensembles of a size, and says how many; without any time, a few.
  @Test func secondsBoundTheCurves() throws {
    let labels = (0..<20).map { Int64($0 % 2) }
    let members = try (0..<6).map { index in
      try member(
        "m\(index)", network: "n", macs: 1,
        labels.map { ($0 == 0) != ((Int($0) + index) % 5 == 0) ? [0.7, 0.3] : [0.2, 0.8] },
        labels: labels)
    }
    let whole = try Frontier.analyze(members, maximumSubsets: 10)
    let enough = try Frontier.analyze(members, maximumSubsets: 10, seconds: 1e6)
    #expect(enough.subsetLimit == 10 && whole.subsetLimit == nil)
    #expect(enough.curves == whole.curves && enough.comparisons == whole.comparisons)
    let cut = try Frontier.analyze(members, maximumSubsets: 10, seconds: 1e-9)
    #expect(cut.subsetLimit == 4)
    #expect(cut.curves[0].points.map(\.subsetCount) == [4, 4, 4, 4, 4, 1])
    #expect(try Frontier(json: cut.readableJSON()) == cut)
  }

  @Test func aClearDifferenceIsAVerdict() throws {
    let labels = (0..<400).map { Int64($0 % 2) }
    func rows(rightUntil count: Int) -> [[Double]] {
      labels.indices.map { image in
        let right = image < count
        return (labels[image] == 0) == right ? [0.9, 0.1] : [0.1, 0.9]
      }
    }
    func verdict(small: Int, large: Int) throws -> Frontier.Comparison {
      let members = try [
        member("s0", network: "s", macs: 1, rows(rightUntil: small), labels: labels),
        member("s1", network: "s", macs: 1, rows(rightUntil: small), labels: labels),
        member("l0", network: "l", macs: 2, rows(rightUntil: large), labels: labels),
      ]
      return try #require(Frontier.analyze(members).comparisons.first)
    }
    let better = try verdict(small: 380, large: 300)
    #expect(better.verdict == .better && better.mcNemarPValue < 1e-6)
    #expect(better.smallMultiplyAccumulates == 2 && better.largeMultiplyAccumulates == 2)
    #expect(try verdict(small: 300, large: 380).verdict == .worse)
    let same = try verdict(small: 300, large: 300)
    #expect(same.verdict == .undecided && same.mcNemarPValue == 1 && same.difference == 0)
  }

  /// An interval alone does not decide where the one pair of members shows another picture.
  @Test(arguments: [
    (0.02, 0.001, Frontier.Verdict.better), (0.02, 0.2, .undecided), (-0.02, 0.001, .undecided),
  ])
  func theOnePairMustAgree(difference: Double, pValue: Double, expected: Frontier.Verdict) {
    let verdict = Frontier.Verdict(0.01...0.03, pairDifference: difference, pValue: pValue)
    #expect(verdict == expected)
    let mirrored = Frontier.Verdict(
      (-0.03)...(-0.01), pairDifference: -difference, pValue: pValue)
    #expect(mirrored == (expected == .better ? .worse : .undecided))
  }

  @Test func jsonAndCSV() throws {
    let frontier = try Frontier.analyze(fixtureMembers())
    #expect(try Frontier(json: frontier.readableJSON()) == frontier)
    #expect(try frontier.readableJSON() == Frontier.analyze(fixtureMembers()).readableJSON())
    let lines = frontier.csv().split(separator: "\n")
    #expect(lines.count == 7)
    let fields = lines.map { $0.split(separator: ",") }
    #expect(fields.allSatisfy { $0.count == 17 })
    #expect(fields[0].prefix(4) == ["network", "members", "macs", "flops"])
    #expect(fields[2].prefix(7) == ["small", "2", "200", "400", "20", "6", "false"])
    #expect(Double(fields[2][7]) == frontier.curves[0].points[1].accuracy)
    let odd = try member("a", network: "a,\"b\"", [[1]], labels: [0])
    #expect(try Frontier.analyze([odd]).csv().contains("\n\"a,\"\"b\"\"\",1,10,20,5,1,false,1.0"))
  }
}
