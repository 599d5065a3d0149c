import ArchitectureSearch
import Decisions
import Ensembles
import Files
import Latency
import Networks
import Predictions
import Reports
import SearchRuns

/// All that a search's directory says, also while the search or its finalists are not complete.
package struct SearchResults {
  private let directory: SearchDirectory
  private let plan: SearchPlan
  private let evaluations: [EvaluationRecord]
  private let found: [FoundEnsemble]
  /// What was found, by name.
  private let networks: [String: Network]
  private let groups: [FinalistGroup]
  /// The test predictions of the finalists that are trained, by their names, and these by network.
  private let predictions: [String: Predictions]
  private let replicas: [String: [String]]
  private let latencies: FinalistLatencies?
  private let finalists: [SearchContent.Finalist]
  private let proxies: [SearchContent.ProxyAccuracy]

  /// Reads the directory, and times the finalists' networks where that is to be done.
  ///
  /// - Parameter progress: Called with what is being timed.
  /// - Throws: `ExperimentError`, `EnsembleError` or `LatencyError` naming the file and the fix.
  package init(
    _ directory: SearchDirectory, timing: FinalistLatencies.Timing,
    progress: (String) -> Void = { _ in }
  ) throws {
    self.directory = directory
    plan = try directory.plan()
    evaluations = try directory.evaluations()
    found = try directory.found()
    var networks: [String: Network] = [:]
    for name in Set(found.flatMap(\.networks)) {
      networks[name] = try Network(file: "\(directory.networksPath)/\(name).json")
    }
    self.networks = networks
    let planned = found.isEmpty ? nil : plan.finalists(found, networks: networks)
    groups = planned?.groups ?? []
    var predictions: [String: Predictions] = [:]
    var replicas: [String: [String]] = [:]
    for member in planned?.experiment.allMembers ?? [] {
      let path = directory.finalists.member(member.name).predictionsPath(split: SplitName.test)
      guard Directory.exists(path) else { continue }
      predictions[member.name] = try Predictions(path: path)
      replicas[member.network, default: []].append(member.name)
    }
    self.predictions = predictions
    self.replicas = replicas
    latencies = try FinalistLatencies(
      of: directory, members: replicas.compactMapValues(\.first), timing: timing,
      progress: progress)
    let accuracies = try replicas.mapValues { names in
      try RepeatedEnsemble(combining: names.compactMap { predictions[$0] }.map { [$0] })
        .meanAccuracy
    }
    finalists = try Self.finalists(
      groups, predictions, seeds: plan.finalists?.seeds ?? 0
    ) { [latencies] network in
      SearchContent.Member(
        network: network,
        multiplyAccumulates: replicas[network]?.first.flatMap { predictions[$0] }?
          .multiplyAccumulates
          ?? networks[network]?.totals.multiplyAccumulates,
        milliseconds: latencies?.milliseconds[network], accuracy: accuracies[network])
    }
    proxies = try Self.proxies(
      of: networks.keys.sorted(), in: directory, plan, evaluations, final: accuracies)
  }

  /// Combines each seed that is trained, and compares with the duplicates.
  private static func finalists(
    _ groups: [FinalistGroup], _ predictions: [String: Predictions], seeds: Int,
    member: (String) -> SearchContent.Member
  ) throws -> [SearchContent.Finalist] {
    let trained = try groups.map { group -> RepeatedEnsemble? in
      let complete = group.members.filter { $0.allSatisfy { predictions[$0] != nil } }
      guard !complete.isEmpty else { return nil }
      return try RepeatedEnsemble(combining: complete.map { $0.compactMap { predictions[$0] } })
    }
    let duplicated = zip(groups, trained).first { $0.0.setting == .duplicated }?.1
    return try zip(groups, trained).map { group, trained in
      var comparison: RepeatedComparison?
      if let trained, let duplicated, group.setting != .duplicated {
        comparison = try RepeatedComparison(trained, minus: duplicated)
      }
      return SearchContent.Finalist(
        name: group.name, setting: group.setting, members: group.networks.map(member),
        seeds: seeds, trained: trained, comparison: comparison)
    }
  }

  /// Of the networks that the search trained by themselves and the finalists in full.
  private static func proxies(
    of networks: [String], in directory: SearchDirectory, _ plan: SearchPlan,
    _ evaluations: [EvaluationRecord], final: [String: Double]
  ) throws -> [SearchContent.ProxyAccuracy] {
    guard let rungs = evaluations.map(\.rungs).max() else { return [] }
    return try networks.compactMap { network in
      let path = (0..<plan.members).map {
        directory.architecture(network, place: $0).predictionsPath(rung: rungs)
      }.first(where: Directory.exists)
      guard let path, let final = final[network] else { return nil }
      let proxy = try Metrics(of: [Predictions(path: path)]).top1Accuracy
      return SearchContent.ProxyAccuracy(network: network, proxy: proxy, final: final)
    }
  }

  /// All that the page shows.
  package func content(command: String?) -> SearchContent {
    SearchContent(
      memberCount: plan.members, target: plan.cost, settings: plan.settings.map(setting),
      evaluations: evaluations, finalists: finalists, plansFinalists: plan.finalists != nil,
      proxies: proxies, latencyConditions: latencies?.conditions, plan: SearchPlanFacts.of(plan),
      context: ReportContext(
        directory: directory.path,
        sources: .init(
          experiment: directory.planPath, data: directory.dataPath,
          environment: directory.environmentPath),
        command: command))
  }

  private func setting(_ setting: SearchSetting) -> SearchContent.Setting {
    guard let ensemble = found.first(where: { $0.setting == setting }) else {
      return SearchContent.Setting(setting: setting)
    }
    var seen: Set<String> = []
    let different = ensemble.networks.filter { seen.insert($0).inserted }
    return SearchContent.Setting(
      setting: setting,
      networks: different.compactMap { name in
        networks[name].map { network in
          SearchContent.FoundNetwork(
            network: network, choices: choices(name),
            count: ensemble.networks.count { $0 == name })
        }
      }, holdOutAccuracy: ensemble.holdOutAccuracy)
  }

  /// What was chosen for the network; none where no candidate on record is it.
  private func choices(_ network: String) -> [String] {
    let space = plan.space.space
    for record in evaluations {
      guard let place = record.networks.firstIndex(of: network),
        space.contains(record.members[place])
      else { continue }
      return space.description(of: record.members[place])
    }
    return []
  }
}
