import CommandLine
import Ensembles
import Files

extension CombinationRule {
  /// The names that users give the rules.
  static let names: [(name: String, rule: CombinationRule)] = [
    ("geometric-mean", .geometricMean), ("arithmetic-mean", .arithmeticMean),
    ("logit-mean", .logitMean), ("majority-vote", .majorityVote),
  ]

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

  /// The name that users give it.
  var name: String { Self.names.first { $0.rule == self }?.name ?? rawValue }
}

extension Combination {
  /// Such as "geometric-mean, weighted, with temperatures".
  var summary: String {
    let scales = memberTemperatures != nil || temperature != nil
    let parts = [
      rule.name, weights == nil ? nil : "weighted", scales ? "with temperatures" : nil,
      cascade == nil ? nil : "as a cascade",
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}
