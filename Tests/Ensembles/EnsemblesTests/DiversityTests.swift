import Randomness
import Testing

@testable import Decisions
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

  @Test(arguments: [(0.05, 0.1, 0.7), (0, 0.3, 1), (0.2, 0.02, 1.6)])
  func powerLawsAreFound(limit: Double, amplitude: Double, exponent: Double) {
    for count in [3, 5, 9] {
      let errors = (1...count).map { limit + amplitude * power(Double($0), -exponent) }
      let law = PowerLaw(fittedTo: errors)
      expectClose(law.limit, limit, within: 1e-6)
      expectClose(law.amplitude, amplitude, within: 1e-6)
      expectClose(law.exponent, exponent, within: 1e-5)
      expectClose(law(2 * count), limit + amplitude * power(Double(2 * count), -exponent))
    }
    #expect(PowerLaw(fittedTo: [0.1]) == PowerLaw(fittedTo: [0.1]))
    expectClose(PowerLaw(fittedTo: [0.1, 0.1, 0.1, 0.1])(9), 0.1)
    // Errors that rise are a law that stays.
    expectClose(PowerLaw(fittedTo: [0.1, 0.2, 0.3])(9), 0.2)
    expectClose(PowerLaw(fittedTo: [0.3, 0.2])(1), 0.3)
  }

  /// As `scipy.optimize.curve_fit(f, [1, 2, 3, 4, 5, 6], errors, p0=[0.1, 0.1, 1])` of SciPy 1.17.1, where
  /// `f = lambda n, a, b, c: a + b * n ** -c`.
  @Test func leastSquaresOfErrorsWithNoise() {
    let law = PowerLaw(fittedTo: [0.301, 0.242, 0.2235, 0.209, 0.2045, 0.1975])
    expectClose(law.limit, 0.1678675, within: 1e-5)
    expectClose(law.amplitude, 0.1329882, within: 1e-5)
    expectClose(law.exponent, 0.8230182, within: 1e-4)
  }

  /// Members of one kind: what all of them share, and noise of their own.
  private func alike(_ count: Int, seed: UInt64) throws -> [Predictions] {
    var generator = RandomStream(seed: seed)
    let labels = (0..<1500).map { _ in Int64(generator.integer(below: 4)) }
    func noise() -> Double { (0..<4).reduce(-2) { sum, _ in sum + generator.unitInterval() } }
    let shared = labels.map { label in (0..<4).map { noise() + (Int64($0) == label ? 0.9 : 0) } }
    return try (0..<count).map { index in
      let rows = shared.map { row in
        let weights = row.map { exponential(2 * ($0 + noise())) }
        return weights.map { $0 / weights.reduce(0, +) }
      }
      return try member("m\(index)", rows, labels: labels)
    }
  }

  /// Forecasts from four members of what five to eight do, for several sets of eight.
  @Test func forecastsHoldWhatHeldBackMembersBring() throws {
    var (inside, checks) = (0, 0)
    var widths: [Double] = []
    for seed in 0..<6 {
      let members = try alike(8, seed: UInt64(seed))
      let found = try Forecast.check(members, known: 4)
      #expect(found.map(\.forecast.memberCount) == [5, 6, 7, 8])
      for check in found {
        #expect(abs(check.forecast.accuracy - check.accuracy) < 0.04)
        widths.append(check.forecast.upperBound - check.forecast.lowerBound)
        inside += check.isInside ? 1 : 0
        checks += 1
      }
      let forecast = try Forecast(from: Array(members.prefix(4)))
      #expect(forecast.accuracies.count == 4 && forecast.points == found.map(\.forecast))
      for (n, accuracy) in forecast.accuracies.enumerated() {
        let scores = try SubsetScores(of: Array(members.prefix(4)), sizes: n + 1...n + 1)
        let mean = scores.top1Accuracies.reduce(0, +) / Double(scores.subsets.count)
        expectClose(accuracy, mean)
      }
    }
    #expect(Double(inside) >= 0.8 * Double(checks), "\(inside) of \(checks)")
    // An interval of everything would hold everything.
    #expect(widths.median < 0.1, "\(widths)")
  }

  @Test func tooFewMembersTellNothing() throws {
    let members = try decisionMembers("test")
    #expect(throws: EnsembleError.self) { try Forecast(from: Array(members.prefix(2))) }
    #expect(try Forecast(from: Array(members.prefix(3))).points.map(\.memberCount) == [4, 5, 6])
    for known in [-1, 2, 5, 6] {
      #expect(throws: EnsembleError.self) { try Forecast.check(members, known: known) }
    }
    #expect(throws: EnsembleError.self) { try Forecast.check([], known: 3) }
    #expect(try Forecast.check(members, known: 3).map(\.forecast.memberCount) == [4, 5])
  }
}
