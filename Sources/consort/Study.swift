import CLI
import Ensembles
import Reports

/// All that the commands that decide find out of some sources.
struct Study {
  let sources: PredictionSources
  /// Ensembles of n members of each network on the images that judge.
  let frontier: Frontier
  let diversity: Diversity
  /// nil without hold-out predictions.
  let decision: Decision?
  /// How latencies were measured; nil where they were not.
  let latencyConditions: String?

  /// - Parameters:
  ///   - split: "test", or "hold-out" for its curves alone.
  ///   - measuresLatency: Whether to measure latencies also where no budget counts them.
  init(
    _ paths: [String], _ options: StudyOptions, split: String = "test", measuresLatency: Bool
  ) throws {
    sources = try PredictionSources(
      paths, shifted: options.shifted, labels: options.labels, images: options.images)
    let shown = split == "test" ? sources.test : sources.holdOut
    guard !shown.isEmpty else { throw SourceError.nothingToChooseOn(option: "--split \(split)") }
    frontier = try Frontier.analyze(
      shown, rule: options.decision.rule, maximumSubsets: options.curveSubsets)
    diversity = try Diversity(shown)
    guard !sources.holdOut.isEmpty, split == "test" else {
      if let option = options.choosingOption { throw SourceError.nothingToChooseOn(option: option) }
      (decision, latencyConditions) = (nil, nil)
      return
    }
    let isMeasured = measuresLatency || options.decision.cost.isTime
    let measured =
      isMeasured && !sources.models.isEmpty ? try MeasuredLatencies(sources.models) : nil
    let latencies = sources.latencies.merging(measured?.milliseconds ?? [:]) { told, _ in told }
    latencyConditions = measured?.conditions
    decision = try Decision(
      PredictionSets(
        holdOut: sources.holdOut, test: sources.test, shifted: sources.shifted,
        latencies: latencies), options: options.decision)
  }

  /// What a report says of where it comes from.
  func context(_ paths: [String]) -> ReportContext {
    var context = ReportContext(
      runDirectory: sources.run?.path ?? paths[0], command: Shell.commandLine(),
      origins: sources.origins)
    if let latencyConditions {
      context.environment.append(.init(name: "latency", value: latencyConditions))
    }
    return context
  }
}
