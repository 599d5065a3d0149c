import Files
import Schemas

/// The directory of a study, and the run directory of each of its experiments in it; or the record of a study, with a
/// `RecordedRun` in place of each run.
public struct StudyDirectory: Hashable, Sendable {
  /// The directory's path.
  public let path: String

  /// Refers to the study at `path`; creates nothing.
  public init(path: String) {
    self.path = path
  }

  /// The plan with everything spelled out.
  public var planPath: String { RunFile.study.path(in: path) }
  /// The report and its tables and charts.
  public var reportPath: String { "\(path)/report" }
  /// Whether there is a study, or the record of one.
  public var exists: Bool { Directory.exists(planPath) }

  /// The directory of one of the plan's experiments.
  public func run(_ run: StudyPlan.Run) -> RunDirectory {
    RunDirectory(path: "\(path)/\(run.name)")
  }

  /// Where the predictions of one of the plan's experiments are kept, if the directory is the record of a study.
  public func record(_ run: StudyPlan.Run) -> RecordedRun {
    RecordedRun(path: "\(path)/\(run.name)")
  }

  /// The plan that made this study.
  ///
  /// - Throws: `ExperimentError.notARun` where there is none, or as reading one does.
  public func plan() throws -> StudyPlan {
    guard exists else { throw ExperimentError.notARun(directory: path) }
    do {
      return try StudyPlan(path: planPath)
    } catch SchemaError.notJSON(let file, let reason) {
      throw ExperimentError.damagedExperiment(file: file, reason: reason)
    }
  }

  /// Creates the directory for `plan`, or makes sure that it is that of a plan which `plan` continues: with further sizes,
  /// seeds, members or epochs. Runs that were trained by themselves may lie there under their names.
  ///
  /// - Throws: `ExperimentError` where the directory belongs to something else, `FileError` where it cannot be written;
  ///   what was there is left as it was.
  public func claim(for plan: StudyPlan) throws {
    try check(plan)
    try Directory.create(path)
    let lock = try DirectoryLock(waitingFor: path)
    defer { withExtendedLifetime(lock) {} }
    // Another process may have been quicker.
    try check(plan)
    guard try !exists || self.plan() != plan else { return }
    try DurableFile.write(plan.readableJSON(), to: planPath)
  }

  /// Makes sure that the directory may be that of `plan`.
  ///
  /// - Throws: `ExperimentError.otherExperiment`, `.shorterTraining` or `.notARun`.
  public func check(_ plan: StudyPlan) throws {
    guard !exists else { return try check(plan, continues: self.plan()) }
    guard Directory.exists(path) else { return }
    let names = Set(plan.runs.map(\.name))
    guard Directory.isDirectory(path),
      try Directory.names(in: path).allSatisfy({
        names.contains($0) || RunFile.study.isBeingWritten(as: $0)
      })
    else { throw ExperimentError.notARun(directory: path) }
  }

  private func check(_ plan: StudyPlan, continues earlier: StudyPlan) throws {
    let runs = Dictionary(uniqueKeysWithValues: plan.runs.map { ($0.name, $0.experiment) })
    for run in earlier.runs {
      guard let later = runs[run.name] else {
        throw ExperimentError.otherExperiment(
          directory: path, difference: "there is \(run.name), and here not")
      }
      let directory = self.run(run).path
      var lengthened = run.experiment
      lengthened.recipe.epochs = later.recipe.epochs
      if case .difference(let difference) = try lengthened.growing(to: later) {
        throw ExperimentError.otherExperiment(directory: directory, difference: difference)
      }
      guard later.recipe.epochs >= run.experiment.recipe.epochs else {
        throw ExperimentError.shorterTraining(
          directory: directory, epochs: run.experiment.recipe.epochs, wanted: later.recipe.epochs)
      }
    }
  }
}
