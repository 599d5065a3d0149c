import Statistics

/// What the scores of another program are.
public enum ScoreKind: String, Codable, CaseIterable, Hashable, Sendable {
  /// Any numbers; their softmax is the distribution. Minus infinity rules a class out.
  case logits
  /// In `0...1`; each row's sum is 1 within the rounding of the digits given.
  case probabilities
  /// In `0...100`; each row's sum is 100 within the rounding of the digits given.
  case percents
  /// Logarithms of probabilities, in nats.
  case logProbabilities
  /// Logarithms of probabilities to the base 2.
  case log2Probabilities
  /// Logarithms of probabilities to the base 10.
  case log10Probabilities
  /// At least 0; an image's distribution is its row over the row's sum.
  case unnormalizedProbabilities

  /// What users call it, such as "log-probabilities".
  public var name: String {
    switch self {
    case .logits: "logits"
    case .probabilities: "probabilities"
    case .percents: "percents"
    case .logProbabilities: "log-probabilities"
    case .log2Probabilities: "log2-probabilities"
    case .log10Probabilities: "log10-probabilities"
    case .unnormalizedProbabilities: "unnormalized-probabilities"
    }
  }

  /// The kind of a name, however it is spelt: "log_probabilities" and "logProbabilities" are one.
  public init?(name: String) {
    let letters = Self.letters(name)
    if let known = Self.allCases.first(where: { Self.letters($0.name) == letters }) {
      self = known
    } else if let known = Self.shorter[letters] {
      self = known
    } else {
      return nil
    }
  }

  private static func letters(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  private static let shorter: [String: ScoreKind] = [
    "probs": .probabilities, "softmax": .probabilities, "logprobs": .logProbabilities,
    "logsoftmax": .logProbabilities,
  ]

  /// What logarithms are multiplied by to be in nats; nil for no logarithms.
  package var nats: Double? {
    switch self {
    case .logProbabilities: 1
    case .log2Probabilities: naturalLogarithm(2)
    case .log10Probabilities: naturalLogarithm(10)
    case .logits, .probabilities, .percents, .unnormalizedProbabilities: nil
    }
  }
}
