import ArchitectureSearch
import Ensembles
import Networks
import Testing

@Suite struct StageSearchTests {
  private static let space = WideResNetSpace(
    inputSize: 8,
    groups: [
      .init(blocks: [1, 2, 3], channels: [8, 16, 24, 32]),
      .init(blocks: [1, 2, 3], channels: [8, 16, 24, 32]),
    ])

  private func conditions(
    budget: SearchBudget = SearchBudget(evaluations: 30), tolerance: Double? = nil,
    controller: ControllerChoice = .evolution(population: 8, sample: 3)
  ) -> StageSearch.Conditions {
    StageSearch.Conditions(
      space: Self.space, costModel: .multiplyAccumulates,
      target: CostTarget(target: 2e6, tolerance: tolerance),
      reward: .absolute(weight: -0.1), controller: controller, cohort: 6, budget: budget, seed: 1)
  }

  private func stage(_ setting: SearchSetting, members: Int = 2, number: Int = 1) -> SearchStage {
    setting.stages(memberCount: members)[number - 1]
  }

  /// Runs a whole search; returns its records and how it ended.
  @discardableResult
  private func run(
    _ stage: SearchStage, _ conditions: StageSearch.Conditions, _ evaluator: FakeEvaluator,
    fixed: [SearchMember] = [], recorded: [EvaluationRecord] = [], kept: Double = 0.5,
    keep: ([EvaluationRecord]) -> Void = { _ in }
  ) throws -> (records: [EvaluationRecord], end: StageSearch.End) {
    var search = StageSearch(stage, conditions, fixed: fixed)
    let end = try search.run(
      recorded: recorded, scorer: EnsembleScorer(evaluator, kept: kept), keep: keep)
    return (search.records, end)
  }

  private func untimed(_ records: [EvaluationRecord]) -> [EvaluationRecord] {
    records.map { record in
      var record = record
      record.seconds = 0
      return record
    }
  }

  @Test func nothingIsEvaluatedTwice() throws {
    let evaluator = FakeEvaluator()
    let (records, end) = try run(stage(.duplicated), conditions(), evaluator)
    #expect(end == .budgetSpent)
    #expect(records.count == 30)
    #expect(records.map(\.number) == Array(1...30))
    #expect(Set(records.map(\.members)).count == 30)
    for rung in 0...1 {
      let members = evaluator.asked.filter { $0.rung == rung }.map(\.member)
      #expect(Set(members).count == members.count)
    }
  }

  /// Of six at the first rung, three go on; the record says how far each came, and what its training cost.
  @Test func halvingTrainsTheBetterHalfOn() throws {
    let evaluator = FakeEvaluator()
    let (records, _) = try run(
      stage(.duplicated), conditions(budget: SearchBudget(evaluations: 6)), evaluator)
    #expect(records.map(\.rung).sorted() == [1, 1, 1, 2, 2, 2])
    #expect(evaluator.asked.map(\.rung) == [0, 0, 0, 0, 0, 0, 1, 1, 1])
    for record in records {
      #expect(record.trainingImages == (record.rung == 1 ? 100 : 300))
      let network = try Self.space.network(record.members[0])
      let predictions = try evaluator.predictions(
        of: SearchMember(network: network, place: 0), rung: record.rung - 1)
      let accuracy =
        Double(zip(predictions.predictedClasses(), predictions.labels).count { $0 == Int($1) })
        / Double(FakeEvaluator.imageCount)
      #expect(record.accuracy == accuracy)
      let cost = Double(network.cost.multiplyAccumulates)
      #expect(record.cost == cost)
      #expect(abs(record.reward - (accuracy - 0.1 * abs(cost / 1e6 - 1))) < 1e-12)
    }
    let first = records.filter { $0.rung == 1 }.map(\.reward)
    #expect(records.best == records.filter { $0.rung == 2 }.max { $0.reward < $1.reward })
    #expect(!first.isEmpty)
  }

  @Test(arguments: [1, 3, 4, 7])
  func aSearchThatWasStoppedEndsAsItWouldHave(_ calls: Int) throws {
    let whole = try run(stage(.joint), conditions(), FakeEvaluator()).records
    let stopping = FakeEvaluator()
    stopping.callsLeft = calls
    var kept: [EvaluationRecord] = []
    let (_, end) = try run(stage(.joint), conditions(), stopping) { kept += $0 }
    #expect(end == .interrupted)
    #expect(kept.count < whole.count)
    let (records, _) = try run(stage(.joint), conditions(), FakeEvaluator(), recorded: kept)
    #expect(untimed(records) == untimed(whole))
  }

  @Test func jointEnsemblesAreJudgedByTheirMeanAndFillThePlaces() throws {
    let evaluator = FakeEvaluator(trainingImages: [100])
    let (records, _) = try run(stage(.joint), conditions(), evaluator)
    for record in records {
      #expect(record.members.count == 2)
      let members = try record.members.enumerated().map { place, architecture in
        try evaluator.predictions(
          of: SearchMember(network: Self.space.network(architecture), place: place), rung: 0)
      }
      let metrics = try Metrics(of: members, rule: .geometricMean)
      #expect(record.accuracy == metrics.top1Accuracy)
    }
    // A and B is the same ensemble as B and A.
    let sets = records.map { Set($0.members) }
    #expect(Set(sets).count == records.count)
  }

  @Test func sequentialMembersAreJudgedBesideThoseBefore() throws {
    let evaluator = FakeEvaluator(trainingImages: [100])
    let first = SearchMember(
      network: try Self.space.network(Architecture([1, 1, 1, 1])), place: 0)
    let (records, _) = try run(
      stage(.sequential, number: 2), conditions(), evaluator, fixed: [first])
    #expect(records.count == 15)
    for record in records {
      let second = SearchMember(
        network: try Self.space.network(record.members[0]), place: 1)
      let metrics = try Metrics(
        of: [
          evaluator.predictions(of: first, rung: 0), evaluator.predictions(of: second, rung: 0),
        ], rule: .geometricMean)
      #expect(record.accuracy == metrics.top1Accuracy)
    }
  }

  @Test func aFailedArchitectureIsRecordedAndTheSearchGoesOn() throws {
    let evaluator = FakeEvaluator()
    let whole = try run(stage(.duplicated), conditions(), evaluator).records
    let failing = FakeEvaluator()
    failing.failing = [whole[2].networks[0]]
    let (records, end) = try run(stage(.duplicated), conditions(), failing)
    #expect(end == .budgetSpent)
    #expect(records[2].failure == "the loss is not finite")
    #expect(records[2].accuracy == nil)
    #expect(records[2].rung == 1)
    // As an accuracy of 0.
    #expect(abs(records[2].reward - -0.1 * abs(records[2].cost / 1e6 - 1)) < 1e-12)
    #expect(records.count == 30)
    #expect(records.best?.number != 3)
  }

  @Test func architecturesOfAnotherCostAreNotEvaluated() throws {
    let (records, _) = try run(stage(.joint), conditions(tolerance: 0.1), FakeEvaluator())
    #expect(records.allSatisfy { abs($0.cost / 2e6 - 1) <= 0.1 })
    let (single, _) = try run(stage(.duplicated), conditions(tolerance: 0.1), FakeEvaluator())
    #expect(single.allSatisfy { abs($0.cost / 1e6 - 1) <= 0.1 })
  }

  @Test func budgetsOfImagesCountEachTrainingOnce() throws {
    let (records, end) = try run(
      stage(.joint), conditions(budget: SearchBudget(trainingImages: 5000)), FakeEvaluator())
    #expect(end == .budgetSpent)
    var trained: [SearchMember: Int] = [:]
    for record in records {
      for (place, architecture) in record.members.enumerated() {
        let member = SearchMember(network: try Self.space.network(architecture), place: place)
        trained[member] = max(trained[member] ?? 0, record.rung == 1 ? 100 : 300)
      }
    }
    let images = records.reduce(0) { $0 + $1.trainingImages }
    #expect(images == trained.values.reduce(0, +))
    #expect(images >= 5000)
    #expect(images - records.suffix(6).reduce(0) { $0 + $1.trainingImages } < 5000)
  }

  /// A minute's budget, of which records say that it is spent but for an instant.
  @Test func aSearchEndsWhenItsTimeIsOver() throws {
    let budget = SearchBudget(seconds: 60)
    var recorded = try run(
      stage(.duplicated), conditions(budget: SearchBudget(evaluations: 6)), FakeEvaluator()
    ).records
    for index in recorded.indices { recorded[index].seconds = 9.999_999_999_9 }
    let (records, end) = try run(
      stage(.duplicated), conditions(budget: budget), FakeEvaluator(), recorded: recorded)
    #expect(end == .budgetSpent)
    #expect(records.count == 6)
    for index in recorded.indices { recorded[index].seconds = 10 }
    let spent = FakeEvaluator()
    #expect(
      try run(stage(.duplicated), conditions(budget: budget), spent, recorded: recorded).end
        == .budgetSpent)
    #expect(spent.asked.isEmpty)
  }

  @Test func aSearchOfASmallSpaceEndsWhenNothingIsNew() throws {
    var conditions = conditions(controller: .random)
    conditions.space = WideResNetSpace(
      inputSize: 8, groups: [.init(blocks: [1, 2], channels: [8, 16])])
    let (records, end) = try run(stage(.duplicated), conditions, FakeEvaluator())
    #expect(end == .nothingNew)
    #expect(records.count == 4)
  }

  @Test func theRecordOfAnotherSearchIsRefused() throws {
    var records = try run(stage(.duplicated), conditions(), FakeEvaluator()).records
    records[4].members = [Architecture([0, 0, 0, 0])]
    records[4].networks = ["wrn-00.00"]
    let changed = records
    #expect(
      throws: SearchError.otherSearch(
        evaluation: 5, reason: "it is wrn-00.00, not what is proposed now")
    ) {
      try run(stage(.duplicated), conditions(), FakeEvaluator(), recorded: changed)
    }
  }
}
