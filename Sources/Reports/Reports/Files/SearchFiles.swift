import ArchitectureSearch
import Decisions
import Files
import Schemas

/// A search's figures as CSV and JSON.
struct SearchFiles {
  let content: SearchContent

  /// - Throws: `FileError`; `EncodingError` where a number is not finite.
  func write(to directory: String) throws {
    try DurableFile.write(evaluations, to: ReportFile.evaluations.path(in: directory))
    guard content.finalists.contains(where: { $0.trained != nil }) else { return }
    try DurableFile.write(finalists, to: ReportFile.finalistsTable.path(in: directory))
    try DurableFile.write(
      try comparisons.readableJSON(), to: ReportFile.finalists.path(in: directory))
  }

  /// One line an evaluation.
  var evaluations: String {
    var csv = CSV([
      "setting", "stage", "number", "networks", "cost", "ensemble_members", "ensemble_cost",
      "hold_out_accuracy", "reward", "rung", "rungs", "complete", "best_so_far",
      "training_images", "seconds", "failure",
    ])
    for evaluation in content.ensembleEvaluations {
      let record = evaluation.record
      csv.append([
        evaluation.stage.setting.rawValue, record.stage, "\(record.number)",
        record.networks.joined(separator: " "), "\(record.cost)", "\(evaluation.ensembleSize)",
        "\(evaluation.ensembleCost)", record.accuracy.map { "\($0)" }, "\(record.reward)",
        "\(record.rung)", "\(record.rungs)", "\(record.isComplete)", "\(evaluation.isBestSoFar)",
        "\(record.trainingImages)", "\(record.seconds)", record.failure,
      ])
    }
    return csv.text
  }

  /// One line an ensemble that is trained.
  var finalists: String {
    var csv = CSV([
      "ensemble", "setting", "networks", "macs", "milliseconds", "seeds", "test_accuracy",
      "test_accuracy_sd", "test_accuracies", "difference", "difference_lower",
      "difference_upper", "difference_over_seeds_lower", "difference_over_seeds_upper",
      "mcnemar_p", "verdict",
    ])
    for finalist in content.finalists {
      guard let trained = finalist.trained else { continue }
      let comparison = finalist.comparison
      csv.append([
        finalist.name, finalist.setting?.rawValue ?? "by hand",
        finalist.members.map(\.network).joined(separator: " "),
        finalist.multiplyAccumulates.map { "\($0)" }, finalist.milliseconds.map { "\($0)" },
        "\(trained.accuracies.count)", "\(trained.meanAccuracy)",
        trained.standardDeviation.map { "\($0)" },
        trained.accuracies.map { "\($0)" }.joined(separator: " "),
        comparison.map { "\($0.difference)" }, comparison.map { "\($0.interval.lowerBound)" },
        comparison.map { "\($0.interval.upperBound)" },
        comparison?.seedInterval.map { "\($0.lowerBound)" },
        comparison?.seedInterval.map { "\($0.upperBound)" },
        comparison.map { "\($0.mcNemarPValue)" },
        comparison?.verdict.rawValue,
      ])
    }
    return csv.text
  }

  /// The same for programs, with each member alone.
  private var comparisons: FinalistsFile {
    FinalistsFile(
      latencyConditions: content.latencyConditions,
      ensembles: content.finalists.compactMap { finalist in
        finalist.trained.map { trained in
          .init(
            name: finalist.name, setting: finalist.setting,
            multiplyAccumulates: finalist.multiplyAccumulates,
            milliseconds: finalist.milliseconds, testAccuracies: trained.accuracies,
            testAccuracy: trained.meanAccuracy, standardDeviation: trained.standardDeviation,
            members: finalist.members.map {
              .init(
                network: $0.network, multiplyAccumulates: $0.multiplyAccumulates,
                milliseconds: $0.milliseconds, testAccuracy: $0.accuracy)
            }, againstDuplicated: finalist.comparison)
        }
      }, proxyRankCorrelation: content.proxyRankCorrelation)
  }
}

/// What finalists.json holds.
struct FinalistsFile: Codable {
  let latencyConditions: String?
  let ensembles: [Ensemble]
  let proxyRankCorrelation: Double?

  struct Ensemble: Codable {
    let name: String
    let setting: SearchSetting?
    let multiplyAccumulates: Int?
    let milliseconds: Double?
    let testAccuracies: [Double]
    let testAccuracy: Double
    let standardDeviation: Double?
    let members: [Member]
    let againstDuplicated: RepeatedComparison?
  }

  struct Member: Codable {
    let network: String
    let multiplyAccumulates: Int?
    let milliseconds, testAccuracy: Double?
  }
}
