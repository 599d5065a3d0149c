import Decisions
import Ensembles
import Formatting
import Predictions
import Statistics

/// What things are called where people read of them.
enum Words {
  static func name(of rule: CombinationRule) -> String {
    switch rule {
    case .geometricMean: "geometric mean of the members' probabilities"
    case .arithmeticMean: "arithmetic mean of the members' probabilities"
    case .logitMean: "mean of the members' logits"
    case .majorityVote: "majority vote"
    }
  }

  /// One of the kinds that the chart tells apart.
  static func name(of kind: Candidate.Kind) -> String {
    switch kind {
    case .single: "Single model"
    case .ensemble: "Ensemble of one network"
    case .mixed: "Mixed ensemble"
    case .weighted, .greedy: "Weighted or greedy"
    case .cascade: "Cascade"
    }
  }

  /// A thing of the kind within a sentence.
  static func noun(_ kind: Candidate.Kind) -> String {
    switch kind {
    case .single: "a single model"
    case .ensemble, .mixed: "an ensemble"
    case .weighted: "a weighted ensemble"
    case .greedy: "a greedily chosen ensemble"
    case .cascade: "a cascade"
    }
  }

  static func name(of measure: CostMeasure) -> String {
    switch measure {
    case .multiplyAccumulates: "MACs"
    case .parameters: "parameters"
    case .latency: "time"
    case .parallelLatency: "time with members side by side"
    }
  }

  /// A button's words.
  static func label(of measure: CostMeasure) -> String {
    switch measure {
    case .multiplyAccumulates: "MACs"
    case .parameters: "Parameters"
    case .latency: "Time, members in turn"
    case .parallelLatency: "Time, members side by side"
    }
  }

  static func axis(of measure: CostMeasure) -> String {
    switch measure {
    case .multiplyAccumulates: "MACs per image (log scale)"
    case .parameters: "Parameters (log scale)"
    case .latency: "Milliseconds per image, members in turn (log scale)"
    case .parallelLatency: "Milliseconds per image, members side by side (log scale)"
    }
  }

  /// A cost with its unit, such as "120 M MACs".
  static func cost(_ value: Double, _ measure: CostMeasure) -> String {
    switch measure {
    case .multiplyAccumulates: scaled(value) + " MACs"
    case .parameters: scaled(value) + " parameters"
    case .latency, .parallelLatency: milliseconds(value) + " ms"
    }
  }

  static func scaled(_ value: Double) -> String {
    value.isFinite && value.magnitude < 9e18 ? Figures.scaled(Int(value.rounded())) : "∞"
  }

  /// What "≈" says before a time.
  static let ensembleTimes =
    "Single models are timed; ≈ marks what follows from their times: the sum of an ensemble's members, and of a "
    + "cascade what is expected of its members' times and the share of the images that comes to each."

  static func milliseconds(_ value: Double) -> String {
    Figures.fixed(value, value < 0.1 ? 4 : value < 10 ? 2 : 1)
  }

  /// How far it is known that no test image is among those that chose.
  static func name(of separation: ImageSeparation) -> String {
    switch separation {
    case .identifiers: "different ones: no id is in both"
    case .scores: "different ones: no two have the same scores by all members"
    case .fingerprints:
      "not the same set: their fingerprints differ; whether they share some images is not known"
    case .unknown: "could not be compared: they may be the same ones, or share some"
    }
  }

  static func name(of confidence: CascadeConfidence) -> String {
    switch confidence {
    case .maximumProbability: "the probability of the predicted class"
    case .margin: "the lead over the next class"
    case .entropy: "minus the entropy, in nats"
    case .agreement: "the share of members that agree"
    }
  }

  /// The kind and the words of a badge.
  static func badge(_ verdict: Frontier.Verdict) -> (kind: String, word: String) {
    switch verdict {
    case .better: ("better", "▲ better")
    case .worse: ("worse", "▼ worse")
    case .undecided: ("undecided", "◆ undecided")
    }
  }

  /// "a", "a and b", "a, b and c".
  static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }

  /// The networks as people write them: "3 × wide-resnet-16-1".
  static func networks(of candidate: Candidate) -> String { times(candidate.network) }

  /// The text with a sign in place of each "x" that stands alone.
  static func times(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false)
      .map { $0 == "x" ? "×" : String($0) }.joined(separator: " ")
  }

  /// "1 image", "2,000 images".
  static func count(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    count.counted(one, many)
  }

  /// "92.31 % (91.8 to 92.8)".
  static func accuracy(_ accuracy: Double, _ interval: ConfidenceInterval) -> String {
    "\(Figures.percent(accuracy)) % (\(range(interval)))"
  }

  /// "91.8 to 92.8", in percent.
  static func range(_ interval: ConfidenceInterval) -> String {
    "\(Figures.percent(interval.lowerBound, 1)) to \(Figures.percent(interval.upperBound, 1))"
  }

  /// "−0.02 to +0.68", in points.
  static func points(_ interval: ConfidenceInterval) -> String {
    "\(Figures.points(interval.lowerBound)) to \(Figures.points(interval.upperBound))"
  }

  /// A share of a whole: "41 %", or "2.3 times" where it is more.
  static func share(_ part: Double, of whole: Double) -> String {
    let share = whole > 0 ? part / whole : .infinity
    return share >= 1.995
      ? "\(Figures.fixed(share, share < 10 ? 1 : 0)) times" : "\(Figures.percent(share, 0)) % of"
  }
}

extension Words {
  /// What the images that judge are called.
  static func testName(_ decision: Decision) -> String {
    decision.test.split == "test" ? "test images" : "images of '\(decision.test.split)'"
  }
}
