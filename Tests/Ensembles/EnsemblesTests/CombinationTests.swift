import EnsembleTestSupport
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct CombinationTests {
  @Test func combinesAsNumPyDoes() throws {
    let expected = try ExpectedCandidates.load().combinations
    let members = try [0, 3, 5].map { try candidateMembers("test")[$0] }
    let combinations = [
      "weights": Combination(weights: [0.5, 0.3, 0.2]),
      "memberTemperatures": Combination(memberTemperatures: [1.7, 0.6, 2.2]),
      "temperature": Combination(temperature: 1.4),
      "arithmeticMean": Combination(rule: .arithmeticMean),
      "both": Combination(
        weights: [0.5, 0.3, 0.2], memberTemperatures: [1.7, 0.6, 2.2], temperature: 0.8),
    ]
    #expect(Set(combinations.keys) == Set(expected.keys))
    for (name, combination) in combinations {
      let rows = try #require(expected[name])
      let combined = try combination.combine(members, name: name)
      #expect(combined.name == name && combined.multiplyAccumulates == 830)
      combined.withLogProbabilities { values in
        for (place, value) in rows.joined().enumerated() {
          expectClose(Double(values[place]), value, within: 1e-6, "\(name)")
        }
      }
      let metrics = try combination.metrics(of: members)
      expectClose(metrics, try Metrics(of: [combined]))
    }
  }

  /// What is evaluated without keeping predictions has the bits of what is kept.
  @Test(arguments: CombinationRule.allCases)
  func evaluatesAsWhatIsKept(_ rule: CombinationRule) throws {
    let members = try [0, 3, 5].map { try candidateMembers("test")[$0] }
    var combinations = [
      Combination(rule: rule), Combination(rule: rule, temperature: 1.4),
      Combination(rule: rule, memberTemperatures: [1.7, 0.6, 2.2]),
    ]
    for confidence in CascadeConfidence.allCases {
      for thresholds in [[0.6, 0.7], [nil, 0.8], [0.5, nil]] as [[Double?]] {
        let stops = CascadeStops(
          confidence: confidence,
          confidenceThresholds: thresholds.map { $0.map { confidence == .entropy ? -$0 : $0 } })
        combinations.append(Combination(rule: rule, cascade: stops))
      }
    }
    if rule == .geometricMean { combinations.append(Combination(weights: [0.5, 0.3, 0.2])) }
    for combination in combinations {
      let found = try combination.evaluate(members)
      let kept = try combination.combine(members, name: "kept")
      #expect(try found.metrics == Metrics(of: [kept]))
      #expect(found.isRight == zip(kept.predictedClasses(), kept.labels).map { $0 == Int($1) })
      #expect(try combination.rightImages(members) == found.isRight)
    }
  }

  @Test func metricsOfEveryEnsemble() throws {
    let (holdOut, test) = (try candidateMembers("hold-out"), try candidateMembers("test"))
    for subset in try ExpectedCandidates.load().subsets {
      for (set, expected) in [(holdOut, subset.holdOut), (test, subset.test)] {
        let metrics = try Combination().metrics(of: subset.members.map { set[$0] })
        expectClose(metrics.top1Accuracy, expected[0])
        expectClose(metrics.negativeLogLikelihood, expected[1], within: 1e-6)
      }
    }
  }

  /// Fixed thresholds, image by image in NumPy.
  @Test func cascadesOnTheTestImages() throws {
    let test = try candidateMembers("test")
    let latencies = try ExpectedCandidates.load().latencies
    for expected in try ExpectedCandidates.load().cascades {
      let comment: Comment = "\(expected.rule), \(expected.confidence), \(expected.thresholds)"
      let members = expected.members.map { test[$0] }
      // NumPy writes "no image stops" as a share above 1.
      let thresholds = expected.thresholds.map { $0.flatMap { $0 > 1 ? nil : $0 } }
      let combination = Combination(
        rule: expected.rule,
        cascade: CascadeStops(
          confidence: expected.confidence, confidenceThresholds: thresholds))
      let combined = try combination.combine(members, name: "cascade")
      let metrics = try combination.metrics(of: members)
      expectClose(metrics.top1Accuracy, expected.accuracy, comment)
      expectClose(
        metrics.negativeLogLikelihood, expected.negativeLogLikelihood, within: 1e-6, comment)
      expectClose(Double(combined.multiplyAccumulates), expected.cost, within: 0.501, comment)
      let exits = try combination.exits(members)
      #expect(exits.prefix(expected.exits.count) == expected.exits[...], comment)
      let cost = Cost(
        ofCascade: members, exitFractions: expected.exitFractions,
        latencies: members.compactMap { latencies[$0.name] })
      expectClose(cost.multiplyAccumulates, expected.cost, comment)
      for measure in [CostMeasure.latency, .parallelLatency] {
        expectClose(try #require(cost[measure]), expected.latency, within: 1e-9, comment)
      }
      for (stage, share) in expected.exitFractions.enumerated() {
        expectClose(Double(exits.count { $0 == stage }) / Double(exits.count), share, comment)
      }
      // Member by member, each image with those that it comes to: as all at once.
      for stage in members.indices {
        let stops = try combination.stops(
          after: Array(members[...stage]), isLast: stage == members.count - 1)
        for (image, stop) in stops.enumerated() where exits[image] >= stage {
          #expect(stop == (exits[image] == stage), comment)
        }
      }
    }
  }

  /// Where images stop follows from rough sums, but at a threshold itself, and a hair beside it, from exact ones.
  @Test func imagesStopAtTheThresholdItself() throws {
    let members = try decisionMembers("test")
    let stages = StageStatistics.of(
      Array(members.dropLast()), rule: .geometricMean, measure: .maximumProbability)
    for image in stride(from: 0, to: members[0].count, by: 7) {
      let sure = stages.map { $0.confidence[image] }
      for thresholds in [sure, sure.map(\.nextUp), sure.map(\.nextDown)] {
        let combination = Combination(
          cascade: CascadeStops(
            confidence: .maximumProbability,
            confidenceThresholds: thresholds.enumerated().map { $0 == 1 ? nil : $1 }))
        let expected = (0..<members[0].count).map { image in
          stages.indices.first { $0 != 1 && stages[$0].confidence[image] >= thresholds[$0] }
            ?? members.count - 1
        }
        #expect(try combination.exits(members) == expected)
      }
    }
  }

  @Test(arguments: [CombinationRule.geometricMean, .arithmeticMean, .majorityVote])
  func aCascadeReportsTheSame(_ rule: CombinationRule) throws {
    let (holdOut, test) = (try candidateMembers("hold-out"), try candidateMembers("test"))
    for confidence in CascadeConfidence.allCases {
      for goal in [Cascade.Goal.cost(atMost: 300), .accuracy(atLeast: 0.7)] {
        let cascade = try Cascade(
          of: [0, 1, 4, 5].map { holdOut[$0] }, rule: rule, confidence: confidence, goal: goal)
        for (set, outcome) in [(holdOut, cascade.holdOut), (test, try cascade.report(on: test))] {
          let members = try Predictions.of(cascade.stages.map(\.member), in: set)
          let metrics = try cascade.combination.metrics(of: members)
          expectClose(metrics.top1Accuracy, outcome.accuracy, "\(rule), \(confidence)")
          let exits = try cascade.combination.exits(members)
          let fractions = members.indices.map { stage in
            Double(exits.count { $0 == stage }) / Double(exits.count)
          }
          #expect(fractions == outcome.exitFractions)
          let cost = Cost(ofCascade: members, exitFractions: fractions, latencies: nil)
          expectClose(cost.multiplyAccumulates, outcome.expectedMultiplyAccumulates)
        }
      }
    }
  }

  /// Votes that tie are ranked as `CombinationRule.majorityVote` has it, with a temperature too.
  @Test func votesPredictWhatTheRuleDoes() throws {
    let members = try candidateMembers("test")
    for count in 2...4 {
      let voters = Array(members.prefix(count))
      let expected = try Metrics(of: voters, rule: .majorityVote)
      for temperature in [nil, 0.4, 30] {
        let combination = Combination(rule: .majorityVote, temperature: temperature)
        let combined = try combination.combine(voters, name: "vote")
        let hits = zip(combined.predictedClasses(), combined.labels).count { $0 == Int($1) }
        expectClose(Double(hits) / Double(combined.count), expected.top1Accuracy)
        expectClose(try combination.metrics(of: voters).top1Accuracy, expected.top1Accuracy)
      }
      let plain = try Combination(rule: .majorityVote).metrics(of: voters)
      #expect(plain == expected)
    }
  }

  @Test func whatIsWrongIsTold() throws {
    #expect(Combination().fault(memberCount: 3) == nil)
    let stops = CascadeStops(confidence: .margin, confidenceThresholds: [0.5])
    let faults: [(Combination, Int, String)] = [
      (Combination(weights: [0.5, 0.5]), 3, "it has 2 weights for 3 members"),
      (Combination(rule: .arithmeticMean, weights: [0.5, 0.5]), 2, "geometric mean"),
      (Combination(weights: [0.5, 0.5], cascade: stops), 2, "geometric mean"),
      (Combination(weights: [1.5, -0.5]), 2, "of 0 to 1"),
      (Combination(weights: [.nan, 1]), 2, "of 0 to 1"),
      (Combination(weights: [0.5, 0.4]), 2, "1 in all"),
      (Combination(memberTemperatures: [1]), 2, "it has 1 temperatures for 2 members"),
      (Combination(memberTemperatures: [1, 0]), 2, "a temperature is not in"),
      (Combination(temperature: .nan), 2, "a temperature is not in"),
      (Combination(cascade: stops), 3, "its cascade has 1 thresholds for 3 members"),
      (
        Combination(
          cascade: CascadeStops(confidence: .margin, confidenceThresholds: [.infinity])), 2,
        "not finite"
      ),
    ]
    let members = try candidateMembers("test")
    for (combination, count, fault) in faults {
      #expect(combination.fault(memberCount: count)?.contains(fault) == true, "\(fault)")
      for attempt in 0..<2 {
        let error = #expect(throws: EnsembleError.self) {
          let some = Array(members.prefix(count))
          if attempt == 0 { _ = try combination.combine(some, name: "x") }
          _ = try combination.metrics(of: some)
        }
        guard case .invalidArgument("the combination", let value, _)? = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(value.contains(fault))
      }
    }
    #expect(throws: EnsembleError.noMembers) { try Combination().combine([], name: "x") }
    #expect(throws: EnsembleError.noMembers) { try Combination().stops(after: [], isLast: true) }
    let other = try candidateMembers("hold-out")[1]
    let different = EnsembleError.differentData(
      first: members[0].source, second: other.source, difference: "splits 'test' and 'hold-out'")
    #expect(throws: different) { try Combination().combine([members[0], other], name: "x") }
  }

  @Test func impossibleClassesStayImpossible() throws {
    let sure = try member("sure", [[1, 0], [0.5, 0.5]], labels: [0, 1])
    let other = try member("other", [[0.3, 0.7], [0.2, 0.8]], labels: [0, 1])
    let combined = try Combination().combine([sure, other], name: "both")
    combined.withLogProbabilities { #expect($0[0] == 0 && $0[1] == -.infinity) }
    for combination in [
      Combination(weights: [0.5, 0.5]), Combination(memberTemperatures: [2, 1]),
      Combination(temperature: 3), Combination(rule: .majorityVote, temperature: 0.01),
      Combination(
        cascade: CascadeStops(confidence: .entropy, confidenceThresholds: [-0.1])),
    ] {
      let metrics = try combination.metrics(of: [sure, other])
      #expect(metrics.negativeLogLikelihood.isFinite && metrics.top1Accuracy == 1)
    }
  }

  @Test func combinationsAreWrittenAndRead() throws {
    let stops = CascadeStops(confidence: .entropy, confidenceThresholds: [nil, -0.25])
    for combination in [
      Combination(), Combination(rule: .arithmeticMean, cascade: stops, temperature: 2),
      Combination(weights: [0.25, 0.75], memberTemperatures: [1, 2]),
    ] {
      #expect(try roundTrip(combination) == combination)
    }
  }
}

@Suite struct CascadeThresholdTests {
  /// Halfway between images, thresholds do to the hold-out what those of the search do.
  @Test(arguments: CascadeConfidence.allCases)
  func thresholdsLieBetweenImages(_ confidence: CascadeConfidence) throws {
    let holdOut = try candidateMembers("hold-out")
    for goal in [200.0, 350, 500, 700].map({ Cascade.Goal.cost(atMost: $0) })
      + [.accuracy(atLeast: 0.6), .accuracy(atLeast: 0.72)]
    {
      let members = [0, 3, 5].map { holdOut[$0] }
      let stages = StageStatistics.of(members, rule: .geometricMean, measure: confidence)
      let search = ThresholdSearch(
        stages: stages, costs: members.map { Double($0.multiplyAccumulates) },
        goal: goal.total(images: holdOut[0].count))
      guard let plan = search.best() else { continue }
      let cascade = try Cascade(of: members, confidence: confidence, goal: goal)
      let images = Double(holdOut[0].count)
      expectClose(cascade.holdOut.accuracy, Double(plan.hits) / images)
      expectClose(cascade.holdOut.expectedMultiplyAccumulates, plan.cost / images, within: 1e-9)
      for (place, stage) in cascade.stages.enumerated() {
        guard let threshold = stage.confidenceThreshold else { continue }
        let confidences = stages[place].confidence
        let isBetween = confidences.contains { $0 < threshold }
        #expect(!isBetween || !confidences.contains(threshold))
      }
    }
  }

  @Test func severalGoalsAreAsOneByOne() throws {
    let holdOut = try candidateMembers("hold-out")
    let goals: [Cascade.Goal] = [
      .cost(atMost: 50), .cost(atMost: 260), .cost(atMost: 900), .accuracy(atLeast: 0.72),
      .accuracy(atLeast: 1),
    ]
    let confidences = [CascadeConfidence.margin, .entropy, .agreement]
    let together = try Cascade.search(holdOut, confidences: confidences, goals: goals)
    #expect(together.map { $0 == nil } == [true, false, false, false, true])
    for (goal, found) in zip(goals, together) {
      let alone = try? Cascade.search(holdOut, confidences: confidences, goal: goal)
      #expect(alone == found)
    }
  }

  /// Where the order of costs is turned round, what is cheap is another one.
  @Test func costsThatAreGivenCount() throws {
    let holdOut = try candidateMembers("hold-out")
    let costs = [9.0, 9, 9, 4, 4, 1]
    let found = try Cascade.search(
      holdOut, goals: [.cost(atMost: 1), .cost(atMost: 3), .accuracy(atLeast: 0.75)], costs: costs)
    let cheap = try #require(found[0])
    #expect(cheap.stages.map(\.member) == ["large-0"])
    for case .some(let cascade) in found.dropFirst() {
      let prices = cascade.stages.map { stage in
        costs[holdOut.firstIndex { $0.name == stage.member } ?? 0]
      }
      var expected = 0.0
      var reaching = 1.0
      for (price, share) in zip(prices, cascade.holdOut.exitFractions) {
        expected += price * reaching
        reaching -= share
      }
      #expect(cascade.stages[0].member == "large-0")
      if cascade == found[1] { #expect(expected <= 3 + 1e-9) }
    }
    for costs in [[1.0], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, .nan]] {
      let error = EnsembleError.invalidArgument(
        name: "the list of costs", value: "\(costs)",
        expected: "a number above 0 for each member")
      #expect(throws: error) {
        try Cascade.search(holdOut, goals: [.cost(atMost: 1)], costs: costs)
      }
    }
  }
}
