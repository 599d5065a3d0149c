import Decisions
import Networks
import Predictions
import Randomness

@testable import ArchitectureSearch
@testable import Reports

/// All that a report on a search shows, of a search that never ran.
struct SyntheticSearch {
  var space: any SearchSpace = WideResNetSpace.cifar
  var memberCount = 2
  var evaluations = 40
  var settings = SearchSetting.allCases
  var seeds = 3
  /// How many of them are trained.
  var trainedSeeds = 3
  var plansFinalists = true
  /// Images of 100 that ensembles get right.
  var duplicated = 80
  var joint = 80
  var sequential = 80
  var byHand = 78
  var measuresTime = true
  var title = "search-synthetic"

  func content() throws -> SearchContent {
    let drawn = architectures()
    let records = self.settings.flatMap { setting in
      setting.stages(memberCount: memberCount).flatMap { stageRecords($0, drawn) }
    }
    let settings = try results(records)
    return SearchContent(
      memberCount: memberCount, target: CostTarget(target: target, tolerance: 0.2),
      settings: settings, evaluations: records,
      finalists: plansFinalists ? try finalists(settings) : [], plansFinalists: plansFinalists,
      proxies: settings.flatMap(\.networks).enumerated().map {
        SearchContent.ProxyAccuracy(
          network: $1.network.name, proxy: 0.5 + 0.01 * Double($0), final: 0.8)
      },
      latencyConditions: measuresTime ? "one image, <one> thread" : nil,
      plan: [.init(name: "Space", value: "networks & more")],
      context: ReportContext(title: title, dataset: "cifar10", command: "consort report x"))
  }

  private let target = 40e6

  private func architectures() -> [Architecture] {
    var stream = RandomStream(seed: 3)
    return (0..<60).map { _ in
      space.canonical(
        Architecture(space.decisions.map { stream.integer(below: $0.options.count) }))
    }
  }

  private func stageRecords(
    _ stage: SearchStage, _ architectures: [Architecture]
  ) -> [EvaluationRecord] {
    var stream = RandomStream(seed: UInt64(stage.name.utf8.reduce(0) { $0 + Int($1) }))
    return (1...max(1, evaluations)).prefix(evaluations).map { number in
      let members = (0..<stage.memberCount).map { _ in
        architectures[stream.integer(below: architectures.count)]
      }
      let isComplete = number % 3 == 0
      let hasFailed = number % 11 == 0
      let accuracy = 0.3 + 0.1 * stream.unitInterval() + (isComplete ? 0.25 : 0)
      return EvaluationRecord(
        stage: stage.name, number: number, members: members,
        networks: members.map(space.name(of:)),
        cost: target * stage.costShare * (0.8 + 0.4 * stream.unitInterval()),
        accuracy: hasFailed ? nil : accuracy, reward: hasFailed ? -0.05 : accuracy - 0.01,
        rung: hasFailed ? 1 : isComplete ? 3 : 1 + number % 2, rungs: 3,
        failure: hasFailed ? "the loss is not a <number>" : nil, trainingImages: 1000,
        seconds: 2.5)
    }
  }

  private func results(_ records: [EvaluationRecord]) throws -> [SearchContent.Setting] {
    try settings.map { setting in
      let bests = setting.stages(memberCount: memberCount).compactMap { stage in
        records.filter { $0.stage == stage.name }.best
      }
      return SearchContent.Setting(
        setting: setting,
        networks: try bests.flatMap(\.members).map { architecture in
          SearchContent.FoundNetwork(
            network: try space.network(architecture),
            choices: space.description(of: architecture),
            count: setting == .duplicated ? memberCount : 1)
        }, holdOutAccuracy: bests.last?.accuracy)
    }
  }

  private func finalists(
    _ found: [SearchContent.Setting]
  ) throws -> [SearchContent.Finalist] {
    let percents: [SearchSetting: Int] = [
      .single: 70, .duplicated: duplicated, .joint: joint, .sequential: sequential,
    ]
    var finalists = try found.map { setting in
      SearchContent.Finalist(
        name: setting.setting.rawValue, setting: setting.setting,
        members: setting.networks.flatMap { found in
          [SearchContent.Member](
            repeating: member(found.network.name, macs: 15e6 + 3e6 * Double(found.choices.count)),
            count: found.count)
        }, seeds: seeds, trained: try trained(percents[setting.setting] ?? 0))
    }
    finalists.append(
      SearchContent.Finalist(
        name: "2 x wide-resnet-16-1, by hand", setting: nil,
        members: [member("wide-resnet-16-1", macs: 26e6), member("wide-resnet-16-1", macs: 26e6)],
        seeds: seeds, trained: try trained(byHand)))
    let own = finalists.first { $0.setting == .duplicated }?.trained
    for index in finalists.indices where finalists[index].setting != .duplicated {
      guard let own, let trained = finalists[index].trained else { continue }
      finalists[index].comparison = try RepeatedComparison(trained, minus: own)
    }
    return finalists
  }

  private func member(_ network: String, macs: Double) -> SearchContent.Member {
    SearchContent.Member(
      network: network, multiplyAccumulates: Int(macs),
      milliseconds: measuresTime ? macs / 4e7 : nil, accuracy: 0.72)
  }

  private func trained(_ percent: Int) throws -> RepeatedEnsemble? {
    guard trainedSeeds > 0 else { return nil }
    return try RepeatedEnsemble(
      combining: (0..<trainedSeeds).map { seed in
        let values = (0..<1000).flatMap { image -> [Float] in
          let isRight = (image * 7919 + image / 7 * 31 + seed * 13 + percent) % 100 < percent
          return isRight ? [-0.105_360_5, -2.302_585] : [-2.302_585, -0.105_360_5]
        }
        return [
          try Predictions(
            name: "\(percent)-\(seed)", network: "net", multiplyAccumulates: 1, parameters: 1,
            split: "test", fingerprint: "test", logProbabilities: values,
            labels: [Int64](repeating: 0, count: 1000), classes: 2)
        ]
      })
  }
}
