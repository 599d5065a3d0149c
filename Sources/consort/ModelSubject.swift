import CLI
import Datasets
import Ensembles
import Files
import Inference

/// The models that a command is about: an ensemble, or ONNX files.
struct ModelSubject {
  let members: [EnsembleMember]
  let rule: CombinationRule
  /// The classes' names, in the order of the outputs, where they are known.
  let labels: [String]?

  /// Reads what the operands name.
  ///
  /// - Parameter preprocessing: What the user says about how images become the input.
  init(_ arguments: ParsedArguments, preprocessing: PreprocessingOptions) throws {
    let paths = arguments.operands
    let rule = try CombinationRule(arguments)
    if paths.count == 1, Directory.isDirectory(paths[0]), !arguments.isSet("--onnx") {
      let ensemble = try EnsembleDirectory(path: paths[0])
      members = try ensemble.members()
      self.rule = rule ?? ensemble.manifest.rule
      labels = try EnsembleMember.commonLabels(of: members)
      return
    }
    members = Self.withUniqueNames(
      try paths.map { try preprocessing.member(ImageModel(path: $0, imageSize: preprocessing.size)) }
    )
    self.rule = rule ?? .geometricMean
    labels = try EnsembleMember.commonLabels(of: members)
  }

  /// Numbers the members of a name that several have.
  static func withUniqueNames(_ members: [EnsembleMember]) -> [EnsembleMember] {
    var seen: [String: Int] = [:]
    return members.map { member in
      seen[member.name, default: 0] += 1
      guard let count = seen[member.name], count > 1 else { return member }
      var renamed = member
      renamed.name = "\(member.name) (\(count))"
      return renamed
    }
  }
}

extension CombinationRule {
  /// The names that users give the rules.
  static let names: [(name: String, rule: CombinationRule)] = [
    ("geometric-mean", .geometricMean), ("arithmetic-mean", .arithmeticMean),
    ("logit-mean", .logitMean), ("majority-vote", .majorityVote),
  ]

  /// The option that names one.
  static let option = CommandOption(
    "--rule", "RULE",
    help: "How members are combined: geometric-mean (unless given), arithmetic-mean, logit-mean "
      + "or majority-vote.")

  /// What `--rule` names; nil where it is not given.
  init?(_ arguments: ParsedArguments) throws(UsageError) {
    guard let name = arguments.string("--rule") else { return nil }
    guard let known = Self.names.first(where: { $0.name == name }) else {
      let names = Self.names.map(\.name).joined(separator: ", ")
      throw UsageError("--rule is one of \(names), not '\(name)'")
    }
    self = known.rule
  }

  /// The name that users give it.
  var name: String { Self.names.first { $0.rule == self }?.name ?? rawValue }
}
