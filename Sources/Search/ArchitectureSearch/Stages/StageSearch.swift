import Networks
import Randomness

/// One search, from its controller's first proposal until its budget is spent.
///
/// Everything follows from the seed and the evaluations: those on record are played back, then new ones are made, so that
/// a search that was killed ends as it would have.
public struct StageSearch {
  /// What all searches of a plan share.
  public struct Conditions: Sendable {
    /// Where architectures come from.
    public var space: any SearchSpace
    /// What they cost.
    public var costModel: CostModel
    /// What they shall cost.
    public var target: CostTarget
    /// What they are worth.
    public var reward: Reward
    /// Who proposes them.
    public var controller: ControllerChoice
    /// How many are proposed at a time, to be evaluated side by side.
    public var cohort: Int
    /// Of the whole setting.
    public var budget: SearchBudget
    /// Decides all random numbers.
    public var seed: Int

    /// Creates conditions as they are; the cost model must count what the target does.
    public init(
      space: any SearchSpace, costModel: CostModel, target: CostTarget, reward: Reward,
      controller: ControllerChoice, cohort: Int, budget: SearchBudget, seed: Int
    ) {
      self.space = space
      self.costModel = costModel
      self.target = target
      self.reward = reward
      self.controller = controller
      self.cohort = cohort
      self.budget = budget
      self.seed = seed
    }
  }

  /// How a search ended.
  public enum End: Hashable, Sendable {
    /// The budget is spent.
    case budgetSpent
    /// The controller proposes only what was evaluated before.
    case nothingNew
    /// The evaluator stopped because the user wished so.
    case interrupted
  }

  private let stage: SearchStage
  private let conditions: Conditions
  private let architectures: StageArchitectures
  /// The members found before, which every architecture has beside its own.
  private let fixed: [SearchMember]
  private let budget: SearchBudget
  private var controller: any Controller
  private var known: [[Architecture]: EvaluationRecord] = [:]
  /// The rung to which each member is trained.
  private var trained: [SearchMember: Int] = [:]
  /// Everything evaluated so far, in order.
  public private(set) var records: [EvaluationRecord] = []
  /// What the search itself took so far: proposals, costs, learning and records, without the evaluations.
  public private(set) var overheadSeconds = 0.0
  /// So many cohorts in a row without a new architecture mean that none is left.
  private static let patience = 500

  /// Prepares a search.
  ///
  /// - Parameter fixed: The members found before, in their places.
  public init(_ stage: SearchStage, _ conditions: Conditions, fixed: [SearchMember] = []) {
    self.stage = stage
    self.conditions = conditions
    self.fixed = fixed
    architectures = StageArchitectures(
      stage: stage, conditions: conditions, firstPlace: fixed.count)
    budget = conditions.budget.part(stage.budgetShare)
    let counts = conditions.space.decisions.map(\.options.count)
    let target = conditions.target
    controller = conditions.controller.controller(
      optionCounts: (0..<stage.memberCount).flatMap { _ in counts },
      evaluations: budget.evaluations ?? 0,
      stream: RandomStream(seed: UInt64(conditions.seed), for: stage),
      target: target.text(target.target * stage.costShare)
        + (target.tolerance.map { " within \(Int(($0 * 100).rounded())) %" } ?? ""))
  }

  /// Runs the search.
  ///
  /// - Parameters:
  ///   - recorded: The evaluations of this search that are on record, in order.
  ///   - scorer: Evaluates cohorts.
  ///   - observe: Called after each cohort with all evaluations so far, and of the share of the budget that they spent.
  ///   - keep: Puts new evaluations on record; called after each cohort that had any.
  /// - Throws: `SearchError`, or what the evaluator and `keep` throw.
  public mutating func run(
    recorded: [EvaluationRecord], scorer: EnsembleScorer,
    observe: (_ soFar: [EvaluationRecord], _ spentShare: Double) -> Void = { _, _ in },
    keep: (_ new: [EvaluationRecord]) throws -> Void
  ) throws -> End {
    var idleCohorts = 0
    var recorded = recorded[...]
    let start = ContinuousClock.now
    var evaluationSeconds = 0.0
    defer { overheadSeconds += start.duration(to: .now) / .seconds(1) - evaluationSeconds }
    while spentShare < 1 {
      let left = budget.evaluations.map { $0 - records.count } ?? Int.max
      let proposals = try controller.propose(
        min(conditions.cohort, left), where: architectures.isWanted)
      let proposed = proposals.map(architectures.members)
      let fresh = unique(proposed.filter { known[$0] == nil })
      idleCohorts = fresh.isEmpty ? idleCohorts + 1 : 0
      guard idleCohorts < Self.patience else { return .nothingNew }
      try replay(fresh, from: &recorded)
      let unevaluated = fresh.filter { known[$0] == nil }
      if !unevaluated.isEmpty {
        let before = ContinuousClock.now
        let deadline = budget.seconds.map { before + .seconds($0 - spentSeconds) }
        let evaluated = try evaluate(unevaluated, scorer, until: deadline)
        evaluationSeconds += before.duration(to: .now) / .seconds(1)
        guard let new = evaluated else {
          return deadline.map { .now >= $0 } ?? false ? .budgetSpent : .interrupted
        }
        try keep(new)
        new.forEach { take($0) }
      }
      observe(records, spentShare)
      controller.learn(
        zip(proposals, proposed).compactMap { proposal, architecture in
          known[architecture].map { (proposal, $0.reward) }
        })
    }
    return .budgetSpent
  }

  /// How much of the budget is spent; from 0.
  public var spentShare: Double {
    budget.spentShare(
      evaluations: records.count, seconds: spentSeconds,
      trainingImages: records.reduce(0) { $0 + $1.trainingImages })
  }

  private var spentSeconds: Double { records.reduce(0) { $0 + $1.seconds } }
}

// MARK: - Evaluations

extension StageSearch {
  private func unique(_ architectures: [[Architecture]]) -> [[Architecture]] {
    var seen: Set<[Architecture]> = []
    return architectures.filter { seen.insert($0).inserted }
  }

  /// Takes what is on record of these architectures.
  private mutating func replay(
    _ architectures: [[Architecture]], from recorded: inout ArraySlice<EvaluationRecord>
  ) throws(SearchError) {
    for architecture in architectures {
      guard let record = recorded.popFirst() else { return }
      guard record.members == architecture, record.stage == stage.name else {
        throw .otherSearch(
          evaluation: record.number,
          reason: "it is \(record.networks.joined(separator: " + ")), not what is proposed now")
      }
      take(record)
    }
  }

  private mutating func take(_ record: EvaluationRecord) {
    records.append(record)
    known[record.members] = record
    for member in architectures.searchMembers(record.members) {
      trained[member] = max(trained[member] ?? 0, record.rung - 1)
    }
  }

  private func evaluate(
    _ fresh: [[Architecture]], _ scorer: EnsembleScorer, until deadline: ContinuousClock.Instant?
  ) throws -> [EvaluationRecord]? {
    let start = ContinuousClock.now
    let costs = fresh.map { architectures.cost(of: $0) ?? 0 }
    let members = fresh.map(architectures.searchMembers)
    guard
      let scores = try scorer.score(
        members, beside: fixed, deadline: deadline,
        rewards: { reward(accuracy: $1, cost: costs[$0]) })
    else { return nil }
    let seconds = start.duration(to: .now) / .seconds(1) / Double(fresh.count)
    // Of members that several architectures have, the first pays.
    var trained = trained
    return fresh.indices.map { index in
      let score = scores[index]
      var images = 0
      for member in members[index] where (trained[member] ?? -1) < score.rung {
        images += scorer.trainingImages(after: trained[member], upTo: score.rung)
        trained[member] = score.rung
      }
      return EvaluationRecord(
        stage: stage.name, number: records.count + index + 1, members: fresh[index],
        networks: members[index].map(\.network.name), cost: costs[index],
        accuracy: score.accuracy,
        reward: reward(accuracy: score.accuracy ?? 0, cost: costs[index]), rung: score.rung + 1,
        rungs: scorer.rungs, failure: score.failure, trainingImages: images, seconds: seconds)
    }
  }

  private func reward(accuracy: Double, cost: Double) -> Double {
    conditions.reward.value(
      accuracy: accuracy, costRatio: cost / (conditions.target.target * stage.costShare))
  }
}

extension RandomStream {
  /// The numbers of one stage's controller.
  fileprivate init(seed: UInt64, for stage: SearchStage) {
    let setting = SearchSetting.allCases.firstIndex(of: stage.setting) ?? 0
    // Apart from the numbers of trainings, whose paths begin with 0 and 1.
    self.init(seed: seed, 2, UInt64(setting), UInt64(stage.number))
  }
}
