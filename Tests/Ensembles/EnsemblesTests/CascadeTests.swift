import EnsembleTestSupport
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct CascadeTests {
  /// Every stage's predictions and how sure they are, by every measure, against NumPy and SciPy.
  @Test(arguments: [CombinationRule.geometricMean, .arithmeticMean, .majorityVote])
  func stagesOfAChain(_ rule: CombinationRule) throws {
    let expected = try #require(ExpectedDecisions.load().stages[rule.rawValue])
    let members = try decisionMembers("test")
    for measure in CascadeConfidence.allCases {
      let found = StageStatistics.of(members, rule: rule, measure: measure)
      let confidence = try #require(expected.confidence[measure.rawValue])
      for (stage, statistics) in found.enumerated() {
        #expect(statistics.isRight == expected.isRight[stage].map { $0 == 1 })
        for (actual, expected) in zip(statistics.confidence, confidence[stage]) {
          expectClose(actual, expected, within: 1e-9, "\(measure), stage \(stage)")
        }
      }
      let last = StageStatistics.of(members, rule: rule, measure: measure, firstStage: 5)
      #expect(last.count == 1 && last[0].confidence == found[4].confidence)
    }
  }

  @Test func oneClassIsCertain() throws {
    let only = try member("a", [[1], [1]], labels: [0, 0])
    for rule in CombinationRule.allCases {
      for measure in CascadeConfidence.allCases {
        let found = StageStatistics.of([only, only], rule: rule, measure: measure)
        let certain = measure == .entropy ? 0.0 : 1.0
        #expect(found.allSatisfy { $0.isRight == [true, true] })
        #expect(found.allSatisfy { $0.confidence == [certain, certain] }, "\(rule), \(measure)")
      }
    }
  }

  /// Three stages, against all thresholds tried in NumPy.
  @Test func thresholdsAreTheBestThereAre() throws {
    let holdOut = try decisionMembers("hold-out")
    let expected = try ExpectedDecisions.load().cascades
    #expect(expected.count == 36)
    for best in expected {
      let cascade = try Cascade(
        of: best.order.map { holdOut[$0] }, confidence: best.measure,
        goal: best.goal == "cost" ? .cost(atMost: best.target) : .accuracy(atLeast: best.target))
      let found = cascade.holdOut
      expectClose(found.expectedMultiplyAccumulates, best.cost, within: 1e-9)
      if best.goal == "cost" {
        expectClose(found.accuracy, best.accuracy)
      } else {
        #expect(found.accuracy >= best.target)
      }
    }
  }

  /// Stages with few different confidences, so that many images tie.
  private func madeUp(stages: Int, images: Int, seed: UInt64) -> [StageStatistics] {
    var generator = RandomStream(seed: seed)
    return (0..<stages).map { stage in
      let confidence = (0..<images).map { _ in Double(generator.integer(below: 6)) / 4 }
      return StageStatistics(
        confidence: confidence,
        isRight: confidence.map { generator.unitInterval() < 0.2 + $0 / 3 + Double(stage) / 8 })
    }
  }

  /// Every plan of thresholds that differ in what they do.
  private func allPlans(_ search: ThresholdSearch) -> [ThresholdSearch.Plan] {
    let levels: [Double?] = (0..<6).map { Double($0) / 4 } + [nil]
    var thresholds: [[Double?]] = [[]]
    for _ in 1..<search.stages.count {
      thresholds = thresholds.flatMap { earlier in levels.map { earlier + [$0] } }
    }
    return thresholds.map { thresholds in
      var (hits, cost) = (0, 0.0)
      for (image, exit) in search.exits(thresholds).enumerated() {
        hits += search.stages[exit].isRight[image] ? 1 : 0
        cost += search.costs[0...exit].reduce(0, +)
      }
      return ThresholdSearch.Plan(thresholds: thresholds, hits: hits, cost: cost)
    }
  }

  @Test(arguments: 1...5) func noThresholdsAreBetter(stages: Int) {
    var (optima, goals) = (0, 0)
    for seed in 0..<(stages > 4 ? 2 : 6) {
      let made = madeUp(stages: stages, images: 30, seed: UInt64(seed))
      let costs = [3.0, 2, 7, 5, 11].prefix(stages)
      let targets: [ThresholdPair.Goal] =
        [2, 3, 5, 9, 12, 20, 40].map { .cost(30 * $0) } + [8, 14, 17, 20, 22, 30].map { .hits($0) }
      for goal in targets {
        let search = ThresholdSearch(stages: made, costs: Array(costs), goal: goal)
        let reaching = allPlans(search).filter(search.meetsGoal)
        guard let best = reaching.max(by: { search.isBetter($1, $0) }) else {
          #expect(search.best() == nil)
          continue
        }
        guard let found = search.best() else {
          Issue.record("\(goal) is within reach")
          continue
        }
        #expect(search.meetsGoal(found))
        goals += 1
        let isOptimal =
          switch goal {
          case .cost: found.hits == best.hits && found.cost == best.cost
          case .hits: found.cost == best.cost
          }
        if isOptimal { optima += 1 }
        if stages <= 3 { #expect(isOptimal, "\(goal)") }
      }
    }
    // With more stages the optimum is not promised, but mostly found.
    #expect(Double(optima) >= 0.8 * Double(goals), "\(optima) of \(goals)")
  }

  /// With as few images at a stage as are allowed, or none: the best of all thresholds that keep to it.
  @Test(arguments: 1...4, [2, 5, 12]) func stagesAreReachedByEnoughImages(stages: Int, fewest: Int)
  {
    for seed in 0..<4 {
      let made = madeUp(stages: stages, images: 30, seed: UInt64(seed))
      let costs = [3.0, 2, 7, 5].prefix(stages)
      let targets: [ThresholdPair.Goal] =
        [2, 3, 4, 5, 7, 9, 12, 20].map { .cost(30 * $0) } + [8, 14, 17, 20, 22].map { .hits($0) }
      for goal in targets {
        let search = ThresholdSearch(
          stages: made, costs: Array(costs), goal: goal, fewestReaching: fewest)
        func isAllowed(_ plan: ThresholdSearch.Plan) -> Bool {
          let exits = search.exits(plan.thresholds)
          return (1..<max(stages, 2)).allSatisfy { stage in
            let reaching = exits.count { $0 >= stage }
            return reaching == 0 || reaching >= fewest
          }
        }
        let found = search.best()
        if let found { #expect(search.meetsGoal(found) && isAllowed(found)) }
        guard stages <= 3 else { continue }
        let best = allPlans(search).filter { search.meetsGoal($0) && isAllowed($0) }
          .max { search.isBetter($1, $0) }
        #expect(found?.cost == best?.cost, "\(goal), seed \(seed)")
        if case .cost = goal { #expect(found?.hits == best?.hits, "\(goal), seed \(seed)") }
      }
    }
  }

  /// One sweep for all goals finds the very plans that a search for each finds, with ties, many images and long stretches
  /// between which nothing can be better.
  @Test(arguments: [2, 3], [1, 7, 60])
  func aSweepFindsWhatSearchesFind(stages: Int, fewest: Int) {
    for (seed, levels) in [6, 40, 1_000_000, 1_000_000].enumerated() {
      var generator = RandomStream(seed: UInt64(seed), 3)
      let images = 400 + 300 * seed
      let made = (0..<stages).map { stage in
        let confidence = (0..<images).map { _ in
          Double(generator.integer(below: levels)) / Double(levels)
        }
        return StageStatistics(
          confidence: confidence,
          isRight: confidence.map { generator.unitInterval() < 0.3 + $0 / 3 + Double(stage) / 8 })
      }
      let costs = [3.0, 2, 7].prefix(stages)
      let goals: [ThresholdPair.Goal] =
        [2, 3, 3.5, 4, 5, 7, 9, 11.9, 12, 20].map { .cost(Double(images) * $0) }
        + [0.1, 0.45, 0.5, 0.55, 0.6, 0.62, 0.65, 0.7, 0.9].map {
          .hits(Int($0 * Double(images)))
        }
      let swept = ThresholdSweep(made, costs: Array(costs), fewestReaching: fewest)
        .plans(for: goals)
      for (goal, found) in zip(goals, swept) {
        let search = ThresholdSearch(
          stages: made, costs: Array(costs), goal: goal, fewestReaching: fewest)
        let expected = search.improve(Array(repeating: nil, count: stages - 1), 0, 1)
        #expect(found?.thresholds == expected?.thresholds, "\(goal), \(images) images")
        #expect(found?.hits == expected?.hits && found?.cost == expected?.cost, "\(goal)")
      }
      #expect(swept.count { $0 != nil } >= 10)
    }
  }

  /// Sets of members combined together have the bits that each alone has.
  @Test(arguments: CombinationRule.allCases, CascadeConfidence.allCases)
  func setsAreCombinedAsEachAlone(_ rule: CombinationRule, _ measure: CascadeConfidence) throws {
    let members = try decisionMembers("hold-out")
    let sets = [[0], [3], [0, 2], [1, 2], [0, 1, 4], [2, 3, 4]]
    let found = StageStatistics.of(sets, of: members, rule: rule, measure: measure)
    let right = SubsetEvaluator(members: members, rule: rule, subsets: sets).rightImages()
    for (place, set) in sets.enumerated() {
      let alone = StageStatistics.of(
        set.map { members[$0] }, rule: rule, measure: measure, firstStage: set.count)[0]
      #expect(found[place].confidence == alone.confidence)
      #expect(found[place].isRight == alone.isRight && right[place] == alone.isRight)
      let order = alone.confidence.indices.sorted { alone.confidence[$0] < alone.confidence[$1] }
      #expect(found[place].order.map { Int($0) } == order)
      let values = Set(alone.confidence).sorted()
      #expect(found[place].levelCount == values.count)
      #expect(
        zip(found[place].ranks, alone.confidence).allSatisfy { values[Int($0)] == $1 })
      #expect(
        (0...values.count).allSatisfy {
          found[place].threshold(above: $0) == ($0 < values.count ? values[$0] : nil)
        })
    }
  }

  /// A grid of 100 steps a threshold, tried whole.
  @Test func noGridIsBetter() throws {
    let holdOut = try [0, 2, 4].map { try decisionMembers("hold-out")[$0] }
    let stages = StageStatistics.of(
      holdOut, rule: .geometricMean, measure: .maximumProbability)
    let costs = holdOut.map { Double($0.multiplyAccumulates) }
    let hits = stages.map { $0.isRight.map { $0 ? 1 : 0 } }
    var grid: [(hits: Int, cost: Double)] = []
    for first in 0...100 {
      // What stops at the first stage is the same for all second thresholds.
      let goOn = stages[0].confidence.indices.filter {
        stages[0].confidence[$0] < Double(first) / 100
      }
      let stopped = hits[0].reduce(0, +) - goOn.reduce(0) { $0 + hits[0][$1] }
      for second in 0...100 {
        var (right, cost) = (stopped, 160 * costs[0] + Double(goOn.count) * costs[1])
        for image in goOn {
          let stops = stages[1].confidence[image] >= Double(second) / 100
          right += hits[stops ? 1 : 2][image]
          cost += stops ? 0 : costs[2]
        }
        grid.append((right, cost))
      }
    }
    for cost in stride(from: 100.0, through: 1000, by: 45) {
      let best = grid.filter { $0.cost <= 160 * cost }.map(\.hits).max() ?? 0
      let found = try Cascade(of: holdOut, goal: .cost(atMost: cost)).holdOut
      #expect(found.expectedMultiplyAccumulates <= cost)
      #expect(found.accuracy >= Double(best) / 160)
    }
    for target in stride(from: 70, through: 95, by: 3) {
      guard let best = grid.filter({ $0.hits >= target }).map(\.cost).min() else { continue }
      let found = try Cascade(
        of: holdOut, goal: .accuracy(atLeast: Double(target) / 160)
      ).holdOut
      #expect(found.accuracy >= Double(target) / 160)
      #expect(found.expectedMultiplyAccumulates <= best / 160)
    }
  }

  @Test func prefixesOfATree() {
    var generator = RandomStream(seed: 8)
    for count in [1, 2, 7, 16] {
      var tree = PrefixTree(placeCount: count)
      var values = [Int](repeating: 0, count: count)
      var costs = [Double](repeating: 0, count: count)
      var counts = [Int](repeating: 0, count: count)
      for _ in 0..<40 {
        let place = generator.integer(below: count)
        let value = generator.integer(below: 3) - 1
        let cost = Double(generator.integer(below: 4))
        tree.add(value: value, cost: cost, at: place)
        values[place] += value
        costs[place] += cost
        counts[place] += 1
        let sums = (0...count).map { values.prefix($0).reduce(0, +) }
        let prices = (0...count).map { costs.prefix($0).reduce(0, +) }
        for budget in [0.0, 1, 3, 10, 100] {
          let best = (0...count).filter { prices[$0] <= budget }.map { sums[$0] }.max()
          #expect(tree.bestValue(within: budget) == best)
        }
        for target in -2...5 {
          let found = tree.shortestPrefix(reaching: target)
          let expected = target <= 0 ? 0 : (0...count).first { sums[$0] >= target }
          #expect(found?.places == expected)
          #expect(found?.cost == expected.map { prices[$0] })
        }
        let held = (0...count).map { counts.prefix($0).reduce(0, +) }
        for fewest in [1, 3, 10, 50] {
          let shortest = (0...count).first { held[$0] >= fewest }
          let least = tree.shortestPrefix(holding: fewest)
          #expect(least?.places == shortest)
          guard let least, let shortest else { continue }
          for budget in [0.0, 2, 7, 30] {
            let best = (shortest...count).filter { prices[$0] <= budget }.map { sums[$0] }.max()
            #expect(tree.bestValue(within: budget, least: least) == max(0, best ?? 0))
          }
          for target in 1...4 {
            let found = tree.shortestPrefix(reaching: target, least: least)
            #expect(found?.places == (shortest...count).first { sums[$0] >= target })
            #expect(found?.cost == found.map { prices[$0.places] })
          }
        }
      }
    }
  }

  /// The outcome on other images, simulated one by one.
  @Test func reportsOnATestSet() throws {
    let (holdOut, test) = (try decisionMembers("hold-out"), try decisionMembers("test"))
    for rule in [CombinationRule.geometricMean, .majorityVote] {
      for confidence in CascadeConfidence.allCases {
        let cascade = try Cascade(
          of: [0, 2, 3, 4].map { holdOut[$0] }, rule: rule, confidence: confidence,
          goal: .cost(atMost: 600))
        #expect(cascade.validation == holdOut[0].identity)
        #expect(cascade.stages.last?.confidenceThreshold == nil)
        let report = try cascade.report(on: test.shuffled())
        let members = cascade.stages.compactMap { stage in test.first { $0.name == stage.member } }
        var (hits, cost) = (0, 0)
        var exits = [Int](repeating: 0, count: members.count)
        for image in 0..<190 {
          for (place, stage) in cascade.stages.enumerated() {
            cost += stage.multiplyAccumulates
            let found = StageStatistics.of(
              Array(members.prefix(place + 1)), rule: rule, measure: confidence,
              firstStage: place + 1)[0]
            let stops = stage.confidenceThreshold.map { found.confidence[image] >= $0 } ?? false
            guard stops || place == members.count - 1 else { continue }
            exits[place] += 1
            hits += found.isRight[image] ? 1 : 0
            break
          }
        }
        expectClose(report.accuracy, Double(hits) / 190)
        expectClose(report.expectedMultiplyAccumulates, Double(cost) / 190, within: 1e-6)
        #expect(report.exitFractions == exits.map { Double($0) / 190 })
        expectClose(
          report.accuracyOfAllStages, try Metrics(of: members, rule: rule).top1Accuracy)
        #expect(
          report.multiplyAccumulatesOfAllStages
            == members.reduce(0) { $0 + $1.multiplyAccumulates })
        let unseen = EnsembleError.testDataUsedToChoose(
          source: holdOut[0].source, fingerprint: holdOut[0].fingerprint)
        #expect(throws: unseen) { try cascade.report(on: holdOut) }
      }
    }
  }

  @Test func whatCannotBeReachedIsTold() throws {
    let holdOut = try decisionMembers("hold-out")
    for goal in [Cascade.Goal.cost(atMost: 99), .accuracy(atLeast: 1)] {
      #expect(throws: EnsembleError.unreachableGoal(goal.description, members: ["m0", "m4"])) {
        try Cascade(of: [holdOut[0], holdOut[4]], goal: goal)
      }
      let all = EnsembleError.unreachableGoal(goal.description, members: holdOut.map(\.name))
      #expect(throws: all) { try Cascade.search(holdOut, goal: goal) }
    }
    for cost in [0, Double.nan, .infinity] {
      let error = EnsembleError.invalidArgument(
        name: "the cost", value: "\(cost)", expected: "a number above 0")
      #expect(throws: error) { try Cascade(of: holdOut, goal: .cost(atMost: cost)) }
    }
    for accuracy in [1.01, Double.nan] {
      let error = EnsembleError.invalidArgument(
        name: "the accuracy", value: "\(accuracy)", expected: "a number in 0...1")
      #expect(throws: error) { try Cascade(of: holdOut, goal: .accuracy(atLeast: accuracy)) }
    }
    #expect(throws: EnsembleError.noMembers) { try Cascade(of: [], goal: .cost(atMost: 1)) }
    let twice = EnsembleError.duplicateMember(
      name: "m0", first: holdOut[0].source, second: holdOut[0].source)
    #expect(throws: twice) {
      try Cascade(of: [holdOut[0], holdOut[0]], goal: .cost(atMost: 1000))
    }
    let none = EnsembleError.invalidArgument(
      name: "the number of stages", value: "0", expected: "at least 1")
    #expect(throws: none) {
      try Cascade.search(holdOut, maximumStages: 0, goal: .cost(atMost: 1000))
    }
    // One stage stays where the others are never reached.
    let cheap = try Cascade(of: [holdOut[0], holdOut[4]], goal: .cost(atMost: 100))
    #expect(cheap.stages.count == 1 && cheap.holdOut.exitFractions == [1])
  }

  /// Members and order, against all sequences tried.
  @Test(arguments: [
    Cascade.Goal.cost(atMost: 350), .cost(atMost: 800), .accuracy(atLeast: 0.52),
  ])
  func searchFindsTheBestOfTwoStages(_ goal: Cascade.Goal) throws {
    let holdOut = try decisionMembers("hold-out")
    let found = try Cascade.search(
      holdOut, maximumStages: 2, confidences: [.maximumProbability, .margin], goal: goal,
      beamWidth: 5)
    var all: [Cascade] = []
    for confidence in [CascadeConfidence.maximumProbability, .margin] {
      for first in 0..<5 {
        for second in 0..<5 {
          let members = first == second ? [holdOut[first]] : [holdOut[first], holdOut[second]]
          if let cascade = try? Cascade(of: members, confidence: confidence, goal: goal) {
            all.append(cascade)
          }
        }
      }
    }
    switch goal {
    case .cost: #expect(found.holdOut.accuracy == all.map(\.holdOut.accuracy).max())
    case .accuracy:
      #expect(
        found.holdOut.expectedMultiplyAccumulates
          == all.map(\.holdOut.expectedMultiplyAccumulates).min())
    }
    let three = try Cascade.search(holdOut, maximumStages: 3, goal: goal, beamWidth: 5)
    let two = try Cascade.search(holdOut, maximumStages: 2, goal: goal, beamWidth: 5)
    switch goal {
    case .cost: #expect(three.holdOut.accuracy >= two.holdOut.accuracy)
    case .accuracy:
      #expect(
        three.holdOut.expectedMultiplyAccumulates <= two.holdOut.expectedMultiplyAccumulates)
    }
  }

  @Test func cascadesAreWrittenAndRead() throws {
    let cascade = try Cascade(
      of: decisionMembers("hold-out"), confidence: .entropy, goal: .accuracy(atLeast: 0.52))
    #expect(try roundTrip(cascade) == cascade)
  }
}
