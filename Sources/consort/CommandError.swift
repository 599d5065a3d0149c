import Networks

/// What keeps a command from its work.
enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that trains cannot be started.
  case trainerUnusable(path: String, reason: String)
  /// The file is no description of a network.
  case invalidNetworkFile(path: String, reason: String)
  /// The directory is no run directory.
  case notARun(path: String, reason: String)
  /// The directory is neither a run nor a trained member.
  case notTrained(path: String)
  /// Members of the run have no weights yet.
  case untrainedMembers(path: String, members: [String], total: Int)
  /// The weights are in PyTorch's own format, which can run code.
  case pickledWeights(path: String)
  /// The weights do not fit the network.
  case weightsDoNotFit(path: String, network: String, ParameterMismatch)
  /// torchvision's weights for a network with TensorFlow's padding.
  case symmetricPadding(path: String, network: String)
  /// There is a member already where one is to be written.
  case memberExists(path: String)
  /// A list of names that is not as long as there are classes.
  case wrongLabelCount(path: String, found: Int, wanted: Int)
  /// The run's experiment keeps no images apart.
  case noHoldOut(path: String)
  /// Members of the run have no predictions yet.
  case missingPredictions(path: String, split: String, members: [String], total: Int)
  /// There are no predictions at a path.
  case notPredictions(path: String, reason: String)
  /// Some members have hold-out predictions and others none.
  case partialHoldOut(path: String, members: [String], total: Int)
  /// Nothing can be chosen without hold-out predictions.
  case nothingToChooseOn(option: String)
  /// An ensemble directory has no predictions of its own.
  case imagesMissing(path: String)
  /// An ensemble beside a run that decodes its images as it needs them.
  case streamedImages(path: String)
  /// The images are not those of the run.
  case otherImages(path: String, run: String)

  /// One sentence naming the file, what is wrong and the mend.
  var description: String {
    switch self {
    case .trainerUnusable(let path, let reason):
      "cannot start '\(path)', which trains: \(reason); build it with `make build`"
    case .invalidNetworkFile(let path, let reason):
      "'\(path)' describes no network: \(reason); `consort train` writes such a file for each member"
    case .notARun(let path, let reason):
      "'\(path)' is no run directory: \(reason); name one that `consort train` wrote, such as runs/NAME"
    case .notTrained(let path):
      "'\(path)' is neither a run directory nor a member with network.json and weights.safetensors; `consort train` and "
        + "`consort import` write them"
    case .untrainedMembers(let path, let members, let total):
      "\(members.count) of \(total) members in '\(path)' are not trained yet (\(Self.listing(members))); "
        + "run `consort train` again, or name one member's directory"
    case .pickledWeights(let path):
      "'\(path)' is in PyTorch's own format, which can run any code and is not read; convert it where you trust it: "
        + "python3 -c \"import torch, safetensors.torch as s; w = torch.load('\(path)', map_location='cpu', "
        + "weights_only=True); s.save_file({k: v.contiguous() for k, v in w.items()}, 'weights.safetensors')\""
    case .weightsDoNotFit(let path, let network, let mismatch):
      "'\(path)' does not fit \(network): \(mismatch); name the network that it was made for with --network"
    case .symmetricPadding(let path, let network):
      "'\(path)' has torchvision's names, whose networks pad images evenly, and \(network) does not: "
        + "say --network \(network)-symmetric"
    case .memberExists(let path):
      "there is a member in '\(path)' already: give another --out, or remove it"
    case .wrongLabelCount(let path, let found, let wanted):
      "'\(path)' has \(found) names for \(wanted) classes; give one a line for each class"
    case .noHoldOut(let path):
      "the experiment of '\(path)' holds no images out; give its data a \"holdOut\" and train again"
    case .missingPredictions(let path, let split, let members, let total):
      "\(members.count) of \(total) members in '\(path)' lack predictions on \(split) images "
        + "(\(Self.listing(members))); "
        + "run `consort train` without --members, or with these"
    case .notPredictions, .partialHoldOut, .nothingToChooseOn, .imagesMissing, .streamedImages,
      .otherImages:
      sourceDescription
    }
  }

  private var sourceDescription: String {
    switch self {
    case .notPredictions(let path, let reason):
      "there are no predictions in '\(path)': \(reason); name runs, ensemble directories, predictions files, "
        + "directories of such, or lists"
    case .partialHoldOut(let path, let members, let total):
      "\(members.count) of \(total) members have no hold-out predictions (\(Self.listing(members)) of '\(path)'), "
        + "and others have: give those too, such as by `consort predict … --split hold-out --out DIR`"
    case .nothingToChooseOn(let option):
      "\(option) chooses, and there are no hold-out predictions to choose on: train with a \"holdOut\", or add the "
        + "members' predictions of other labelled images, written by `consort predict … --split hold-out --out DIR`"
    case .imagesMissing(let path):
      "the ensemble '\(path)' holds no predictions: name labelled images with --data, and those to choose on with "
        + "--hold-out-data"
    case .streamedImages(let path):
      "the ensemble '\(path)' cannot predict the images of a run that decodes them as it needs them: give its "
        + "predictions, written by `consort predict … --out DIR`"
    case .otherImages(let path, let run):
      "the images in '\(path)' are not those of '\(run)' (their fingerprints differ): name the directory that it was "
        + "trained with"
    default: ""
    }
  }

  private static func listing(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
