import EnsembleTestSupport
import Randomness
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Predictions
@testable import Statistics

@Suite struct ForecastTests {
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

  @Test func tooFewMembersAreRefused() throws {
    let members = try decisionMembers("test")
    let few = EnsembleError.invalidArgument(
      name: "the number of members", value: "2", expected: "at least 3")
    #expect(throws: few) { try Forecast(from: Array(members.prefix(2))) }
    #expect(try Forecast(from: Array(members.prefix(3))).points.map(\.memberCount) == [4, 5, 6])
    for (given, known) in [(members, -1), (members, 2), (members, 5), (members, 6), ([], 3)] {
      let error = EnsembleError.invalidArgument(
        name: "the number of known members", value: "\(known)",
        expected: "at least 3 and fewer than all \(given.count)")
      #expect(throws: error) { try Forecast.check(given, known: known) }
    }
    #expect(try Forecast.check(members, known: 3).map(\.forecast.memberCount) == [4, 5])
  }
}
