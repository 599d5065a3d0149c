import Ensembles
import Experiments
import Files

/// The members of a run.
struct RunMembers {
  /// The run directory.
  let run: RunDirectory
  /// The images that were predicted.
  let split: String

  /// Reads the predictions of every member of the run's experiment, in its order.
  ///
  /// - Throws: `CommandError` where this is no run or predictions are missing, `ExperimentError` and `EnsembleError`
  ///   for a bad file.
  func predictions() throws -> [Predictions] {
    try checkIsRun()
    let members = try run.experiment().allMembers.map(\.name)
    let paths = members.map { run.member($0).predictionsPath(split: split) }
    let missing = zip(members, paths).filter { !Directory.exists($0.1) }.map(\.0)
    guard missing.isEmpty else {
      throw CommandError.missingPredictions(
        path: run.path, split: split, members: missing, total: members.count)
    }
    return try paths.map { try Predictions(path: $0) }
  }

  /// Makes sure that the directory is that of a run.
  ///
  /// - Throws: `CommandError.notARun`.
  func checkIsRun() throws {
    guard Directory.isDirectory(run.path) else {
      let reason = Directory.exists(run.path) ? "it is a file" : "there is no such directory"
      throw CommandError.notARun(path: run.path, reason: reason)
    }
    guard Directory.exists(run.experimentPath) else {
      throw CommandError.notARun(path: run.path, reason: "it has no experiment.json")
    }
  }
}
