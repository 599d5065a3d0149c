import EnsembleTestSupport
import Files
import Foundation
import Predictions
import Statistics
import TestSupport
import Testing

@testable import Ensembles

/// What `Fixtures/make_service.py` computed, image by image.
private struct ServiceFixture: Decodable {
  struct Reduction: Decodable {
    let missing: Int
    let combination: Combination
    let temperature: Double?
    let accuracy: [Double]
    let multiplyAccumulates: Double
  }

  let members: [Int]
  let combination: Combination
  let images: Int
  let accuracy: [Double]
  let exits: [Int]?
  let confidenceBounds: [Double]
  let confidences: [Int]
  let disagreements: Int
  let reductions: [Reduction]

  static func load() throws -> [ServiceFixture] {
    let file = try MappedFile(path: fixture("candidates/service.json"))
    return try JSONDecoder().decode([ServiceFixture].self, from: file.withBytes { Data($0) })
  }
}

@Suite struct ExpectedServiceTests {
  @Test func isWhatNumPyCounts() throws {
    let holdOut = try candidateMembers("hold-out")
    let fixtures = try ServiceFixture.load()
    #expect(fixtures.count == 10)
    for expected in fixtures {
      let comment: Comment = "\(expected.combination)"
      let members = expected.members.map { holdOut[$0] }
      let service = try ExpectedService(of: expected.combination, holdOut: members)
      #expect(service.images == expected.images, comment)
      check(service.accuracy, expected.accuracy, comment)
      #expect(service.answers.exits == expected.exits, comment)
      #expect(service.answers.confidences == expected.confidences, comment)
      #expect(service.answers.disagreements == expected.disagreements, comment)
      #expect(service.answers.confidenceBounds.count == expected.confidenceBounds.count)
      for (bound, other) in zip(service.answers.confidenceBounds, expected.confidenceBounds) {
        expectClose(bound, other, within: 1.1e-6, comment)
      }
      #expect(
        service.reductions.map(\.missing) == expected.reductions.map { [holdOut[$0.missing].name] })
      for (reduction, other) in zip(service.reductions, expected.reductions) {
        check(reduction, other, comment)
      }
      let costs = members.map { (name: $0.name, multiplyAccumulates: $0.multiplyAccumulates) }
      #expect(service.fault(members: costs, combination: expected.combination) == nil, comment)
      #expect(try roundTrip(service) == service, comment)
    }
  }

  private func check(_ share: MeasuredShare, _ expected: [Double], _ comment: Comment) {
    expectClose(share.value, expected[0], comment)
    expectClose(share.interval.lowerBound, expected[1], comment)
    expectClose(share.interval.upperBound, expected[2], comment)
  }

  private func check(
    _ reduction: ReducedService, _ expected: ServiceFixture.Reduction, _ comment: Comment
  ) {
    check(reduction.accuracy, expected.accuracy, comment)
    expectClose(reduction.multiplyAccumulates, expected.multiplyAccumulates, comment)
    var combination = reduction.combination
    #expect((combination.temperature == nil) == (expected.temperature == nil), comment)
    if let temperature = combination.temperature, let other = expected.temperature {
      expectClose(temperature, other, within: 1e-4, comment)
    }
    combination.temperature = nil
    for (weight, other) in zip(combination.weights ?? [], expected.combination.weights ?? []) {
      expectClose(weight, other, comment)
    }
    #expect(combination.weights?.count == expected.combination.weights?.count, comment)
    combination.weights = expected.combination.weights
    #expect(combination == expected.combination, comment)
  }

  /// Answers that are all sure, that are few, and of which many are sure.
  @Test func binsKeepEqualConfidencesTogether() {
    #expect(AnswerCounts.bounds(of: [Double](repeating: 1, count: 1000)).isEmpty)
    #expect(AnswerCounts.bounds(of: [0.7]).isEmpty)
    #expect(AnswerCounts.bounds(of: [0.7, 0.9]).map { ($0 * 1e6).rounded() } == [800_000])
    // What rounding alone tells apart is equal.
    #expect(AnswerCounts.bounds(of: [1, 1 - 1e-7, 1 - 2e-7, 1]).isEmpty)
    // Of a thousand, 700 are sure: the others' bins are of a hundred, and one has all of these.
    let some = (0..<300).map { 0.3 + Double($0) * 0.001 }
    let confidences = some.shuffled() + [Double](repeating: 1, count: 700)
    let bounds = AnswerCounts.bounds(of: confidences)
    #expect(bounds.count == 3)
    for (bound, expected) in zip(bounds, [0.3995, 0.4995, 0.7995]) {
      expectClose(bound, expected, within: 1e-9)
    }
    let even = AnswerCounts.bounds(of: (0..<1000).map { Double($0) / 1000 })
    #expect(even.count == 9)
    for (place, bound) in even.enumerated() {
      expectClose(bound, 0.1 * Double(place + 1) - 0.0005, within: 1e-9)
    }
  }

  @Test func boundsAreOfTheBinAbove() {
    let counts = AnswerCounts(
      exits: nil, confidenceBounds: [0.25, 0.5, 0.75], confidences: [0, 0, 0, 0],
      disagreements: 0)
    let places = [0, 0.24, 0.25, 0.4, 0.5, 0.74, 0.75, 1].map { counts.bin(ofConfidence: $0) }
    #expect(places == [0, 0, 1, 1, 2, 2, 3, 3])
    let none = AnswerCounts(
      exits: nil, confidenceBounds: [], confidences: [0], disagreements: 0)
    #expect(none.bin(ofConfidence: 1) == 0)
  }

  /// Where all is right, and sure, and where all is wrong.
  @Test func holdOutsWithoutErrors() throws {
    let members = try [
      member("a", [[1, 0], [1, 0]], labels: [0, 0]),
      member("b", [[1, 0], [1, 0]], labels: [0, 0]),
    ]
    let service = try ExpectedService(of: Combination(), holdOut: members)
    #expect(service.accuracy.value == 1 && service.accuracy.interval.upperBound == 1)
    #expect(service.answers.confidences == [2] && service.answers.disagreements == 0)
    #expect(service.reductions.map(\.combination) == [Combination(), Combination()])
    #expect(service.reductions.map(\.multiplyAccumulates) == [10, 10])
    let wrong = try [
      member("a", [[1, 0], [1, 0]], labels: [1, 1]),
      member("b", [[0, 1], [1, 0]], labels: [1, 1]),
    ]
    let worse = try ExpectedService(of: Combination(rule: .majorityVote), holdOut: wrong)
    #expect(worse.accuracy.value == 0 && worse.answers.disagreements == 1)
    #expect(worse.reductions.map(\.accuracy.value) == [0.5, 0])
    #expect(worse.reductions.allSatisfy { $0.combination == Combination(rule: .majorityVote) })
    #expect(throws: EnsembleError.noMembers) {
      try ExpectedService(of: Combination(), holdOut: [])
    }
    #expect(throws: EnsembleError.self) {
      try ExpectedService(of: Combination(weights: [1]), holdOut: members)
    }
    #expect(throws: EnsembleError.self) {
      try ExpectedService(of: Combination(), holdOut: [members[0], members[0]])
    }
  }

  @Test func manyMembersHaveNoReductions() throws {
    let count = ExpectedService.mostReducedMembers
    for count in [count, count + 1] {
      let members = try (0..<count).map { try member("\($0)", [[0.6, 0.4]], labels: [0]) }
      let service = try ExpectedService(of: Combination(), holdOut: members)
      #expect(service.reductions.count == (count > 64 ? 0 : 64))
    }
  }
}

@Suite struct LostMemberTests {
  private static func cascade(_ thresholds: [Double?]) -> CascadeStops {
    CascadeStops(confidence: .margin, confidenceThresholds: thresholds)
  }

  @Test func othersKeepWhatIsTheirs() {
    let whole = Combination(
      rule: .arithmeticMean, memberTemperatures: [1, 2, 3, 4],
      cascade: Self.cascade([0.1, nil, 0.3]), temperature: 5)
    let expected: [([Double], [Double?])] = [
      ([2, 3, 4], [nil, 0.3]), ([1, 3, 4], [0.1, 0.3]), ([1, 2, 4], [0.1, nil]),
      ([1, 2, 3], [0.1, nil]),
    ]
    for (place, (temperatures, thresholds)) in expected.enumerated() {
      #expect(
        whole.withoutMember(at: place, of: 4)
          == Combination(
            rule: .arithmeticMean, memberTemperatures: temperatures,
            cascade: Self.cascade(thresholds)))
    }
  }

  @Test func oneThatIsLeftIsAlone() {
    let pair = Combination(
      memberTemperatures: [1, 2], cascade: Self.cascade([0.5]), temperature: 3)
    #expect(pair.withoutMember(at: 0, of: 2) == Combination(memberTemperatures: [2]))
    #expect(pair.withoutMember(at: 1, of: 2) == Combination(memberTemperatures: [1]))
    let weighted = Combination(weights: [0.25, 0.75])
    #expect(weighted.withoutMember(at: 1, of: 2) == Combination())
  }

  @Test func weightsAreSharedOutAnew() {
    let whole = Combination(weights: [0.5, 0.25, 0.25])
    #expect(whole.withoutMember(at: 0, of: 3) == Combination(weights: [0.5, 0.5]))
    let others = whole.withoutMember(at: 2, of: 3)?.weights ?? []
    #expect(others.count == 2)
    for (weight, expected) in zip(others, [0.666666666667, 0.333333333333]) {
      expectClose(weight, expected)
    }
    let one = Combination(weights: [0, 1, 0])
    #expect(one.withoutMember(at: 1, of: 3) == nil)
    #expect(one.withoutMember(at: 0, of: 3) == Combination(weights: [1, 0]))
    #expect(Combination(weights: [0, 1]).withoutMember(at: 1, of: 2) == nil)
  }
}
