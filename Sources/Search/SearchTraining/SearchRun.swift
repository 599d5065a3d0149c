import ArchitectureSearch
import Files
import Leases
import Networks
import Runs
import Schemas
import SearchRuns
import Torch
import Training

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Carries out a search plan in a directory, going on from what is there.
public struct SearchRun {
  /// How a run ended.
  public enum Outcome: Hashable, Sendable {
    /// All settings have spent their budgets, and what they found is trained in full.
    case complete
    /// The user asked to stop; everything so far is saved.
    case interrupted
    /// These finalists stopped by themselves, each with a `failure.json`; all others are trained.
    case finalistsFailed([String])
  }

  private let plan: SearchPlan
  private let images: RunImages
  private let setup: SearchSetup
  private let group: TrainingGroup?
  private let conditions: StageSearch.Conditions
  private let environment: RunEnvironment
  /// Keeps other searches from the directory.
  private let lock: DirectoryLock

  /// Checks that the plan fits the images and claims the directory for them.
  ///
  /// - Parameters:
  ///   - costModel: That of the plan's cost.
  ///   - group: The processes that train shared weights and what was found together, of which this is the first; nil for
  ///     this one alone. Only of plans with shared weights.
  ///   - lock: What `SearchDirectory.claim` gave; nil where the directory is still to be claimed.
  ///   - versions: Of what takes part besides libtorch, for the record.
  /// - Throws: `ExperimentError`, `SearchError`, `TrainingError` or `FileError`; nothing of an earlier search is changed
  ///   then.
  public init(
    of plan: SearchPlan, on images: RunImages, costModel: CostModel, setup: SearchSetup,
    group: TrainingGroup? = nil, lock: DirectoryLock? = nil,
    command: [String] = CommandLine.arguments,
    versions: [String: String] = [:]
  ) throws {
    self.plan = plan
    self.images = images
    precondition(group == nil || !plan.isShareable, "architectures are trained by themselves")
    self.setup = setup.stopping(with: group)
    self.group = group
    conditions = plan.conditions(costModel)
    environment = RunEnvironment(
      command: command, versions: versions.merging(["libtorch": Runtime.description]) { $1 },
      device: setup.devices.map(\.description).joined(separator: ","), threads: setup.threads)
    _ = try plan.costRange(costModel)
    let experiment = plan.evaluationExperiment()
    let partition = try DataPartition(of: experiment, labels: images.trainingLabels)
    let space = plan.space.space
    let first = try space.network(
      Architecture([Int](repeating: 0, count: space.decisions.count)))
    _ = try images.network(first.name, first, for: experiment)
    if let token = setup.sharing.token { try RunToken.check(token, in: setup.directory.path) }
    self.lock = try lock ?? setup.directory.claim(for: plan, isShared: plan.isShareable)
    try setup.directory.claim(
      data: images.record(
        for: experiment, partition, Normalization(of: images, training: partition.training)))
    if !Directory.exists(setup.directory.environmentPath) {
      try environment.write(to: setup.directory.environmentPath)
    }
  }

  /// Searches for each setting in turn, then trains what was found.
  ///
  /// - Throws: `TrainingError`, `TorchError`, `NetworkError` or `FileError`; what was found until then stays, and the
  ///   next run goes on from it.
  public func run() throws -> Outcome {
    try Runtime.setDeterministic(true, allowTF32: false)
    try Runtime.keepMemory()
    defer { withExtendedLifetime(lock) {} }
    return try ParallelError.naming {
      do {
        return try searchAndTrain()
      } catch {
        group?.tellFailure(error)
        throw error
      }
    }
  }

  private func searchAndTrain() throws -> Outcome {
    try group?.tell(.began(threads: setup.threads))
    guard let found = try plan.isShareable ? searchTogether() : searchAlone() else {
      try group?.tellEnd(.interrupted)
      return .interrupted
    }
    try Runtime.releaseMemory()
    return try trainFinalists(found)
  }

  // MARK: Searching

  private func searchAlone() throws -> [FoundEnsemble]? {
    guard let found = try search(evaluator(), confirm: {}) else { return nil }
    try removeCheckpoints()
    return found
  }

  /// Leads the search or helps who leads; nil where the user asked to stop.
  private func searchTogether() throws -> [FoundEnsemble]? {
    let record = setup.sharing.record(environment, jobs: setup.jobs)
    try setup.sharing.check(record, in: setup.directory.path)
    let shared = try SharedSearch(record, in: setup.directory)
    defer { shared.leave() }
    guard case .proxy(_, let rungs, _) = plan.evaluator else { return nil }
    let evaluator = try ProxyEvaluator(
      plan.evaluationExperiment(), rungs: rungs, on: images, setup: setup, shared: shared)
    var last = 0
    while !setup.shouldStop() {
      switch try shared.part(shouldStop: setup.shouldStop) {
      case .lead:
        do {
          guard let found = try search(evaluator, confirm: shared.confirmLead) else { return nil }
          try removeCheckpoints()
          try shared.end(found)
          return found
        } catch is LeaseLost {
          // Another goes on from the record: this one helps.
          continue
        }
      case .help:
        if let (number, cohort) = shared.cohort(after: last) {
          last = number
          try evaluator.help(number, cohort)
        } else {
          usleep(500_000)
        }
      case .nothing:
        guard !setup.shouldStop() else { return nil }
        return try shared.found()
      }
    }
    return nil
  }

  /// nil where the user asked to stop.
  ///
  /// - Parameter confirm: Makes sure that this process may still keep the record.
  private func search(
    _ evaluator: any MemberEvaluator, confirm: () throws -> Void
  ) throws -> [FoundEnsemble]? {
    let scorer = EnsembleScorer(evaluator, kept: plan.kept)
    var records = try setup.directory.evaluations()
    var found: [FoundEnsemble] = []
    try Directory.create(setup.directory.networksPath)
    for setting in plan.settings {
      switch try search(setting, scorer, &records, confirm) {
      case .interrupted: return nil
      case .nothing: break
      case .ensemble(let ensemble): found.append(ensemble)
      }
      try confirm()
      try DurableFile.write(found.readableJSON(), to: setup.directory.foundPath)
    }
    return found
  }

  /// Nothing goes on from them once all settings have spent their budgets.
  private func removeCheckpoints() throws {
    let path = setup.directory.architecturesPath
    for name in try Directory.names(in: path) {
      try CheckpointStore.removeAll(of: MemberDirectory(path: "\(path)/\(name)"))
    }
  }

  private func evaluator() throws -> any MemberEvaluator {
    let experiment = plan.evaluationExperiment()
    switch plan.evaluator {
    case .proxy(_, let rungs, _):
      return try ProxyEvaluator(experiment, rungs: rungs, on: images, setup: setup)
    case .supernetwork:
      return try SupernetworkEvaluator(
        experiment, space: plan.space.space, places: plan.places, on: images, setup: setup,
        group: group)
    }
  }

  private enum SettingResult {
    /// The user asked to stop.
    case interrupted
    /// No architecture was trained as far as it should.
    case nothing
    case ensemble(FoundEnsemble)
  }

  /// Runs the stages of a setting, each beside what those before it found.
  private func search(
    _ setting: SearchSetting, _ scorer: EnsembleScorer, _ records: inout [EvaluationRecord],
    _ confirm: () throws -> Void
  ) throws -> SettingResult {
    let stages = setting.stages(memberCount: plan.members)
    var chosen: [SearchMember] = []
    var own: [EvaluationRecord] = []
    for stage in stages {
      setup.observe(.stageBegan(stage))
      var search = StageSearch(stage, conditions, fixed: chosen)
      let recorded = records.filter { $0.stage == stage.name }
      let end = try search.run(
        recorded: recorded, scorer: scorer,
        observe: { setup.observe(.evaluated($0, spentShare: $1)) },
        keep: { new in
          try confirm()
          records += new
          try setup.directory.write(records)
        })
      guard end != .interrupted else { return .interrupted }
      let best = search.records.best
      setup.observe(.stageEnded(stage, end, best: best, overheadSeconds: search.overheadSeconds))
      own += search.records
      guard let best else { return .nothing }
      for architecture in best.members {
        let network = try plan.space.space.network(architecture)
        chosen.append(SearchMember(network: network, place: chosen.count))
      }
    }
    return .ensemble(try ensemble(setting, chosen.map(\.network), own))
  }

  /// Writes the networks, and describes their ensemble.
  private func ensemble(
    _ setting: SearchSetting, _ networks: [Network], _ records: [EvaluationRecord]
  ) throws -> FoundEnsemble {
    for network in networks {
      try DurableFile.write(
        network.readableJSON(), to: "\(setup.directory.networksPath)/\(network.name).json")
    }
    let members =
      setting == .duplicated
      ? [Network](repeating: networks[0], count: plan.members) : networks
    let costs = members.map { conditions.costModel.cost(of: $0) ?? 0 }
    let multiplyAccumulates = members.map { $0.totals.multiplyAccumulates }
    let last = setting.stages(memberCount: plan.members).last?.name
    return FoundEnsemble(
      setting: setting, networks: members.map(\.name), cost: costs.reduce(0, +),
      multiplyAccumulates: multiplyAccumulates.reduce(0, +),
      holdOutAccuracy: records.filter { $0.stage == last }.best?.accuracy ?? 0, records: records)
  }

  // MARK: Finalists

  private func trainFinalists(_ found: [FoundEnsemble]) throws -> Outcome {
    var networks: [String: Network] = [:]
    for name in Set(found.flatMap(\.networks)) {
      networks[name] = try Network(file: "\(setup.directory.networksPath)/\(name).json")
    }
    guard let (experiment, _) = plan.finalists(found, networks: networks) else {
      try group?.tellEnd(.complete)
      return .complete
    }
    try group?.tell(.finalists(experiment: experiment.readableJSON()))
    let run = try TrainingRun(
      of: experiment, on: images, in: setup.directory.finalists, devices: setup.devices,
      threads: setup.threads, decoders: setup.decoders, command: environment.command,
      versions: environment.versions, sharing: setup.sharing)
    let outcome = try run.run(
      group: group, jobs: setup.jobs, shouldStop: setup.shouldStop,
      observe: { [setup] event in setup.observe(.finalists(event)) })
    switch outcome {
    case .complete: return .complete
    // Finalists are always waited for.
    case .interrupted, .leftToOthers: return .interrupted
    case .membersFailed(let names): return .finalistsFailed(names)
    }
  }
}

extension SearchPlan {
  /// How many members the ensembles under search have at most.
  fileprivate var places: Int {
    settings.contains { $0 == .joint || $0 == .sequential } ? members : 1
  }

  /// The share of a cohort that goes on after a rung.
  fileprivate var kept: Double {
    if case .proxy(_, _, let kept) = evaluator { kept } else { 1 }
  }
}
