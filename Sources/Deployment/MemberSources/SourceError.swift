import Deployment

/// Why predictions cannot be taken from where they should come from.
package enum SourceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There are no predictions at a path.
  case notPredictions(path: String, reason: String)
  /// There are images that choose, and none that judge.
  case holdOutOnly(path: String)
  /// Some members have hold-out predictions and others none.
  case partialHoldOut(path: String, members: [String], total: Int)
  /// Some members have predictions of the images that choose, and none of those that judge.
  case partialTest(path: String, members: [String], total: Int)
  /// Nothing can be chosen without hold-out predictions.
  case nothingToChooseOn(option: String)
  /// An ensemble directory or a model has no predictions of its own.
  case imagesMissing(path: String)
  /// An ensemble beside a run that decodes its images as it needs them.
  case streamedImages(path: String)
  /// The images are not those of the run.
  case otherImages(path: String, run: String)
  /// Two models have the same classes in different orders.
  case otherClassOrder(first: String, second: String, orders: [[String]])
  /// The images are not those of predictions from files, or the files do not say of which they are.
  case imagesOfNoPredictions(path: String, predictions: String)
  /// The directory is no run directory.
  case notARun(path: String, reason: String)
  /// Members of the run have no predictions yet.
  case missingPredictions(path: String, split: String, members: [String], total: Int)
  /// An option is about something else than the sources that are given.
  case unusedOption(String, reason: String)

  /// Whether the caller asked for what makes no sense, whatever the files hold.
  package var isMisuse: Bool { if case .unusedOption = self { true } else { false } }

  /// One sentence naming the file, what is wrong and the fix.
  package var description: String {
    switch self {
    case .notPredictions(let path, let reason):
      "there are no predictions in '\(path)': \(reason); name runs, ensemble directories, models, "
        + "predictions files, directories of such, or lists"
    case .partialHoldOut(let path, let members, let total):
      "\(members.count) of \(total) members have no hold-out predictions (\(DeploymentError.listing(members)) of '\(path)'), "
        + "and others have: give those too, such as by `consort predict … --split hold-out --out DIR`"
    case .partialTest(let path, let members, let total):
      "\(members.count) of \(total) members of the hold-out have no test predictions (\(DeploymentError.listing(members)) of "
        + "'\(path)'), and others have: give those too, such as by `consort predict … --out DIR`, or leave the members out of the hold-out"
    case .nothingToChooseOn(let option):
      "\(option) chooses, and there are no hold-out predictions to choose on: train with a \"holdOut\", name "
        + "images to choose on with --hold-out-data (for ensemble directories and ONNX files), or add the members' "
        + "predictions of other labelled images, written by `consort predict … --split hold-out --out DIR`"
    case .holdOutOnly(let path):
      "'\(path)' has hold-out predictions only, which choose: give those of test images too, such as by "
        + "`consort predict … --out DIR`, or see its curves alone with `consort frontier … --split hold-out`"
    case .imagesMissing(let path):
      "'\(path)' holds no predictions: name labelled images with --data, and those to choose on with "
        + "--hold-out-data"
    case .streamedImages(let path):
      "'\(path)' cannot predict the images of a run that decodes them as it needs them: give its "
        + "predictions, written by `consort predict … --out DIR`"
    case .otherImages(let path, let run):
      "the images in '\(path)' are not those of '\(run)' (their fingerprints differ): name the directory that it was "
        + "trained with"
    case .otherClassOrder(let first, let second, let orders):
      "the classes of '\(first)' and '\(second)' stand in different orders ("
        + orders.map { $0.joined(separator: ", ") + ", …" }.joined(separator: "; ")
        + "): export one with the order of the other; where one does not name its classes, --classes FILE names those of all"
    case .imagesOfNoPredictions(let path, let predictions):
      "the predictions in '\(predictions)' are not known to be of the test images of '\(path)' (their fingerprints "
        + "differ): name the data set of the run that made them, or leave --data out"
    case .notARun(let path, let reason):
      "'\(path)' is not a run directory: \(reason); name one that `consort train` wrote, such as runs/NAME"
    case .missingPredictions(let path, let split, let members, let total):
      "\(members.count) of \(total) members in '\(path)' lack predictions on \(split) images "
        + "(\(DeploymentError.listing(members))); "
        + "run `consort train` without --members, or with these"
    case .unusedOption(let option, let reason): "\(option) \(reason)"
    }
  }
}
