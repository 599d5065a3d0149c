import CommandLine
import Ensembles
import Files

extension CombinationRule {
  /// The option that names one.
  static let option = CommandOption(
    "--rule", "RULE",
    help: "How members are combined: geometric-mean, arithmetic-mean, logit-mean or "
      + "majority-vote (default: geometric-mean).")

  /// What `--rule` names; nil where it is not given.
  init?(_ arguments: ParsedArguments) throws(UsageError) {
    guard let name = arguments.string("--rule") else { return nil }
    guard let known = Self.names.first(where: { $0.name == name }) else {
      throw UsageError("--rule is " + Spelling.oneOf(Self.names.map(\.name), not: name))
    }
    self = known.rule
  }
}
