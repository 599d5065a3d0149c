import Decisions
import Ensembles
import Files
import Formatting
import Latency
import Predictions

/// What follows from members' predictions: their curves, how they differ, and what to deploy.
package struct MemberAnalysis {
  /// The members.
  package let sources: PredictionSources
  /// Ensembles of n members of each network on the images that judge.
  package let frontier: Frontier
  /// How the members differ on the same images.
  package let diversity: Diversity
  /// nil without hold-out predictions.
  package let decision: Decision?
  /// How latencies were measured; nil where they were not.
  package let latencyConditions: String?
  /// What was inferred, and what is not known.
  package let notes: [Note]

  /// What is looked for, and how long.
  package struct Options {
    /// What is looked for.
    package var decision = Decision.Options()
    /// How long the search may take; nil for no limit.
    package var seconds: Double?
    /// The most ensembles of one size of one network, for its curve.
    package var curveSubsets = 1000
    /// The option, if one is given, that needs hold-out predictions.
    package var choosingOption: String?
    /// A file that says which group each image belongs to.
    package var groups: String?
    /// A file that says what errors cost.
    package var errorCosts: String?
    /// Whether to measure latencies also where no budget counts them.
    package var measuresLatency = false

    /// The usual ones.
    package init() {}
  }

  /// Analyses members.
  ///
  /// - Parameters:
  ///   - split: The images of the curves: those that judge, or those that choose for their curves alone.
  ///   - progress: Called while models are timed.
  ///   - searchProgress: Called while ensembles and cascades are searched, and with nil at the end.
  /// - Throws: `SourceError.nothingToChooseOn`, `EnsembleError`, or what keeps models from being timed.
  package init(
    of sources: PredictionSources, _ options: Options = Options(),
    split: SplitName.Role = .test, progress: SourceProgress = SourceProgress(),
    searchProgress: @escaping (SearchPace.Progress?) -> Void = { _ in }
  ) throws {
    self.sources = sources
    let shown = split == .test ? sources.test : sources.holdOut
    guard !shown.isEmpty else {
      throw SourceError.nothingToChooseOn(
        option: "--split \(split == .test ? SplitName.test : SplitName.holdOut)")
    }
    let choosing = split == .test && !sources.holdOut.isEmpty
    if !choosing, let option = options.choosingOption {
      throw SourceError.nothingToChooseOn(option: option)
    }
    // What cannot be read is said before the search, which takes time.
    let files = try ErrorFiles(groups: options.groups, costs: options.errorCosts)
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
    let isMeasured = options.measuresLatency || options.decision.cost.isTime
    let measured =
      isMeasured && !sources.models.isEmpty
      ? try MemberLatencies(sources.models, progress: progress.message) : nil
    let latencies = sources.latencies.merging(measured?.milliseconds ?? [:]) { told, _ in told }
    latencyConditions = measured?.conditions
    let sets = try PredictionSets(
      holdOut: sources.holdOut, test: sources.test, shifted: sources.shifted, latencies: latencies)
    let judged = try files.understood(for: sets, classNames: sources.classNames)
    defer { searchProgress(nil) }
    var decision = try Decision(
      sets, options: options.decision,
      pace: SearchPace(
        seconds: options.seconds, used: used, report: searchProgress))
    searchProgress(nil)
    if let unlike = sources.unlike {
      decision.novelty = try NoveltyFigures(of: decision, test: sources.test, unlike: unlike)
    }
    if measured != nil {
      decision.measured = try MeasuredTimes(
        decision, models: sources.models, progress: progress.message)
    }
    try decision.analyzeErrors(
      in: sets, groups: judged.groups, costs: judged.costs, classNames: sources.classNames)
    self.decision = decision
    self.notes = notes + sets.notes + judged.notes
  }

  /// What says by which groups and costs errors are looked at.
  private struct ErrorFiles {
    let groups: GroupFile?
    let costs: ErrorCosts.File?

    init(groups: String?, costs: String?) throws(EnsembleError) {
      self.groups = try groups.map { path throws(EnsembleError) in try GroupFile(path: path) }
      self.costs = try costs.map { path throws(EnsembleError) in try ErrorCosts.File(path: path) }
    }

    func understood(
      for sets: PredictionSets, classNames: [String]?
    ) throws(EnsembleError) -> (groups: GroupFile.Sets?, costs: ErrorCosts?, notes: [Note]) {
      let found = try groups.map { file throws(EnsembleError) in try file.groups(of: sets) }
      let table = try costs.map { file throws(EnsembleError) in
        try file.costs(classNames: classNames, classes: sets.test[0].classes)
      }
      return (found, table?.costs, (found?.notes ?? []) + (table?.notes ?? []))
    }
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
}
