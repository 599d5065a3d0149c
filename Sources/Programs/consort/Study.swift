import Decisions
import Ensembles
import Files
import Formatting
import Predictions
import Reports
import Runs

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
  private let title: String?

  /// - Parameters:
  ///   - split: "test", or "hold-out" for its curves alone.
  ///   - measuresLatency: Whether to measure latencies also where no budget counts them.
  init(
    _ paths: [String], _ options: StudyOptions, split: String = SplitName.test,
    measuresLatency: Bool
  ) throws {
    title = options.title
    sources = try PredictionSources(paths, shifted: options.shifted, options: options.sources)
    do { try sources.check() } catch {
      // How a split was understood tells why something is missing.
      Terminal.writeNotes(Note.lines(sources.notes))
      throw error
    }
    let shown = split == SplitName.test ? sources.test : sources.holdOut
    guard !shown.isEmpty else { throw SourceError.nothingToChooseOn(option: "--split \(split)") }
    let choosing = split == SplitName.test && !sources.holdOut.isEmpty
    if !choosing, let option = options.choosingOption {
      throw SourceError.nothingToChooseOn(option: option)
    }
    let start = ContinuousClock.now
    frontier = try Frontier.analyze(
      shown, rule: options.decision.rule, maximumSubsets: options.curveSubsets,
      seconds: options.seconds.map { $0 * Self.curvesShare })
    diversity = try Diversity(shown)
    let notes = sources.notes + Self.note(ofCurves: frontier, options.curveSubsets)
    guard choosing else {
      (decision, latencyConditions, self.notes) = (nil, nil, notes)
      return
    }
    let used = start.duration(to: .now) / .seconds(1)
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
    var decision = try Decision(
      sets, options: options.decision,
      pace: SearchPace(
        seconds: options.seconds, used: used, report: display.show))
    display.end()
    if measured != nil {
      decision.measured = try MeasuredTimes(decision, models: sources.models)
    }
    self.decision = decision
    self.notes = notes + sets.notes
  }

  /// Of `--seconds`, what the curves may take.
  private static let curvesShare = 0.25

  /// What a limit in time made of the curves.
  private static func note(ofCurves frontier: Frontier, _ wanted: Int) -> [Note] {
    guard let limit = frontier.subsetLimit, limit < wanted else { return [] }
    return [
      Note(
        source: "curves",
        text: "means over at most \(limit.grouped) ensembles of one size, drawn at random, in "
          + "place of \(wanted.grouped): --seconds left no time for more")
    ]
  }

  /// The members' names, where there is no run to be called after and they are few.
  private var membersTitle: String? {
    let names = sources.test.map(\.name)
    return sources.run == nil && names.count <= 4 ? names.joined(separator: ", ") : nil
  }

  /// What a report says of where it comes from.
  func context(_ paths: [String], command: String = Shell.commandLine()) -> ReportContext {
    let run = sources.run ?? RunDirectory(path: paths[0])
    var context = ReportContext(
      directory: run.path,
      sources: .init(
        experiment: run.experimentPath, data: run.dataPath, environment: run.environmentPath),
      title: title ?? membersTitle,
      command: command,
      origins: sources.origins, buildOptions: sources.buildOptions)
    context.notes = Note.lines(notes)
    if let latencyConditions {
      context.environment.append(.init(name: "latency", value: latencyConditions))
    }
    return context
  }
}
