import Files
import Networks

/// What keeps a command from its work.
enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that trains cannot be started.
  case trainerUnusable(path: String, reason: String)
  /// The memory that may be taken does not suffice for the program that trains.
  case trainerTooLarge(Memory.Shortage)
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
  /// Members of the run have no predictions yet.
  case missingPredictions(path: String, split: String, members: [String], total: Int)
  /// The file holds no latencies of finalists.
  case invalidLatencies(path: String, reason: String)
  /// The file holds no decision.
  case invalidDecision(path: String, reason: String)
  /// The decision has no candidate of the name.
  case unknownCandidate(path: String, id: String, known: [String])
  /// A candidate of the decision makes no sense.
  case unfitCandidate(path: String, id: String, reason: String)
  /// A member of a run is another one than that of its name in the decision.
  case otherMember(path: String, member: String, source: String, split: String)
  /// Members of a candidate are not among the models.
  case missingDecided(id: String, members: [String], known: [String])

  /// One sentence naming the file, what is wrong and the fix.
  var description: String {
    switch self {
    case .trainerTooLarge(let shortage):
      "training \(shortage), networks not counted: free memory, or raise the limit on it (`ulimit -v`)"
    case .trainerUnusable(let path, let reason):
      "cannot start '\(path)', which trains: \(reason); build it with `make build`"
    case .notARun(let path, let reason):
      "'\(path)' is no run directory: \(reason); name one that `consort train` wrote, such as runs/NAME"
    case .notTrained(let path):
      "'\(path)' is neither a run directory nor a member with network.json and weights.safetensors; `consort train` and "
        + "`consort import` write them (images are named with --data)"
    case .untrainedMembers(let path, let members, let total):
      "\(members.count) of \(total) members in '\(path)' are not trained yet (\(Self.listing(members))); "
        + "run `consort train` again, or name one member's directory"
    case .pickledWeights(let path):
      "'\(path)' is in PyTorch's own format, which can run any code and is not read; convert it where you trust it: "
        + Shell.line(["python3", "-c", Self.conversion, path])
    case .weightsDoNotFit(let path, let network, let mismatch):
      "'\(path)' does not fit \(network): \(mismatch); name the network that it was made for with --network"
    case .symmetricPadding(let path, let network):
      "'\(path)' has torchvision's names, whose networks pad images evenly, and \(network) does not: "
        + "say --network \(network)-symmetric"
    case .memberExists(let path):
      "there is a member in '\(path)' already: give another --out, or remove it"
    case .wrongLabelCount(let path, let found, let wanted):
      "'\(path)' has \(found) names for \(wanted) classes; give one a line for each class"
        + (found == wanted + 1 ? ", without a heading" : "")
    case .missingPredictions(let path, let split, let members, let total):
      "\(members.count) of \(total) members in '\(path)' lack predictions on \(split) images "
        + "(\(Self.listing(members))); "
        + "run `consort train` without --members, or with these"
    case .invalidLatencies(let path, let reason):
      "'\(path)' holds no latencies: \(reason); remove it, or measure anew with --latency"
    case .invalidDecision, .unknownCandidate, .unfitCandidate, .otherMember, .missingDecided:
      decisionDescription
    }
  }

  private var decisionDescription: String {
    switch self {
    case .invalidDecision(let path, let reason):
      "'\(path)' is no decision: \(reason); give the file as it was written, or write it again"
    case .unknownCandidate(let path, let id, let known):
      "'\(path)' has no candidate '\(id)'"
        + "\(Spelling.suggestion(for: id, among: known)) (it has \(Self.listing(known))); name one of them with --candidate"
    case .unfitCandidate(let path, let id, let reason):
      "the candidate '\(id)' of '\(path)' cannot be built: \(reason); write the file again"
    case .otherMember(let path, let member, let source, let split):
      "'\(path)' was made of another '\(member)' than the one in '\(source)': their predictions of the \(split) images "
        + "differ; give the run that it was made of, or decide anew with `\(Shell.line(["consort", "frontier", Shell.operand(source)]))`"
    case .missingDecided(let id, let members, let known):
      "the candidate '\(id)' needs \(Self.listing(members)), which the models given do not have "
        + "(they have \(Self.listing(known))); give the runs and files that hold all its members"
    default: ""
    }
  }

  /// Weights, also where a checkpoint keeps them beside other things, as safetensors.
  private static let conversion =
    "import sys, torch, safetensors.torch as s; w = torch.load(sys.argv[1], map_location=\"cpu\", weights_only=True); "
    + "w = w.get(\"state_dict\", w.get(\"model\", w)); "
    + "s.save_file({k: v.contiguous().clone() for k, v in w.items()}, \"weights.safetensors\")"

  static func listing(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
