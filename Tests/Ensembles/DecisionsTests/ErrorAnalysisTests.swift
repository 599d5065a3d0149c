import EnsembleTestSupport
import Predictions
import Randomness
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles

/// Where what is deployed errs, beside the best single model.
@Suite struct ErrorAnalysisTests {
  private let names = ["ape", "bee", "cat", "dog", "elk"]

  /// A choice other than the best single model, so that there is something to compare.
  private func decision() throws -> (decision: Decision, sets: PredictionSets) {
    let sets = try candidateSets()
    var options = Decision.Options()
    options.maximumCost = 1000
    let decision = try Decision(sets, options: options)
    try #require(decision.chosen != decision.reference)
    return (decision, sets)
  }

  private func predicted(
    _ candidate: Candidate, in set: [Predictions]
  ) throws -> (classes: [Int], labels: [Int64]) {
    let combined = try candidate.combination.combine(
      Predictions.of(candidate.members, in: set), name: "combined")
    return (combined.predictedClasses(), combined.labels)
  }

  @Test func byClassIsWhatTheImagesSay() throws {
    var (decision, sets) = try decision()
    try decision.analyzeErrors(in: sets, classNames: names)
    let errors = try #require(decision.errors)
    #expect(errors.costs == nil && errors.decisionRule == .mostProbable)
    let single = try #require(decision.candidate(decision.reference))
    for (comparison, set) in [
      (errors.holdOut, sets.holdOut), (errors.test, sets.test),
      (try #require(errors.shifted), try #require(sets.shifted)),
    ] {
      let (own, labels) = try predicted(decision.deployed, in: set)
      let (other, _) = try predicted(single, in: set)
      #expect(comparison.images == labels.count && comparison.byGroup == nil)
      for (place, name) in names.enumerated() {
        let images = labels.indices.filter { labels[$0] == Int64(place) }
        let hits = images.count { own[$0] == place }
        let row = try #require(comparison.byClass.deployed.first { $0.name == name })
        #expect(row.images == images.count && row.hits == hits)
        let difference = try #require(comparison.byClass.differences.first { $0.name == name })
        #expect(difference.onlyFirst == images.count { own[$0] == place && other[$0] != place })
        #expect(difference.onlySecond == images.count { own[$0] != place && other[$0] == place })
      }
      #expect(comparison.byClass.absent.isEmpty)
      expectClose(
        comparison.deployed.balancedAccuracy,
        comparison.byClass.deployed.map(\.accuracy).reduce(0, +) / 5, within: 1e-12)
    }
    expectClose(errors.test.deployed.accuracy, decision.deployed.test.metrics.top1Accuracy)
    expectClose(errors.test.reference.accuracy, single.test.metrics.top1Accuracy)
    #expect(errors.test.deployed.confusion?.counts.reduce(0, +) == 310)
    #expect(errors.holdOut.deployed.confusion == nil)
    try expectSoundNumbers(decision)
    #expect(try json(roundTrip(decision)) == json(decision))
  }

  @Test func groupsStandBeside() throws {
    var (decision, sets) = try decision()
    let labels = (0..<310).map { ["x", "y", "z"][$0 % 3] }
    let groups = GroupFile.Sets(
      holdOut: nil, test: ImageGroups(labels: labels))
    try decision.analyzeErrors(in: sets, groups: groups)
    let errors = try #require(decision.errors)
    let byGroup = try #require(errors.test.byGroup)
    #expect(errors.holdOut.byGroup == nil && errors.shifted?.byGroup == nil)
    #expect(byGroup.deployed.map(\.name) == ["x", "y", "z"])
    #expect(byGroup.deployed.map(\.images) == [104, 103, 103])
    let (own, truth) = try predicted(decision.deployed, in: sets.test)
    let hits = (0..<3).map { group in
      own.indices.count { $0 % 3 == group && Int64(own[$0]) == truth[$0] }
    }
    #expect(byGroup.deployed.map(\.hits) == hits)
    #expect(byGroup.worst?.accuracy == byGroup.deployed.map(\.accuracy).min())
    #expect(errors.classNames == nil && errors.test.byClass.deployed[0].name == "class 0")
  }

  @Test func costsDecideWhereTheyAreLess() throws {
    var (decision, sets) = try decision()
    // Being wrong about class 2 is dear.
    let rows = (0..<5).map { label in
      (0..<5).map { $0 == label ? 0.0 : label == 2 ? 40 : 1 }
    }
    let table = try ErrorCosts(names: names, rows: rows)
    try decision.analyzeErrors(in: sets, costs: table, classNames: names)
    let errors = try #require(decision.errors)
    let costs = try #require(errors.costs)
    #expect(costs.rule == .leastExpectedCost && errors.decisionRule == .leastExpectedCost)
    #expect(costs.deployed.holdOut.leastExpectedCost < costs.deployed.holdOut.mostProbable)
    let members = try Predictions.of(decision.deployed.members, in: sets.test)
    let combined = try decision.deployed.combination.combine(members, name: "own")
    let found = table.decisions(of: combined)
    let mean = zip(found, combined.labels).map { rows[Int($1)][$0] }.reduce(0, +) / 310
    expectClose(costs.deployed.test.leastExpectedCost, mean)
    expectClose(
      costs.difference,
      costs.deployed.test.leastExpectedCost - costs.reference.test.leastExpectedCost)
    // The confusion matrix is of what is predicted: the dear class more often.
    let predictions = try #require(errors.test.deployed.confusion?.predictionCounts)
    #expect(predictions[2] == found.count { $0 == 2 })
    #expect(predictions[2] > combined.predictedClasses().count { $0 == 2 })
    #expect(costs.candidates.map(\.id) == decision.candidates.filter(\.isOnFrontier).map(\.id))
    try expectSoundNumbers(decision)
    #expect(try json(roundTrip(decision)) == json(decision))
  }

  /// What a choice by cost looks at: of every candidate, losses of 0 to 1, which are errors where all count alike.
  @Test func lossesOfCandidates() throws {
    let (decision, sets) = try decision()
    let builder = CandidateBuilder(sets: sets, options: decision.options)
    let rows = (0..<5).map { label in (0..<5).map { $0 == label ? 0.0 : 1 } }
    let equal = Objective.errorCosts(try ErrorCosts(names: names, rows: rows))
    for candidate in decision.candidates.prefix(8) + [
      try #require(decision.candidate(decision.chosen))
    ] {
      let errors = try builder.losses(of: candidate, by: .accuracy)
      expectClose(
        1 - errors.reduce(0, +) / 240, candidate.holdOut.metrics.top1Accuracy, "\(candidate.id)")
      #expect(try builder.losses(of: candidate, by: equal) == errors)
    }
  }

  @Test func otherClassesAreRefused() throws {
    var (decision, sets) = try decision()
    let table = try ErrorCosts(names: ["a", "b"], rows: [[0, 1], [1, 0]])
    #expect(throws: EnsembleError.self) { try decision.analyzeErrors(in: sets, costs: table) }
    #expect(throws: EnsembleError.self) {
      try decision.analyzeErrors(in: sets, classNames: ["a", "b"])
    }
    #expect(decision.errors == nil)
  }

  // MARK: - Few images

  enum Content: String, CaseIterable {
    case random, allRight, allWrong, identicalMembers, zerosAndOnes, oneClassAbsent,
      duplicatedImages
  }

  /// Three members' probabilities of three classes.
  private func sets(_ content: Content, images: Int) throws -> PredictionSets {
    var generator = RandomStream(seed: UInt64(images))
    func set(_ split: String) throws -> [Predictions] {
      let count = split == "hold-out" ? images : 30
      let labels = (0..<count).map { image -> Int64 in
        content == .duplicatedImages
          ? 1 : Int64(generator.integer(below: content == .oneClassAbsent ? 2 : 3))
      }
      func rows() -> [[Double]] {
        labels.map { label -> [Double] in
          let isRight =
            content == .allRight || (content != .allWrong && generator.unitInterval() < 0.7)
          let top = isRight ? Int(label) : (Int(label) + 1) % 3
          if content == .zerosAndOnes { return (0..<3).map { $0 == top ? 1 : 0 } }
          let peak = content == .duplicatedImages ? 0.6 : 0.5 + 0.4 * generator.unitInterval()
          return (0..<3).map { $0 == top ? peak : (1 - peak) / 2 }
        }
      }
      let first = rows()
      return try ["a", "b", "c"].enumerated().map { place, name in
        try member(
          name, macs: 10 + 7 * place, split: split, fingerprint: split,
          content == .identicalMembers || place == 0 ? first : rows(), labels: labels)
      }
    }
    return try PredictionSets(holdOut: set("hold-out"), test: set("test"))
  }

  @Test(arguments: Content.allCases, [1, 5, 20])
  func fewImagesGiveSoundNumbers(_ content: Content, _ images: Int) throws {
    let sets = try sets(content, images: images)
    let costs = try ErrorCosts(
      names: ["a", "b", "c"], rows: [[0, 1, 1], [1, 0, 1], [25, 1, -0.5]])
    for budget in [nil, 20.0, 1000] {
      var options = Decision.Options()
      options.maximumCost = budget
      options.confidences = CascadeConfidence.allCases
      var decision = try Decision(sets, options: options)
      let groups = GroupFile.Sets(
        holdOut: ImageGroups(labels: (0..<images).map { "\($0 % 2)" }),
        test: ImageGroups(labels: (0..<30).map { $0 == 7 ? "alone" : "others" }))
      for table in [nil, costs] {
        try decision.analyzeErrors(in: sets, groups: groups, costs: table)
        try expectSoundNumbers(decision, "\(content), \(images) images, \(budget ?? 0)")
      }
      let errors = try #require(decision.errors)
      #expect(errors.holdOut.byClass.worst != nil && errors.test.byGroup?.deployed.count == 2)
      if content == .oneClassAbsent { #expect(errors.test.byClass.absent == ["class 2"]) }
      if content == .identicalMembers || content == .allRight {
        #expect(errors.test.byClass.differences.allSatisfy { $0.difference == 0 && !$0.isShown })
      }
    }
  }
}
