import EnsembleTestSupport
import Randomness
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

/// Few members, few images, ties and zeros; and what holds for any predictions.
@Suite struct DecisionEdgeTests {
  private func decide(
    _ names: [String], rows: (String, Int) -> [[Double]], images: Int,
    _ change: (inout Decision.Options) -> Void = { _ in }
  ) throws -> Decision {
    func set(_ split: String, _ place: Int) throws -> [Predictions] {
      let classes = rows(names[0], place)[0].count
      let labels = (0..<images).map { Int64(($0 + place) % classes) }
      return try names.map {
        try member($0, split: split, fingerprint: split, rows($0, place), labels: labels)
      }
    }
    var options = Decision.Options()
    change(&options)
    return try Decision(
      PredictionSets(holdOut: set("hold-out", 0), test: set("test", 1)), options: options)
  }

  @Test func aSingleMember() throws {
    let decision = try decide(["a"], rows: { _, _ in [[0.6, 0.4], [0.3, 0.7]] }, images: 2)
    #expect(decision.candidates.count == 1 && decision.rules == nil)
    #expect(decision.chosen == decision.reference && decision.deployed.members == ["a"])
    #expect(decision.candidates[0].isOnFrontier && decision.candidates[0].comparison == nil)
    #expect(try json(roundTrip(decision)) == json(decision))
  }

  @Test func oneImage() throws {
    for row in [[0.6, 0.4], [0.0, 1.0]] {
      let decision = try decide(["a", "b"], rows: { _, _ in [row] }, images: 1)
      #expect(decision.candidate(decision.chosen)?.kind == .single)
      #expect(try json(roundTrip(decision)) == json(decision))
    }
  }

  /// Where the hold-out shows no difference, nothing dearer than the best single model is taken, however sure it is.
  @Test(arguments: [1, 2, 4, 20]) func tiesGoToTheCheapest(_ images: Int) throws {
    func set(_ split: String, _ shift: Int) throws -> [Predictions] {
      let labels = (0..<images).map { Int64(($0 + shift) % 3) }
      return try [0.5, 0.7, 0.9].enumerated().map { place, peak in
        let rows = labels.enumerated().map { image, label in
          let sure = peak - 0.001 * Double(image)
          return (0..<3).map { $0 == Int(label) ? sure : (1 - sure) / 2 }
        }
        return try member(
          "m\(place)", network: "n\(place)", macs: 10 * (place + 1), parameters: 10,
          split: split, fingerprint: split, rows, labels: labels)
      }
    }
    let decision = try Decision(PredictionSets(holdOut: set("hold-out", 0), test: set("test", 1)))
    for answer in try #require(decision.answers) {
      #expect(decision.candidate(answer.candidate)?.members == ["m0"], "\(answer.question)")
    }
    #expect(decision.chosen == decision.reference)
  }

  /// Whatever the order in which members are given, the answers, their figures and what was tested are the same.
  @Test func theOrderOfMembersDecidesNothing() throws {
    let given = try candidateSets()
    let turned = try PredictionSets(
      holdOut: given.holdOut.reversed(), test: given.test.reversed(),
      shifted: given.shifted?.reversed(), latencies: given.latencies)
    let (first, second) = (try Decision(given), try Decision(turned))
    #expect(try json(first.answers) == json(second.answers))
    #expect(try json(first.promise) == json(second.promise))
    #expect(try json(first.crossFitting) == json(second.crossFitting))
    #expect(try json(first.candidates) == json(second.candidates))
    #expect(first.members?.map(\.name) == second.members?.map(\.name).reversed())
  }

  @Test func oneClass() throws {
    let decision = try decide(
      ["a", "b"], rows: { _, _ in [[1], [1], [1]] }, images: 3
    ) { $0.confidences = CascadeConfidence.allCases }
    #expect(decision.deployed.test.metrics.top1Accuracy == 1)
    #expect(decision.calibration.place == nil && !decision.calibration.isWorse)
    #expect(decision.candidates.allSatisfy { $0.kind != .cascade })
    #expect(try json(roundTrip(decision)) == json(decision))
  }

  /// Of two that are alike the first is taken, alone; the second is on no frontier.
  @Test func identicalMembers() throws {
    let rows = [[0.6, 0.4], [0.6, 0.4], [0.3, 0.7], [0.5, 0.5]]
    let decision = try decide(["a", "b"], rows: { _, _ in rows }, images: 4) {
      $0.confidences = CascadeConfidence.allCases
    }
    #expect(decision.reference == "single-1" && decision.chosen == "single-1")
    #expect(decision.candidates.filter(\.isOnFrontier).map(\.id) == ["single-1"])
    let other = try #require(decision.candidate("single-2")?.comparison)
    #expect(other.difference == 0 && other.mcNemarPValue == 1 && other.verdict == .undecided)
    // Equal weights are an ensemble that is there already.
    #expect(decision.candidates.allSatisfy { $0.kind != .greedy && $0.kind != .weighted })
  }

  @Test func zerosAreFinite() throws {
    let decision = try decide(
      ["a", "b", "c"],
      rows: { name, _ in
        switch name {
        case "a": [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [1, 0, 0]]
        case "b": [[0, 1, 0], [0.2, 0.3, 0.5], [0.2, 0.2, 0.6], [0.4, 0.4, 0.2]]
        default: [[0.9, 0.1, 0], [0, 0, 1], [0, 0, 1], [0.1, 0.9, 0]]
        }
      }, images: 4
    ) { $0.confidences = CascadeConfidence.allCases }
    #expect(decision.deployed.test.metrics.negativeLogLikelihood.isFinite)
    #expect(try json(roundTrip(decision)) == json(decision))
  }

  @Test(arguments: CombinationRule.allCases) func everyRule(_ rule: CombinationRule) throws {
    var options = Decision.Options()
    options.rule = rule
    options.minimumAccuracy = 0.75
    options.maximumStages = 2
    let sets = try candidateSets()
    let decision = try Decision(sets, options: options)
    let chosen = try #require(decision.candidate(decision.chosen))
    #expect(chosen.holdOut.metrics.top1Accuracy >= 0.75)
    for candidate in decision.candidates where ![.weighted, .greedy].contains(candidate.kind) {
      #expect(candidate.combination.rule == rule)
      let members = try Predictions.of(candidate.members, in: sets.test)
      let metrics = try candidate.combination.metrics(of: members)
      expectClose(metrics.top1Accuracy, candidate.test.metrics.top1Accuracy)
      // What is compared is what is reported.
      let builder = CandidateBuilder(sets: sets, options: options)
      let hits = try builder.correctness(of: candidate, in: sets.test).reduce(0, +)
      expectClose(hits / 310, candidate.test.metrics.top1Accuracy, "\(candidate.id)")
    }
    #expect(
      decision.deployed.holdOut.metrics.top1Accuracy >= chosen.holdOut.metrics.top1Accuracy)
  }

  // MARK: - Random predictions

  private struct Made {
    var generator: RandomStream
    let networks: [Int]

    init(seed: UInt64) {
      generator = RandomStream(seed: seed)
      networks = (0..<5).map { $0 < 3 ? 0 : 1 }
    }

    /// Members of two networks that are right more often than not; of few different confidences, for ties.
    mutating func members(_ split: String, images: Int) throws -> [Predictions] {
      let labels = (0..<images).map { _ in Int64(generator.integer(below: 3)) }
      return try networks.enumerated().map { place, network in
        let rows = labels.map { label -> [Double] in
          let peak = Double(5 + generator.integer(below: 5)) / 10
          let isRight = generator.unitInterval() < (network == 0 ? 0.6 : 0.75)
          let top = isRight ? Int(label) : generator.integer(below: 3)
          return (0..<3).map { $0 == top ? peak : (1 - peak) / 2 }
        }
        return try member(
          "m\(place)", network: "net-\(network)", macs: network == 0 ? 10 : 37,
          parameters: network == 0 ? 9 : 4, split: split, fingerprint: "\(split) \(images)", rows,
          labels: labels)
      }
    }
  }

  private func randomOptions(_ generator: inout RandomStream) -> Decision.Options {
    var options = Decision.Options()
    options.rule =
      CombinationRule.allCases[generator.integer(below: CombinationRule.allCases.count)]
    options.cost = CostMeasure.allCases[generator.integer(below: CostMeasure.allCases.count)]
    options.isSameNetworkOnly = generator.integer(below: 2) == 0
    options.maximumStages = 1 + generator.integer(below: 3)
    options.confidences = [CascadeConfidence.allCases[generator.integer(below: 4)]]
    options.maximumSubsets = [4, 1000][generator.integer(below: 2)]
    if generator.integer(below: 2) == 0 { options.maximumCost = 60 }
    if generator.integer(below: 2) == 0 { options.minimumAccuracy = 0.7 }
    if generator.integer(below: 2) == 0 { options.tolerance = 20 }
    return options
  }

  /// No candidate on a frontier is dominated on the hold-out, each that is not is on it or equals one, and what is
  /// chosen meets the goal and is the best that does; other test images choose the same.
  @Test(arguments: UInt64(0)..<16) func whatHoldsForAnyPredictions(_ seed: UInt64) throws {
    var made = Made(seed: seed)
    let holdOut = try made.members("hold-out", images: 60)
    let options = randomOptions(&made.generator)
    let latencies = Dictionary(
      uniqueKeysWithValues: holdOut.map { ($0.name, $0.network == "net-0" ? 11.0 : 23) })
    let decisions = try [50, 80].map { images in
      let test = try made.members("test", images: images)
      return try? Decision(
        PredictionSets(holdOut: holdOut, test: test, latencies: latencies), options: options)
    }
    guard let decision = decisions[0], let other = decisions[1] else {
      #expect(decisions.allSatisfy { $0 == nil } && options.minimumAccuracy != nil)
      return
    }
    #expect(decision.chosen == other.chosen && decision.reference == other.reference)
    #expect(decision.deployed.members == other.deployed.members)
    #expect(decision.deployed.combination == other.deployed.combination)
    #expect(decision.candidates.map(\.combination) == other.candidates.map(\.combination))
    #expect(decision.candidates.map(\.isOnFrontier) == other.candidates.map(\.isOnFrontier))
    try checkFrontiers(decision)
    try checkChoice(decision)
  }

  private func points(_ decision: Decision) throws -> [(cost: Double, accuracy: Double)] {
    try decision.candidates.map {
      (try #require($0.holdOut.cost[decision.options.cost]), $0.holdOut.metrics.top1Accuracy)
    }
  }

  private func checkFrontiers(_ decision: Decision) throws {
    let points = try points(decision)
    let all = Array(points.indices)
    let same = all.filter { [.single, .ensemble].contains(decision.candidates[$0].kind) }
    for (group, isMarked) in [
      (all, \Candidate.isOnFrontier), (same, \Candidate.isOnSameNetworkFrontier),
    ] {
      for index in group {
        let (cost, accuracy) = points[index]
        let isDominated = group.contains {
          points[$0].cost <= cost && points[$0].accuracy >= accuracy && points[$0] != points[index]
        }
        let isRepeated = group.contains { $0 < index && points[$0] == points[index] }
        let isOn = decision.candidates[index][keyPath: isMarked]
        #expect(isOn == (!isDominated && !isRepeated), "\(decision.candidates[index].id)")
      }
    }
    for candidate in decision.candidates where candidate.isOnFrontier {
      #expect((candidate.comparison == nil) == (candidate.id == decision.reference))
    }
  }

  private func checkChoice(_ decision: Decision) throws {
    let points = try points(decision)
    let options = decision.options
    let reference = try #require(
      decision.candidates.firstIndex { $0.id == decision.reference })
    let chosen = try #require(decision.candidates.firstIndex { $0.id == decision.chosen })
    let needed = options.minimumAccuracy ?? 0
    let budget = options.maximumCost ?? .infinity
    #expect(points[chosen].cost <= budget + 1e-6 && points[chosen].accuracy >= needed - 1e-9)
    #expect(decision.deployed.holdOut.metrics.top1Accuracy >= needed - 1e-9)
    let answers = try #require(decision.answers)
    #expect(answers.map(\.question) == Answer.Question.allCases)
    #expect(
      try #require(decision.candidate(answers[1].candidate)?.holdOut.cost[options.cost])
        <= points[reference].cost * (1 + 1e-9))
    if options.maximumCost == nil, options.minimumAccuracy == nil {
      #expect(decision.chosen == answers[0].candidate)
    } else if options.maximumCost == nil {
      for point in points where point.accuracy >= needed {
        #expect(points[chosen].cost <= point.cost)
      }
    }
  }
}
