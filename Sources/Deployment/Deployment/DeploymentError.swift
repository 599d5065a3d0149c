import Files
import Networks

/// Why models cannot be taken, imported or put into an ensemble's directory.
package enum DeploymentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The directory is neither a run nor a trained member.
  case notTrained(path: String)
  /// Members of the run have no weights yet.
  case untrainedMembers(path: String, members: [String], total: Int)
  /// The weights do not fit the network.
  case weightsDoNotFit(path: String, network: String, ParameterMismatch)
  /// torchvision's weights for a network with TensorFlow's padding.
  case symmetricPadding(path: String, network: String)
  /// A model's configuration that is not one of timm's, or asks for what is not done here.
  case unfitConfiguration(path: String, reason: String, fix: String)
  /// There is a member already where one is to be written.
  case memberExists(path: String)
  /// A list of names that is not as long as there are classes.
  case wrongLabelCount(path: String, found: Int, wanted: Int)
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
  /// An output is named of what has none to choose from.
  case outputOfNoFile(path: String)
  /// Two sources hold the same member.
  case memberGivenTwice(name: String, first: String, second: String)
  /// Some members are named of an ensemble.
  case membersOfEnsemble
  /// An ensemble cannot be one ONNX model.
  case notOneModel(path: String, reason: String)
  /// A text cannot stand where it is to stand.
  case unfitName(_ text: String, expected: String)
  /// What one model says is not what its members say together.
  case joinedDiffers(path: String, by: Float)
  /// Members are named that the sources do not hold, or named twice.
  case unknownMembers(named: [String], known: [String], paths: [String])

  /// Whether the caller asked for what makes no sense, whatever the files hold.
  package var isMisuse: Bool {
    switch self {
    case .outputOfNoFile, .memberGivenTwice, .membersOfEnsemble, .unknownMembers, .unfitName:
      true
    default: false
    }
  }

  /// One sentence naming the file, what is wrong and the fix.
  package var description: String {
    switch self {
    case .notTrained(let path):
      "'\(path)' is neither a run directory nor a member with network.json and weights.safetensors; `consort train` and "
        + "`consort import` write them (images are named with --data)"
    case .untrainedMembers(let path, let members, let total):
      "\(members.count) of \(total) members in '\(path)' are not trained yet (\(Self.listing(members))); "
        + "run `consort train` again, or name one member's directory"
    case .weightsDoNotFit(let path, let network, let mismatch):
      "'\(path)' does not fit \(network): \(mismatch); name the network that it was made for with --network"
    case .symmetricPadding(let path, let network):
      "'\(path)' has torchvision's names, whose networks pad images evenly, and \(network) does not: "
        + "say --network \(network)-symmetric"
    case .unfitConfiguration(let path, let reason, let fix):
      "'\(path)' cannot be followed: \(reason); \(fix)"
    case .memberExists(let path):
      "there is a member in '\(path)' already: give another --out, or remove it"
    case .notOneModel(let path, let reason):
      "'\(path)' cannot become one ONNX model: \(reason)"
    case .unfitName(let text, let expected):
      "'\(text)' cannot be used there: it takes \(expected)"
    case .joinedDiffers(let path, let difference):
      "the ONNX model of '\(path)' gives probabilities that differ by \(difference) from its members' together, so that it "
        + "was not written: please report it with the directory; --format triton --backend python keeps the members apart"
    case .wrongLabelCount(let path, let found, let wanted):
      "'\(path)' has \(found) names for \(wanted) classes; give one a line for each class"
        + (found == wanted + 1 ? ", without a heading" : "")
    case .invalidDecision, .unknownCandidate, .unfitCandidate, .otherMember, .missingDecided:
      decisionDescription
    case .outputOfNoFile, .memberGivenTwice, .membersOfEnsemble, .unknownMembers:
      misuseDescription
    }
  }

  private var decisionDescription: String {
    switch self {
    case .invalidDecision(let path, let reason):
      "'\(path)' is not a decision: \(reason); give the file as it was written, or write it again"
    case .unknownCandidate(let path, let id, let known):
      "'\(path)' has no candidate '\(id)'"
        + "\(Spelling.suggestion(for: id, among: known)) (it has \(Self.listing(known))); name one of them with --candidate"
    case .unfitCandidate(let path, let id, let reason):
      "the candidate '\(id)' of '\(path)' cannot be built: \(reason); write the file again"
    case .otherMember(let path, let member, let source, let split):
      "'\(path)' was made of another '\(member)' than the one in '\(source)': their predictions of the \(split) images "
        + "differ; give the run that it was made of, or decide again with `\(Shell.line(["consort", "frontier", Shell.operand(source)]))`"
    case .missingDecided(let id, let members, let known):
      "the candidate '\(id)' needs \(Self.listing(members)), which the models given do not have "
        + "(they have \(Self.listing(known))); give the runs and files that hold all its members"
    default: ""
    }
  }

  private var misuseDescription: String {
    switch self {
    case .outputOfNoFile(let path):
      "--output and --output-kind go with ONNX files, and '\(path)' is none: build an ensemble again with them"
    case .memberGivenTwice(let name, let first, let second):
      "'\(first)' and '\(second)' both hold '\(name)'; give one of them under another name"
    case .membersOfEnsemble:
      "--members names one member of an ensemble, which is a whole; several go with a run or files"
    case .unknownMembers(let named, let known, let paths):
      "--members names members of \(paths.map { "'\($0)'" }.joined(separator: ", ")) "
        + "(\(known.joined(separator: ", "))), each once, not '\(named.joined(separator: ","))'"
        + (named.first { !known.contains($0) }.map { Spelling.suggestion(for: $0, among: known) }
          ?? "")
    default: ""
    }
  }

  /// The first eight of `names`, and how many more they are.
  package static func listing(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
