import CLI
import Ensembles
import Files
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
  /// What was inferred, and what is not known.
  let notes: [Note]

  /// - Parameters:
  ///   - split: "test", or "hold-out" for its curves alone.
  ///   - measuresLatency: Whether to measure latencies also where no budget counts them.
  init(
    _ paths: [String], _ options: StudyOptions, split: String = "test", measuresLatency: Bool
  ) throws {
    sources = try PredictionSources(paths, shifted: options.shifted, options: options.sources)
    do { try sources.check() } catch {
      // How a split was understood tells why something is missing.
      Terminal.writeNotes(Note.lines(sources.notes))
      throw error
    }
    let shown = split == "test" ? sources.test : sources.holdOut
    guard !shown.isEmpty else { throw SourceError.nothingToChooseOn(option: "--split \(split)") }
    frontier = try Frontier.analyze(
      shown, rule: options.decision.rule, maximumSubsets: options.curveSubsets)
    diversity = try Diversity(shown)
    guard !sources.holdOut.isEmpty, split == "test" else {
      if let option = options.choosingOption { throw SourceError.nothingToChooseOn(option: option) }
      (decision, latencyConditions, notes) = (nil, nil, sources.notes)
      return
    }
    let isMeasured = measuresLatency || options.decision.cost.isTime
    let measured =
      isMeasured && !sources.models.isEmpty ? try MeasuredLatencies(sources.models) : nil
    let latencies = sources.latencies.merging(measured?.milliseconds ?? [:]) { told, _ in told }
    latencyConditions = measured?.conditions
    let sets = try PredictionSets(
      holdOut: sources.holdOut, test: sources.test, shifted: sources.shifted, latencies: latencies)
    let display = SearchDisplay(
      images: sources.holdOut[0].count, isLimited: options.seconds != nil)
    defer { display.end() }
    let decision = try Decision(
      sets, options: options.decision,
      pace: SearchPace(seconds: options.seconds, report: display.show))
    self.decision = decision
    var notes = sources.notes + sets.notes
    if let gap = decision.calibration.gap {
      notes.append(Note(source: sets.holdOut[0].source, text: gap.reason))
    }
    self.notes = notes
  }

  /// What a report says of where it comes from.
  func context(_ paths: [String]) -> ReportContext {
    var context = ReportContext(
      runDirectory: sources.run?.path ?? paths[0], command: Shell.commandLine(),
      origins: sources.origins, buildOptions: sources.buildOptions)
    context.notes = Note.lines(notes)
    if let latencyConditions {
      context.environment.append(.init(name: "latency", value: latencyConditions))
    }
    return context
  }
}
