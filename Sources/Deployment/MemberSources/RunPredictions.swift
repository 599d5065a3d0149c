import Ensembles
import Files
import Predictions
import Runs
import Weights

/// What the members of a run predicted.
package struct RunPredictions {
  /// The run directory.
  package let run: RunDirectory
  /// The images that were predicted.
  package let split: String

  package init(run: RunDirectory, split: String) { (self.run, self.split) = (run, split) }

  /// Reads the predictions of every member of the run's experiment, in its order.
  ///
  /// - Throws: `SourceError` where this is no run or predictions are missing, `ExperimentError` and `EnsembleError`
  ///   for a bad file.
  package func predictions() throws -> [Predictions] {
    try checkIsRun()
    let experiment = try run.experiment()
    let members = experiment.allMembers.map(\.name)
    let paths = members.map { run.member($0).predictionsPath(split: split) }
    let missing = zip(members, paths).filter { !Directory.exists($0.1) }.map(\.0)
    guard missing.isEmpty else {
      throw SourceError.missingPredictions(
        path: run.path, split: split, members: missing, total: members.count)
    }
    return try experiment.allMembers.map { try predictions(of: $0, in: experiment) }
  }

  /// Reads the predictions of one member.
  ///
  /// - Throws: `ExperimentError.unusableMember` where they are said to be those of another, `EnsembleError` for a bad file.
  package func predictions(of member: Experiment.Member, in experiment: Experiment) throws
    -> Predictions
  {
    let path = run.member(member.name).predictionsPath(split: split)
    // A run without the record of its images can be looked at all the same.
    let record = Directory.exists(run.dataPath) ? try run.dataRecord() : nil
    let predictions: Predictions
    do {
      predictions = try Predictions(path: path)
    } catch EnsembleError.weights(let error) {
      throw ExperimentError.unusableMember(file: path, reason: error.reasonAlone)
    }
    try MemberDirectory.checkPredictions(
      path, of: member.name, split: split,
      identity: record.map { try experiment.identity(of: member, data: $0) })
    return predictions
  }

  /// Makes sure that the directory is that of a run.
  ///
  /// - Throws: `SourceError.notARun`, or `FileError` where that cannot be known.
  package func checkIsRun() throws {
    try Directory.checkReachable(run.experimentPath)
    guard Directory.isDirectory(run.path) else {
      let reason = Directory.exists(run.path) ? "it is a file" : "there is no such directory"
      throw SourceError.notARun(path: run.path, reason: reason)
    }
    guard Directory.exists(run.experimentPath) else {
      throw SourceError.notARun(path: run.path, reason: "it has no experiment.json")
    }
  }
}

extension RunStatus {
  /// The status of a run, with the test accuracy of its complete members.
  ///
  /// - Throws: `ExperimentError` or `FileError` where the run cannot be read.
  package init(withAccuraciesOf run: RunDirectory, watch: Watch? = nil) throws {
    try self.init(of: run, watch: watch)
    let experiment = try run.experiment()
    let predictions = RunPredictions(run: run, split: SplitName.test)
    for (index, member) in zip(members.indices, experiment.allMembers)
    where members[index].state == .complete {
      do {
        let found = try predictions.predictions(of: member, in: experiment)
        members[index].testAccuracy = try Metrics(of: [found], rule: .geometricMean).top1Accuracy
      } catch {
        members[index].reason = "\(error)"
      }
    }
  }
}
