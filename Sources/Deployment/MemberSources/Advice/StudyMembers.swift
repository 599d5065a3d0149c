import Files
import Predictions
import Runs

/// A member of one of a study's runs, or of any run, that is trained or on record, with what it predicted.
package struct StudyMember {
  package let member: RecordedMember
  package let predictions: Predictions

  /// Those that are trained, and those on record.
  ///
  /// - Parameters:
  ///   - trained: Where the run is, if there is one.
  ///   - record: Where its record is, if there is one.
  ///   - split: The images that were predicted.
  /// - Throws: `ExperimentError`, `EnsembleError` or `FileError` for a file that cannot be read, or is another member's.
  package static func all(
    of trained: RunDirectory, _ record: RecordedRun, split: String
  ) throws -> [StudyMember] {
    var results: [StudyMember] = []
    if Directory.isDirectory(trained.membersPath) {
      let experiment = try trained.experiment()
      let predictions = RunPredictions(run: trained, split: split)
      for member in experiment.allMembers
      where trained.member(member.name).isComplete(withHoldOut: experiment.data.holdsOut) {
        results.append(
          StudyMember(
            member: try RecordedMember(member, of: experiment, in: trained),
            predictions: try predictions.predictions(of: member, in: experiment)))
      }
    }
    for member in try record.members()
    where !results.contains(where: { $0.member.name == member.name }) {
      let path = record.predictionsPath(member.name, split: split)
      let predictions = try Predictions(path: path)
      try MemberDirectory.checkPredictions(
        path, of: member.name, split: split, identity: member.training)
      results.append(StudyMember(member: member, predictions: predictions))
    }
    return results
  }
}
