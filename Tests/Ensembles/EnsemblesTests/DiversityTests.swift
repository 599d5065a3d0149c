import EnsembleTestSupport
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct DiversityTests {
  /// Against NumPy and scikit-learn.
  @Test func statisticsOfPairs() throws {
    let expected = try ExpectedDecisions.load()
    let diversity = try Diversity(decisionMembers("test"))
    for row in 0..<5 {
      for column in 0..<5 {
        expectClose(
          try #require(diversity.qStatistic[row][column]), expected.qStatistic[row][column])
        expectClose(
          try #require(diversity.errorCorrelation[row][column]),
          expected.errorCorrelation[row][column])
      }
    }
    #expect(try roundTrip(diversity) == diversity)
  }

  @Test func membersThatAreNeverWrongHaveNoCorrelation() throws {
    let right = try member("a", [[1, 0], [0, 1]], labels: [0, 1])
    let half = try member("b", [[1, 0], [1, 0]], labels: [0, 1])
    let diversity = try Diversity([right, half])
    #expect(diversity.qStatistic == [[nil, nil], [nil, 1]])
    #expect(diversity.errorCorrelation == [[nil, nil], [nil, 1]])
    #expect(try roundTrip(diversity) == diversity)
  }

  /// Against all sets of others in NumPy.
  @Test func whatEachMemberAdds() throws {
    let members = try decisionMembers("test")
    let expected = try ExpectedDecisions.load().added
    let found = try MemberContributions(of: members)
    #expect(!found.isSampled && found.contributions.map(\.member) == members.map(\.name))
    for (contribution, expected) in zip(found.contributions, expected) {
      expectClose(contribution.gainToAllOthers, expected.last)
      for (gain, expected) in zip(contribution.gains, expected.mean) { expectClose(gain, expected) }
    }
    let sum = found.contributions.reduce(0) { $0 + $1.shapleyValue }
    expectClose(sum, try Metrics(of: members).top1Accuracy)
    let some = try MemberContributions(of: members, maximumSubsets: 3)
    #expect(some.isSampled && some.contributions.count == 5)
    #expect(try MemberContributions(of: members, maximumSubsets: 3) == some)
    let one = try MemberContributions(of: [members[0]]).contributions
    expectClose(one[0].shapleyValue, try Metrics(of: [members[0]]).top1Accuracy)
    #expect(throws: EnsembleError.invalidSubsetLimit(0)) {
      try MemberContributions(of: members, maximumSubsets: 0)
    }
  }
}
