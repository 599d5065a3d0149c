/// How the members' distributions become one.
///
/// Each rule works on the log-probabilities, in float64, and gives a normalised distribution. A log-probability of minus
/// infinity counts as -1e12 where logarithms are averaged: one member's zero rules a class out, and where the members
/// together rule all classes out, those with the fewest zeros are left.
///
/// A new rule stands last, because comparisons are with the first. All of these are sums over the members, which subsets and
/// the kernels rest on.
public enum CombinationRule: String, Codable, CaseIterable, Sendable {
  /// The normalised geometric mean of the probabilities: the softmax of the mean log-probabilities.
  case geometricMean
  /// The arithmetic mean of the probabilities.
  case arithmeticMean
  /// The softmax of the members' mean logits.
  ///
  /// Log-probabilities are logits less a constant of the image and the member, and the softmax drops such constants: this
  /// rule is the same function as `geometricMean`, under the name it also has in the literature.
  case logitMean
  /// The share of the members whose most probable class it is.
  ///
  /// Each member votes for its most probable class, of equals for the first. Classes with as many votes are ranked by
  /// their summed log-probability, then by their index.
  case majorityVote
}

extension CombinationRule {
  /// The names that users give the rules.
  package static var names: [(name: String, rule: CombinationRule)] {
    allCases.map { ($0.name, $0) }
  }

  /// The name that users give it: such as "geometric-mean" for `geometricMean`.
  package var name: String {
    rawValue.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
  }
}
