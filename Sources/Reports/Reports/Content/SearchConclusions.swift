import ArchitectureSearch
import Decisions
import Statistics

extension SearchContent {
  func finalist(_ setting: SearchSetting) -> Finalist? {
    finalists.first { $0.setting == setting }
  }

  /// The ensembles of different architectures that can be compared with the duplicates.
  var diverse: [(finalist: Finalist, comparison: RepeatedComparison)] {
    [SearchSetting.joint, .sequential].compactMap { setting in
      finalist(setting).flatMap { finalist in finalist.comparison.map { (finalist, $0) } }
    }
  }

  /// Whether every ensemble of the plan is trained with all its seeds.
  var isComplete: Bool {
    !finalists.isEmpty && unfinished.isEmpty && settings.allSatisfy { !$0.networks.isEmpty }
  }

  /// Ensembles some of whose seeds are not trained.
  var unfinished: [Finalist] {
    finalists.filter { ($0.trained?.accuracies.count ?? 0) < $0.seeds }
  }

  /// The stages of all settings, in order.
  var stages: [SearchStage] {
    settings.flatMap { $0.setting.stages(memberCount: memberCount) }
  }

  /// Evaluations with the ensembles whose accuracy they were judged by.
  var ensembleEvaluations: [SearchEvaluation] {
    SearchEvaluation.all(of: evaluations, stages: stages)
  }

  /// Spearman's correlation of proxy and final accuracy; nil for fewer than five networks.
  var proxyRankCorrelation: Double? {
    guard proxies.count >= 5 else { return nil }
    return rankCorrelation(proxies.map(\.proxy), proxies.map(\.final))
  }
}

/// An evaluation, and the ensemble whose accuracy counted.
struct SearchEvaluation {
  let record: EvaluationRecord
  let stage: SearchStage
  /// How many members that ensemble has, and what it costs: with what earlier stages found.
  let ensembleSize: Int
  let ensembleCost: Double
  /// Whether no evaluation before it in its stage had as high a reward, of those trained as far as any.
  let isBestSoFar: Bool

  static func all(of records: [EvaluationRecord], stages: [SearchStage]) -> [SearchEvaluation] {
    var earlier: [SearchSetting: (size: Int, cost: Double)] = [:]
    return stages.flatMap { stage -> [SearchEvaluation] in
      let own = records.filter { $0.stage == stage.name }
      let beside = earlier[stage.setting, default: (0, 0)]
      if let best = own.best {
        earlier[stage.setting] = (beside.size + best.members.count, beside.cost + best.cost)
      }
      var highest = -Double.infinity
      return own.map { record in
        let isBest = record.isComplete && record.reward > highest
        if isBest { highest = record.reward }
        return SearchEvaluation(
          record: record, stage: stage, ensembleSize: beside.size + record.members.count,
          ensembleCost: beside.cost + record.cost, isBestSoFar: isBest)
      }
    }
  }
}
