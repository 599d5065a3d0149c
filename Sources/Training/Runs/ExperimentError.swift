import Files

/// An experiment that cannot be run as it stands, or a run directory that does not belong to it.
public enum ExperimentError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be read at all.
  case unreadable(file: String, reason: String)
  /// The file is no description of a network.
  case invalidNetworkFile(path: String, reason: String)
  /// The file is no table of latencies.
  case invalidLatencies(path: String, reason: String)
  /// There are not enough images for what the experiment asks.
  case tooFewImages(trainingImages: Int?, holdOut: Int, available: Int)
  /// A class has fewer images beside the hold-out than its share of balanced training images; at most `mostBalanced`
  /// of all classes can be.
  case tooFewOfAClass(
    label: Int64, available: Int, share: Int, trainingImages: Int, mostBalanced: Int)
  /// The run directory was made by another experiment.
  case otherExperiment(directory: String, difference: String)
  /// The run has fewer epochs, and these members would have to be trained again for more.
  case longerTraining(
    directory: String, epochs: Int, wanted: Int, members: [String], dependsOnEpochs: Bool)
  /// The run has more epochs.
  case shorterTraining(directory: String, epochs: Int, wanted: Int)
  /// Members with more epochs are taking the place of the run's.
  case beingReplaced(directory: String)
  /// The run directory was made with other images.
  case otherData(directory: String)
  /// The run's record of its images is damaged.
  case unusableDataRecord(file: String)
  /// The record of what a member's images are is damaged.
  case unusableDescription(file: String)
  /// A file of a trained or imported member is not as it was written.
  case unusableMember(file: String, reason: String)
  /// A file of a run's member is another member's, or of another experiment.
  case foreignMember(file: String)
  /// The run's own experiment is damaged.
  case damagedExperiment(file: String, reason: String)
  /// A search plan that cannot be carried out.
  case unusablePlan(file: String, reason: String)
  /// What a search found, in its directory, makes no sense.
  case unusableFinds(file: String)
  /// What a study has on record was predicted of other images.
  case recordOfOtherImages(directory: String)
  /// Nothing of a study is on record, and nothing of it is trained.
  case emptyStudy(directory: String)
  /// The list of a study's members on record is damaged.
  case unusableStudyRecord(file: String)
  /// Another process is at work in the directory.
  case busy(directory: String)
  /// A line of the record of a search makes no sense.
  case unusableRecord(file: String, line: Int)
  /// The directory holds something else than a run.
  case notARun(directory: String)

  /// Another process may be done later.
  public var exitStatus: ExitStatus { if case .busy = self { .transient } else { .failed } }

  /// One sentence or two: the file, what is wrong, and the fix.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "cannot read '\(file)': \(reason); name an experiment, or a search plan, such as those in Experiments/"
    case .invalidNetworkFile(let path, let reason):
      "'\(path)' describes no network: \(reason); `consort train` writes such a file for each member"
    case .invalidLatencies(let path, let reason):
      "'\(path)' is not a table of latencies: \(reason); restore the file, or remove it and measure again"
    case .tooFewImages(let training, let holdOut, let available):
      "the experiment asks for \(training.map { "\($0) training images" } ?? "at least one training image") "
        + "beside a hold-out of \(holdOut), but the data has \(available): lower data.holdOut or data.trainingImages"
    case .tooFewOfAClass(let label, let available, let share, let training, let most):
      "data.balanced asks for \(share) images of each class to make \(training) training images, but class number \(label) has "
        + "\(available) beside the hold-out: set data.trainingImages to at most \(most), or data.balanced to false"
    case .otherExperiment(let directory, let difference):
      "'\(directory)' was made by another experiment (\(difference)): give another name or --out, or remove it"
    case .longerTraining(let directory, let epochs, let wanted, let members, let dependsOnEpochs):
      "'\(directory)' has \(epochs) epochs, and \(wanted) are asked for: \(Self.listing(members)) would be trained again, since "
        + (dependsOnEpochs
          ? "with this learning rate, snapshots or averages what is done depends on the number of epochs"
          : "what a complete member would go on from is not kept")
        + "; say so with --retrain, which keeps what is there until all is complete, or give another name or --out"
    case .shorterTraining(let directory, let epochs, let wanted):
      "'\(directory)' has \(epochs) epochs, and \(wanted) are asked for: a training cannot be made shorter; give another name or "
        + "--out"
    case .beingReplaced(let directory):
      "the members of '\(directory)' are being replaced by those with more epochs: run `consort train` again, which carries it "
        + "through"
    case .otherData(let directory):
      "'\(directory)' was made with other images than these: give the same --data, or another --out"
    case .unusableDataRecord(let file):
      "'\(file)' does not say which images the run was made with: restore the file, or remove it and run `consort train` with the "
        + "same --data, which writes it again"
    case .unusableDescription(let file):
      "'\(file)' does not say how images become the network's input: restore the file, run `consort train`, which writes a "
        + "run's damaged files again, or import the weights again"
    case .unusableMember(let file, let reason):
      "'\(file)' cannot be used: \(reason); restore it, or run `consort train`, which trains a run's damaged members "
        + "again, or `consort import`"
    case .foreignMember(let file):
      "'\(file)' belongs to another member or experiment: put the member's own in its place, or remove it and run "
        + "`consort train`, which trains the member again"
    case .damagedExperiment(let file, let reason):
      "'\(file)' is not JSON (\(reason)): put a copy of the experiment in its place, or give another --out"
    case .unusablePlan(let file, let reason): "'\(file)': \(reason)"
    case .unusableFinds(let file):
      "'\(file)' does not say what was found: remove it, and run `consort search`, which writes it again"
    case .recordOfOtherImages(let directory):
      "'\(directory)' is the record of other images than these: give the same --data, or another --record"
    case .emptyStudy(let directory):
      "'\(directory)' holds no member's predictions: train some with `consort study`, or name its record"
    case .unusableStudyRecord(let file):
      "'\(file)' does not say which members are on record: restore the file, or remove it, and `consort study --record` writes it "
        + "again of what is trained"
    case .busy(let directory):
      "another process is at work in '\(directory)': wait for its end (`\(Shell.line(["consort", "status", Shell.operand(directory)]))` shows it), or give "
        + "another --out"
    case .unusableRecord(let file, let line):
      "'\(file)', line \(line), makes no sense: remove that line and those after it, which are then evaluated again"
    case .notARun(let directory):
      "'\(directory)' is not a run directory and not empty: give another --out"
    }
  }

  private static func listing(_ names: [String]) -> String {
    let more = names.count - 3
    return names.prefix(3).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}
