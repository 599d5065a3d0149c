import Files
import Formatting
import Weights

/// Predictions that cannot be read, trusted or combined.
public enum EnsembleError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// The predictions file is not a readable safetensors file.
  case weights(WeightsError)
  /// A file of another program cannot be read.
  case file(FileError)
  /// A file of another program does not hold what it must.
  case invalidImport(source: String, reason: String, fix: String)
  /// What was chosen on some images was to be judged by the same.
  case testDataUsedToChoose(source: String, fingerprint: String)
  /// Images that choose are among those that judge.
  case sharedImages(first: String, second: String, count: Int, evidence: String)
  /// A tensor of a predictions file has another type or shape than it must.
  case wrongTensor(source: String, tensor: String, expected: String, found: String)
  /// A predictions file lacks one of its metadata.
  case missingMetadata(source: String, key: String)
  /// A metadata string, or the value it stands for, is not what it must be.
  case invalidMetadata(source: String, key: String, value: String, expected: String)
  /// A label is not one of the classes.
  case labelOutOfRange(source: String, image: Int, label: Int64, classes: Int)
  /// The log-probabilities of an image are not those of a distribution.
  case notADistribution(source: String, image: Int, reason: String)
  /// There is no member to work on.
  case noMembers
  /// Two members have the same name.
  case duplicateMember(name: String, first: String, second: String)
  /// Two members predict different data.
  case differentData(first: String, second: String, difference: String)
  /// Two members of a network of the same name differ in their cost.
  case differentCost(network: String, first: String, second: String, difference: String)
  /// Something was chosen with a member of which there are no predictions.
  case missingMember(name: String, given: [String])
  /// A number that the caller gives is out of its range.
  case invalidArgument(name: String, value: String, expected: String)
  /// Nothing that can be made of the members does what is wanted on the hold-out.
  case unreachableGoal(String, members: [String])
  /// The ensembles that are to be tried do not fit into memory.
  case tooManySubsets(needed: Double, limit: Int, fitting: Int)
  /// The greatest number of subsets is not positive.
  case invalidSubsetLimit(Int)
  /// No subset has one of the sizes.
  case invalidSizes(ClosedRange<Int>, members: Int)
  /// The members' costs together are more than can be counted.
  case costOverflow(network: String)

  /// That of the file's error, where it is one.
  public var exitStatus: ExitStatus {
    if case .file(let error) = self { error.exitStatus } else { .failed }
  }

  /// One sentence naming the file, the place and the fix.
  public var description: String {
    switch self {
    case .weights(let error): error.description
    case .file(let error): error.description
    case .invalidImport(let source, let reason, let fix): "'\(source)' \(reason); \(fix)"
    case .testDataUsedToChoose(let source, let fingerprint)
    where fingerprint.hasPrefix(DataIdentity.labelsPrefix):
      "'\(source)' has the labels of the images that the choice was made on, in the same order, and nothing else "
        + "distinguishes them; report on other images, or give both sets ids, or each list its \"fingerprint\""
    case .testDataUsedToChoose(let source, let fingerprint):
      "'\(source)' predicts the images that the choice was made on (fingerprint "
        + "'\(fingerprint)'); report on a test set that chose nothing"
    case .sharedImages(let first, let second, let count, let evidence):
      "'\(second)' has \(count) of the images of '\(first)', on which the choice is made (\(evidence)); "
        + "report on a test set that chose nothing, and give different images different ids"
    case .wrongTensor, .missingMetadata, .invalidMetadata, .labelOutOfRange, .notADistribution:
      contentDescription
    case .noMembers: "there are no predictions to work on; give at least one predictions file"
    case .duplicateMember(let name, let first, let second):
      "'\(first)' and '\(second)' are both of a member named '\(name)'; give each member once"
    case .differentData(let first, let second, let difference):
      "'\(first)' and '\(second)' are predictions on different data (\(difference)); "
        + "predict the same split of the same data with both"
    case .differentCost(let network, let first, let second, let difference):
      "'\(first)' and '\(second)' both name the network '\(network)' but differ in its "
        + "\(difference); give different networks different names"
    case .missingMember(let name, let given):
      "there are no predictions of '\(name)' (given: \(given.shortList)); "
        + "give those of every member that was chosen"
    case .invalidArgument(let name, let value, let expected):
      "\(name) is \(value) where \(expected) is needed; give such a one"
    case .unreachableGoal(let goal, let members):
      "nothing made of \(members.shortList) reaches \(goal) on the hold-out; "
        + "ask for what can be reached, or give further members"
    case .tooManySubsets(let needed, let limit, let fitting):
      "the ensembles to try need \(Self.gibibytes(needed)) GiB of memory, more than "
        + "\(Self.gibibytes(Double(limit))); at most \(fitting) of each size fit (--max-subsets), or fewer members"
    case .invalidSubsetLimit(let limit):
      "at most \(limit) subsets of each size are allowed; allow at least 1"
    case .invalidSizes(let sizes, let members):
      "there is no subset of \(sizes.lowerBound) to \(sizes.upperBound) of \(members) members; "
        + "give sizes in 1...\(members)"
    case .costOverflow(let network):
      "the members of '\(network)' together cost more than can be counted; correct its \"macs\""
    }
  }

  /// Rounded up to one digit behind the point.
  private static func gibibytes(_ bytes: Double) -> String {
    NumberFormat.fixed((bytes / Double(1 << 30) * 10).rounded(.up) / 10, 1)
  }

  private var contentDescription: String {
    switch self {
    case .wrongTensor(let source, let tensor, let expected, let found):
      "tensor '\(tensor)' of '\(source)' is \(found) where \(expected) is needed; "
        + "write the predictions again"
    case .missingMetadata(let source, let key):
      "'\(source)' has no metadata \"\(key)\"; write the predictions again"
    case .invalidMetadata(let source, let key, let value, let expected):
      "the metadata \"\(key)\" of '\(source)' is '\(value)' where \(expected) is needed; "
        + "write the predictions again"
    case .labelOutOfRange(let source, let image, let label, let classes):
      "label \(image) of '\(source)' is \(label), not one of 0..<\(classes); "
        + "write the predictions again"
    case .notADistribution(let source, let image, let reason):
      "the log-probabilities of image \(image) of '\(source)' \(reason); "
        + "write log-softmax outputs"
    default: ""
    }
  }
}
