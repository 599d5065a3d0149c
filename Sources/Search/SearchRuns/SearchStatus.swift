import ArchitectureSearch
import Files
import Runs

/// How far a search is, read from its directory by anybody at any time, also while it runs.
public struct SearchStatus: Codable, Hashable, Sendable {
  /// The plan's name.
  public let search: String
  /// The stages of all settings, in order.
  public let stages: [Stage]
  /// Whether a process searches, or trains what it found.
  public let isRunning: Bool
  /// The training of what was found; nil before it begins.
  public var finalists: RunStatus?
  /// Whether the plan trains what is found.
  public let plansFinalists: Bool
  /// The command line that began the search; nil where it is not recorded.
  public let command: [String]?

  /// How far one stage is. What is not known is left out of the JSON.
  public struct Stage: Codable, Hashable, Sendable {
    /// Such as "joint" or "sequential-2".
    public let name: String
    /// What it is doing.
    public let state: State
    /// Architectures on record, and how many of them failed.
    public let evaluations, failures: Int
    /// Architectures that its budget allows; nil where it counts other things.
    public let budget: Int?
    /// The share of its budget that is spent, in 0...1.
    public let spentShare: Double
    /// The best architecture so far of those trained as far as any.
    public let best: EvaluationRecord?
    /// The cost of `best` in words, such as "26.7 M MACs".
    public let bestCost: String?
  }

  /// What a stage is doing.
  public enum State: String, Codable, Hashable, Sendable {
    /// It has begun, no process searches, and it is not complete.
    case stopped
    /// Architectures are evaluated, or are about to be.
    case running
    /// It has not begun.
    case waiting
    /// Its budget is spent, or nothing new was proposed.
    case complete
  }

  /// Reads the status of the search in `directory`.
  ///
  /// - Throws: `ExperimentError` where there is no search, or one of its files cannot be read; the finalists' status may
  ///   throw as `RunStatus` does.
  public init(of directory: SearchDirectory) throws {
    let plan = try directory.plan()
    // Before the records: a search that ends in between shows as running all the same.
    let isRunning = DirectoryLock.isHeld(directory.architecturesPath) || directory.isAtWork
    let records = try directory.evaluations()
    let found = Set(try directory.found().map(\.setting))
    search = plan.name
    self.isRunning = isRunning
    plansFinalists = plan.finalists != nil
    finalists =
      Directory.exists(directory.finalists.experimentPath)
      ? try RunStatus(of: directory.finalists) : nil
    command = RunEnvironment(path: directory.environmentPath)?.command
    let all = plan.settings.flatMap { $0.stages(memberCount: plan.members) }
    // What comes before a stage that has begun, or belongs to a setting that found something, is complete.
    let current = all.firstIndex { stage in
      !found.contains(stage.setting)
        && !Self.isFollowed(stage, among: all, records)
    }
    stages = all.enumerated().map { index, stage in
      let isComplete = current.map { index < $0 } ?? true
      let state: State =
        if isComplete {
          .complete
        } else if index == current, isRunning {
          .running
        } else if records.contains(where: { $0.stage == stage.name }) {
          .stopped
        } else {
          .waiting
        }
      return Stage(stage, of: plan, state, records.filter { $0.stage == stage.name })
    }
  }

  private static func isFollowed(
    _ stage: SearchStage, among all: [SearchStage], _ records: [EvaluationRecord]
  ) -> Bool {
    let later = Set(all.drop { $0 != stage }.dropFirst().map(\.name))
    return records.contains { later.contains($0.stage) }
  }
}

extension SearchStatus.Stage {
  fileprivate init(
    _ stage: SearchStage, of plan: SearchPlan, _ state: SearchStatus.State,
    _ records: [EvaluationRecord]
  ) {
    let budget = plan.budget.part(stage.budgetShare)
    name = stage.name
    self.state = state
    evaluations = records.count
    failures = records.count { $0.failure != nil }
    self.budget = budget.evaluations
    spentShare =
      state == .complete
      ? 1
      : min(
        1,
        budget.spentShare(
          evaluations: records.count, seconds: records.reduce(0) { $0 + $1.seconds },
          trainingImages: records.reduce(0) { $0 + $1.trainingImages }))
    best = records.best
    bestCost = best.map { plan.cost.text($0.cost) }
  }
}
