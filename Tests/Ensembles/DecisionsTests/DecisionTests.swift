import EnsembleTestSupport
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct DecisionTests {
  private func options(_ change: (inout Decision.Options) -> Void) -> Decision.Options {
    var options = Decision.Options()
    change(&options)
    return options
  }

  /// All ensembles of one network, and nothing else: candidate by candidate as NumPy has it.
  @Test func ensemblesOfOneNetwork() throws {
    let expected = try ExpectedCandidates.load()
    let decision = try Decision(
      candidateSets(),
      options: options {
        $0.isSameNetworkOnly = true
        $0.maximumStages = 1
      })
    let subsets = expected.subsets.filter(\.isSameNetwork)
    #expect(decision.subsetCount == subsets.count && !decision.isSampled)
    #expect(decision.candidates.map(\.members) == subsets.map { expected.names($0.members) })
    for (candidate, subset) in zip(decision.candidates, subsets) {
      check(candidate, subset)
      #expect(candidate.kind == (subset.members.count == 1 ? .single : .ensemble))
    }
    let frontier = try #require(expected.frontiers["multiplyAccumulates"]?.same)
    let names = Set(frontier.map { expected.names($0) })
    #expect(Set(decision.candidates.filter(\.isOnFrontier).map(\.members)) == names)
    #expect(Set(decision.candidates.filter(\.isOnSameNetworkFrontier).map(\.members)) == names)
    #expect(decision.candidate(decision.reference)?.members == [expected.reference])
    #expect(decision.classes == 5 && decision.holdOut.count == 240 && decision.test.count == 310)
    #expect(decision.shifted?.count == 50 && decision.version == Decision.currentVersion)
  }

  private func check(_ candidate: Candidate, _ subset: ExpectedCandidates.Subset) {
    for (evaluation, scores) in [
      (candidate.holdOut, subset.holdOut), (candidate.test, subset.test),
    ] + (candidate.shifted.map { [($0, subset.shifted)] } ?? []) {
      expectClose(evaluation.metrics.top1Accuracy, scores[0])
      expectClose(evaluation.metrics.negativeLogLikelihood, scores[1], within: 1e-6)
      #expect(evaluation.exitFractions == nil)
    }
    #expect(candidate.shifted != nil && candidate.exitFractions == nil)
    let interval = candidate.testInterval
    #expect(interval.lowerBound < subset.test[0] && subset.test[0] < interval.upperBound)
    guard let comparison = candidate.comparison else { return }
    expectClose(comparison.difference, subset.difference)
    expectClose(comparison.mcNemarPValue, subset.pValue, within: 1e-9)
    #expect(comparison.interval.lowerBound <= subset.difference)
    #expect(comparison.interval.upperBound >= subset.difference)
  }

  /// All ensembles, weights and greedy choice, by every measure of cost.
  @Test(arguments: CostMeasure.allCases)
  func frontiersAndChoices(_ measure: CostMeasure) throws {
    let expected = try ExpectedCandidates.load()
    let sets = try candidateSets()
    let rules = try RuleComparison(holdOut: sets.holdOut, test: sets.test)
    let frontiers = try #require(expected.frontiers[measure.rawValue])
    var choices = 0
    for choice in expected.choices
    where choice.cost == measure && (choice.budget != nil || choice.needed != nil) {
      for isSameNetworkOnly in [true, false] {
        let options = options {
          $0.isSameNetworkOnly = isSameNetworkOnly
          $0.maximumStages = 1
          $0.cost = measure
          $0.maximumCost = choice.budget
          $0.minimumAccuracy = choice.needed
        }
        let builder = CandidateBuilder(sets: sets, options: options)
        var pool = try CandidatePool(
          sets, options: options, costs: sets.costs(measure), builder: builder)
        if !isSameNetworkOnly { try pool.addFitted(rules, builder) }
        pool.rank()
        guard let best = isSameNetworkOnly ? choice.same : choice.all else {
          let error = #expect(throws: EnsembleError.self) { try pool.withinGoals() }
          guard case .unreachableGoal? = error else {
            Issue.record("\(String(describing: error))")
            continue
          }
          continue
        }
        let allowed = try pool.withinGoals()
        let found = allowed.reduce(allowed[0]) { best, index in
          let isBetter =
            choice.budget != nil
            ? pool.isBetter(index, than: best)
            : (-pool.cost(index), pool.accuracy(index)) > (-pool.cost(best), pool.accuracy(best))
          return isBetter ? index : best
        }
        let chosen = pool.candidates[found]
        #expect(
          chosen.members == expected.names(best.members),
          "\(measure), at most \(choice.budget ?? .infinity), at least \(choice.needed ?? 0)")
        if !best.kind.isEmpty { #expect(chosen.kind.rawValue == best.kind) }
        let frontier = isSameNetworkOnly ? frontiers.same : frontiers.all
        #expect(
          Set(pool.candidates.filter(\.isOnFrontier).map(\.members))
            == Set(frontier.map { expected.names($0) }))
        #expect(
          Set(pool.candidates.filter(\.isOnSameNetworkFrontier).map(\.members))
            == Set(frontiers.same.map { expected.names($0) }))
        choices += 1
      }
    }
    #expect(choices > 15)
  }

  /// The table of rules and the decision name the same best member.
  @Test(arguments: CostMeasure.allCases) func oneMemberIsTheBest(_ measure: CostMeasure) throws {
    let decision = try Decision(
      candidateSets(),
      options: options {
        $0.cost = measure
        $0.maximumStages = 1
      })
    let reference = try #require(decision.candidate(decision.reference))
    let row = try #require(decision.rules?.rows.first { $0.method == .bestMember })
    expectClose(row.test.top1Accuracy, reference.test.metrics.top1Accuracy)
    expectClose(row.test.negativeLogLikelihood, reference.test.metrics.negativeLogLikelihood)
    #expect(Double(row.multiplyAccumulates) == reference.test.cost.multiplyAccumulates)
  }

  @Test func weightsAndGreedyChoice() throws {
    let expected = try ExpectedCandidates.load()
    let decision = try Decision(candidateSets())
    for fitted in expected.fitted {
      let candidate = try #require(
        decision.candidates.first { $0.kind == fitted.kind && $0.origin == .wholeHoldOut })
      #expect(candidate.members == expected.names(fitted.members))
      for (weight, other) in zip(try #require(candidate.combination.weights), fitted.weights) {
        expectClose(weight, other, within: 1e-4)
      }
      for (evaluation, scores) in [
        (candidate.holdOut, fitted.holdOut), (candidate.test, fitted.test),
      ] {
        expectClose(evaluation.metrics.top1Accuracy, scores[0])
        expectClose(evaluation.metrics.negativeLogLikelihood, scores[1], within: 1e-6)
      }
    }
    #expect(decision.rules?.rows.count == 7)
  }

  /// Members of one network and budgets that choose a certain ensemble: its temperatures, by golden section in NumPy.
  @Test func calibrations() throws {
    let expected = try ExpectedCandidates.load()
    let all = try candidateSets()
    for calibrated in expected.calibrations {
      let sets = try PredictionSets(
        holdOut: all.holdOut, test: calibrated.members.map { all.test[$0] })
      let whole = try #require(
        CandidateBuilder(sets: sets, options: Decision.Options())
          .ensembles([Array(calibrated.members.indices)]).first)
      let builder = CandidateBuilder(sets: sets, options: Decision.Options())
      let (deployed, choice) = try builder.calibrate(whole)
      for (place, scores) in calibrated.holdOut {
        expectClose(try #require(choice.holdOut[place]), scores[1], within: 1e-6)
      }
      for (value, other) in zip(choice.memberTemperatures, calibrated.memberTemperatures) {
        expectClose(value, other, within: 1e-4)
      }
      expectClose(choice.temperature, calibrated.temperature, within: 1e-4)
      let method = choice.method
      #expect(choice.comparison?.chosen == method && choice.gap == nil)
      try #require([.none, .temperature, .memberTemperatures].contains(method))
      let test = try #require(calibrated.test[choice.place?.rawValue ?? "without"])
      expectClose(deployed.test.metrics.negativeLogLikelihood, test[1], within: 1e-6)
      expectClose(deployed.test.metrics.top1Accuracy, test[0])
      expectClose(
        choice.calibrated.metrics.negativeLogLikelihood, test[1], within: 1e-6)
      let without = try #require(calibrated.test["without"])
      expectClose(choice.uncalibrated.metrics.negativeLogLikelihood, without[1], within: 1e-6)
      #expect(choice.isWorse == (test[1] > without[1]))
      #expect((deployed.combination == whole.combination) == (method == .none))
    }
  }

  /// Whatever calibrates, the likelihood of the hold-out is no worse, and accuracy is not lost beyond noise: by no more images than
  /// the square root of those that turn.
  @Test func calibrationDoesNotBreakTheGoal() throws {
    let sets = try candidateSets()
    let builder = CandidateBuilder(sets: sets, options: Decision.Options())
    for subset in try ExpectedCandidates.load().subsets {
      let candidate = try #require(builder.ensembles([subset.members]).first)
      let (deployed, choice) = try builder.calibrate(candidate)
      let chosen = try #require(choice.comparison?.trial(choice.method))
      #expect(!chosen.losesAccuracy)
      #expect(
        deployed.holdOut.metrics.negativeLogLikelihood
          <= candidate.holdOut.metrics.negativeLogLikelihood + 1e-7)
      if [.none, .temperature].contains(choice.method) {
        #expect(chosen.lost == 0 && chosen.gained == 0)
        #expect(deployed.test.metrics.top1Accuracy == candidate.test.metrics.top1Accuracy)
      }
    }
  }

  @Test func cascadesAreCandidates() throws {
    let sets = try candidateSets()
    let decision = try Decision(
      sets, options: options { $0.confidences = [.maximumProbability, .margin] })
    let cascades = decision.candidates.filter { $0.kind == .cascade }
    #expect(cascades.count >= 5)
    for cascade in cascades {
      #expect((2...3).contains(cascade.members.count))
      #expect(cascade.exitFractions == cascade.holdOut.exitFractions)
      expectClose(try #require(cascade.exitFractions).reduce(0, +), 1)
      let members = try Predictions.of(cascade.members, in: sets.holdOut)
      let metrics = try cascade.combination.metrics(of: members)
      #expect(metrics == cascade.holdOut.metrics)
      #expect(cascade.expectedMultiplyAccumulates == cascade.holdOut.cost.multiplyAccumulates)
      #expect(cascade.comparison != nil && !cascade.isOnSameNetworkFrontier)
    }
    #expect(cascades.contains { $0.isOnFrontier })
    let singles = decision.candidates.filter { $0.kind == .single }
    #expect(singles.count == 6)
    #expect(Set(decision.candidates.map(\.id)).count == decision.candidates.count)
  }

  @Test func decisionsAreTheSameInEveryRunAndRoundTrip() throws {
    let sets = try candidateSets()
    let options = options {
      $0.cost = .latency
      $0.maximumCost = 5
      $0.maximumStages = 2
      $0.confidences = [.margin, .agreement]
    }
    let first = try Decision(sets, options: options)
    let text = try json(first)
    #expect(try json(Decision(sets, options: options)) == text)
    #expect(try json(roundTrip(first)) == text)
  }

  @Test func onlyOneNetworkWhereAsked() throws {
    let decision = try Decision(
      candidateSets(), options: options { $0.isSameNetworkOnly = true })
    let networks = Dictionary(
      uniqueKeysWithValues: try candidateMembers("test").map { ($0.name, $0.network) })
    for candidate in decision.candidates {
      #expect(Set(candidate.members.map { networks[$0] }).count == 1)
      #expect([.single, .ensemble, .cascade].contains(candidate.kind))
    }
    #expect(decision.candidates.contains { $0.kind == .cascade })
  }

  @Test func costsOfMembers() throws {
    let sets = try candidateSets()
    let cost = Cost(of: [sets.test[0], sets.test[3]], latencies: sets.latencies(of: [0, 3]))
    #expect(cost[.multiplyAccumulates] == 310 && cost[.parameters] == 80)
    #expect(cost[.latency] == 3 && cost[.parallelLatency] == 2.1)
    let unknown = Cost(of: [sets.test[0]], latencies: nil)
    #expect(unknown[.latency] == nil && unknown[.parallelLatency] == nil)
  }

  @Test func wilsonsIntervals() throws {
    for row in try ExpectedCandidates.load().wilson {
      let interval = ConfidenceInterval(ofShare: row[0] / row[1], count: Int(row[1]))
      expectClose(interval.lowerBound, row[2], within: 1e-12)
      expectClose(interval.upperBound, row[3], within: 1e-12)
    }
  }

  @Test func whatCannotBeReachedIsTold() throws {
    let sets = try candidateSets()
    func error(_ change: (inout Decision.Options) -> Void) -> EnsembleError? {
      var options = options(change)
      options.maximumStages = min(options.maximumStages, 1)
      return #expect(throws: EnsembleError.self) { try Decision(sets, options: options) }
    }
    for (goal, change): (String, (inout Decision.Options) -> Void) in [
      (
        "a cost of at most 99 multiply-accumulates (the cheapest costs 100)",
        { $0.maximumCost = 99 }
      ),
      (
        "a cost of at most 0.5 ms (the cheapest costs 0.9)",
        { ($0.maximumCost, $0.cost) = (0.5, .latency) }
      ),
      ("an accuracy of 100 % (the best has 8", { $0.minimumAccuracy = 1 }),
      (
        "an accuracy of 70 % at a cost of at most 100 multiply-accumulates (the best has 60 %)",
        { ($0.minimumAccuracy, $0.maximumCost) = (0.7, 100) }
      ),
    ] {
      let error = error(change)
      guard case .unreachableGoal(let found, let names)? = error,
        names.sorted() == sets.test.map(\.name).sorted()
      else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(found.hasPrefix(goal))
    }
    for (name, change): (String, (inout Decision.Options) -> Void) in [
      ("the most members", { $0.maximumMembers = 0 }),
      ("the most subsets", { $0.maximumSubsets = 0 }),
      ("the most stages", { $0.maximumStages = 0 }),
      ("the number of confidences", { $0.confidences = [] }),
      ("the greatest cost", { $0.maximumCost = 0 }),
      ("the greatest cost", { $0.maximumCost = .nan }),
      ("the least accuracy", { $0.minimumAccuracy = 1.1 }),
      ("the least accuracy", { $0.minimumAccuracy = .nan }),
      ("the tolerance", { $0.tolerance = -0.1 }),
      ("the tolerance", { $0.tolerance = 100 }),
      ("the tolerance", { $0.tolerance = .nan }),
      ("the confidence", { $0.confidence = 50 }),
      ("the confidence", { $0.confidence = 100 }),
    ] {
      let error = error(change)
      guard case .invalidArgument(name, _, _)? = error else {
        Issue.record("\(name): \(String(describing: error))")
        continue
      }
    }
    let unmeasured = try PredictionSets(holdOut: sets.holdOut, test: sets.test)
    for measure in [CostMeasure.latency, .parallelLatency] {
      let error = #expect(throws: EnsembleError.self) {
        try Decision(unmeasured, options: options { $0.cost = measure })
      }
      guard case .invalidArgument("the latency of 'small-0'", "not known", _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  /// What docs/ensembles.md shows.
  @Test func theDocumentedExample() throws {
    let names = ["large-0": "a", "small-1": "b", "small-0": "c"]
    func renamed(_ split: String) throws -> [Predictions] {
      try candidateMembers(split).compactMap { member in
        guard let name = names[member.name] else { return nil }
        return try Predictions(
          name: name, network: member.network, multiplyAccumulates: member.multiplyAccumulates,
          parameters: member.parameters, split: split, fingerprint: member.fingerprint,
          logProbabilities: member.withLogProbabilities { Array($0) }, labels: member.labels,
          classes: member.classes)
      }
    }
    let (holdOut, test, new) = try (renamed("hold-out"), renamed("test"), renamed("shifted"))

    let sets = try PredictionSets(
      holdOut: holdOut, test: test, latencies: ["a": 1.9, "b": 0.7, "c": 0.6])
    var options = Decision.Options()
    options.cost = .latency  // or .multiplyAccumulates, .parameters, .parallelLatency
    options.maximumCost = 2.5  // milliseconds of one image
    let decision = try Decision(sets, options: options)
    let deployed = decision.deployed  // with temperatures, where they help the hold-out
    let combined = try deployed.combination.combine(
      deployed.members.compactMap { name in new.first { $0.name == name } }, name: "ensemble")

    #expect(combined.count == 50)
    #expect(try #require(deployed.holdOut.cost[.latency]) <= 2.5)
  }

  /// Latencies whose sum is a hair above what was asked for.
  @Test func decimalsAreNoReasonToRefuse() throws {
    let sets = try candidateSets()
    let pair = try PredictionSets(
      holdOut: Array(sets.holdOut[...1]), test: Array(sets.test[...1]),
      latencies: ["small-0": 0.1, "small-1": 0.2])
    let decision = try Decision(
      pair,
      options: options {
        $0.cost = .latency
        $0.maximumCost = 0.3
        $0.maximumStages = 1
      })
    #expect(0.1 + 0.2 > 0.3)
    #expect(decision.candidate(decision.chosen)?.members == ["small-0", "small-1"])
  }
}
