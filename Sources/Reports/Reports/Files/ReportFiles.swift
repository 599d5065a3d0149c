import Decisions
import Ensembles
import Files
import Predictions
import Schemas

/// The report's figures as JSON and CSV.
struct ReportFiles {
  let content: ReportContent

  /// - Throws: `FileError`; `EncodingError` where a number is not finite.
  func write(to directory: String) throws {
    try FrontierReport.writeData(content.frontier, content.diversity, to: directory)
    if let decision = content.decision { try write(decision, to: directory) }
    if let training {
      try DurableFile.write(training, to: ReportFile.training.path(in: directory))
    }
    if let members { try DurableFile.write(members, to: ReportFile.members.path(in: directory)) }
    if !content.forecasts.isEmpty {
      try DurableFile.write(
        try content.forecasts.readableJSON(), to: ReportFile.forecast.path(in: directory))
    }
  }

  private func write(_ decision: Decision, to directory: String) throws {
    try DurableFile.write(try decision.readableJSON(), to: ReportFile.decision.path(in: directory))
    try DurableFile.write(Self.candidates(decision), to: ReportFile.candidates.path(in: directory))
    let calibration = CalibrationFile(
      reference: content.referenceReliability, deployed: decision.calibration)
    try DurableFile.write(
      try calibration.readableJSON(), to: ReportFile.calibration.path(in: directory))
    if let errors = decision.errors { try write(errors, to: directory) }
    guard let rules = decision.rules else { return }
    try DurableFile.write(try rules.readableJSON(), to: ReportFile.rules.path(in: directory))
    try DurableFile.write(Self.rules(rules), to: ReportFile.rulesTable.path(in: directory))
  }

  private func write(_ errors: ErrorAnalysis, to directory: String) throws {
    let test = errors.test
    try DurableFile.write(
      ErrorTables.groups(test.byClass, called: "class", precisions: test.deployed.precisions),
      to: ReportFile.classes.path(in: directory))
    if let groups = test.byGroup {
      try DurableFile.write(
        ErrorTables.groups(groups, called: "group"), to: ReportFile.groups.path(in: directory))
    }
    if let deployed = test.deployed.confusion, let reference = test.reference.confusion {
      let names = errors.classNames ?? ImageGroups.numbered(deployed.classes)
      try DurableFile.write(
        ErrorTables.confusion(deployed: deployed, reference: reference, names: names),
        to: ReportFile.confusion.path(in: directory))
    }
    if let costs = errors.costs {
      try DurableFile.write(
        ErrorTables.costs(costs), to: ReportFile.errorCosts.path(in: directory))
    }
  }

  private struct CalibrationFile: Encodable {
    let reference: ReliabilitySummary?
    let deployed: CalibrationChoice
  }
}

// MARK: - CSV

extension ReportFiles {
  private static func names(_ split: String) -> [String] {
    ["accuracy", "topk_accuracy", "negative_log_likelihood", "brier_score", "calibration_error"]
      .map { "\(split)_\($0)" }
  }

  private static func cells(_ metrics: Metrics?) -> [String?] {
    guard let metrics else { return Array(repeating: nil, count: 5) }
    return [
      metrics.top1Accuracy, metrics.topKAccuracy, metrics.negativeLogLikelihood,
      metrics.brierScore, metrics.expectedCalibrationError,
    ].map { "\($0)" }
  }

  private static func cells(_ cost: Cost) -> [String?] {
    [
      "\(cost.multiplyAccumulates)", "\(cost.parameters)",
      cost.latencyMilliseconds.map { "\($0)" }, cost.parallelLatencyMilliseconds.map { "\($0)" },
    ]
  }

  private static let costNames = [
    "macs", "parameters", "milliseconds", "milliseconds_side_by_side",
  ]

  static func candidates(_ decision: Decision) -> String {
    var csv = CSV(
      ["id", "kind", "network", "members", "rule", "frontier", "same_network_frontier"]
        + ["reference", "deployed"] + costNames + ["hold_out_macs"] + names("hold_out")
        + names("test") + ["test_accuracy_lower", "test_accuracy_upper"] + names("shifted")
        + ["difference", "difference_lower", "difference_upper", "mcnemar_p", "verdict"])
    for candidate in decision.candidates {
      let comparison = candidate.comparison
      csv.append(
        [
          candidate.id, candidate.kind.rawValue, candidate.network,
          candidate.members.joined(separator: " "), candidate.combination.rule.rawValue,
          "\(candidate.isOnFrontier)", "\(candidate.isOnSameNetworkFrontier)",
          "\(candidate.id == decision.reference)", "\(candidate.id == decision.chosen)",
        ] + cells(candidate.test.cost) + ["\(candidate.holdOut.cost.multiplyAccumulates)"]
          + cells(candidate.holdOut.metrics) + cells(candidate.test.metrics)
          + [
            "\(candidate.testInterval.lowerBound)", "\(candidate.testInterval.upperBound)",
          ] + cells(candidate.shifted?.metrics)
          + [
            comparison.map { "\($0.difference)" }, comparison.map { "\($0.interval.lowerBound)" },
            comparison.map { "\($0.interval.upperBound)" },
            comparison.map { "\($0.mcNemarPValue)" }, comparison?.verdict.rawValue,
          ])
    }
    return csv.text
  }

  /// One line a candidate: what it took to train its members, beside what it costs and says; nil where nothing is known.
  private var training: String? {
    guard let costs = content.trainingCosts, let decision = content.decision else { return nil }
    var csv = CSV(
      [
        "id", "members", "trainings", "training_macs", "training_seconds", "macs",
        "hold_out_accuracy",
      ]
        + ["test_accuracy"])
    for candidate in decision.candidates {
      let sum = costs.sum(of: candidate.members)
      csv.append([
        candidate.id, candidate.members.joined(separator: " "), sum.map { "\($0.trainings)" },
        sum.map { "\($0.multiplyAccumulates)" }, sum?.seconds.map { "\($0)" },
        "\(candidate.test.cost.multiplyAccumulates)", "\(candidate.holdOut.metrics.top1Accuracy)",
        "\(candidate.test.metrics.top1Accuracy)",
      ])
    }
    return csv.text
  }

  static func rules(_ comparison: RuleComparison) -> String {
    var csv = CSV(
      ["method", "members", "macs"] + names("hold_out") + names("test")
        + ["difference", "difference_lower", "difference_upper", "mcnemar_p", "verdict"])
    for row in comparison.rows {
      csv.append(
        [row.method.name, "\(row.memberCount)", "\(row.multiplyAccumulates)"]
          + cells(row.holdOut) + cells(row.test)
          + [
            "\(row.difference)", "\(row.lowerBound)", "\(row.upperBound)", "\(row.mcNemarPValue)",
            row.verdict.rawValue,
          ])
    }
    return csv.text
  }

  /// One line a member: what it is alone, and what it adds to the others; nil where nothing is known.
  private var members: String? {
    let singles = (content.decision?.candidates ?? []).filter { $0.kind == .single }
    let added = content.contributions?.contributions ?? []
    guard !singles.isEmpty || !added.isEmpty else { return nil }
    let names = singles.isEmpty ? added.map(\.member) : singles.compactMap(\.members.first)
    var csv = CSV(
      ["member", "network"] + Self.costNames + Self.names("hold_out") + Self.names("test")
        + Self.names("shifted") + ["gain_to_all_others", "shapley_value"])
    for name in names {
      let single = singles.first { $0.members == [name] }
      let contribution = added.first { $0.member == name }
      csv.append(
        [name, single?.network]
          + (single.map { Self.cells($0.test.cost) } ?? Array(repeating: nil, count: 4))
          + Self.cells(single?.holdOut.metrics) + Self.cells(single?.test.metrics)
          + Self.cells(single?.shifted?.metrics)
          + [
            contribution.map { "\($0.gainToAllOthers)" }, contribution.map { "\($0.shapleyValue)" },
          ])
    }
    return csv.text
  }
}
