import Decisions
import Ensembles
import Predictions

extension Candidate.Kind {
  /// In the chart's legend, where a weighted and a greedy ensemble are one kind.
  var title: String {
    switch self {
    case .single: "Single model"
    case .ensemble: "Ensemble of one network"
    case .mixed: "Mixed ensemble"
    case .weighted, .greedy: "Weighted or greedy"
    case .cascade: "Cascade"
    }
  }

  /// One of the kind within a sentence.
  var noun: String {
    switch self {
    case .single: "a single model"
    case .ensemble, .mixed: "an ensemble"
    case .weighted: "a weighted ensemble"
    case .greedy: "a greedily chosen ensemble"
    case .cascade: "a cascade"
    }
  }
}

extension Candidate {
  /// The networks as people write them: "3 × wide-resnet-16-1".
  var networkNames: String { network.withTimesSigns }
}

extension String {
  /// The text with a sign in place of each "x" that stands alone.
  var withTimesSigns: String {
    split(separator: " ", omittingEmptySubsequences: false)
      .map { $0 == "x" ? "×" : String($0) }.joined(separator: " ")
  }
}

extension CombinationRule {
  /// Within a sentence, after "the".
  var name: String {
    switch self {
    case .geometricMean: "geometric mean of the members' probabilities"
    case .arithmeticMean: "arithmetic mean of the members' probabilities"
    case .logitMean: "mean of the members' logits"
    case .majorityVote: "majority vote"
    }
  }
}

extension CascadeConfidence {
  /// What a cascade is sure by.
  var name: String {
    switch self {
    case .maximumProbability: "the probability of the predicted class"
    case .margin: "the lead over the next class"
    case .entropy: "minus the entropy, in nats"
    case .agreement: "the share of members that agree"
    }
  }
}

extension ImageSeparation {
  /// How far it is known that no test image is among those that chose.
  var explanation: String {
    switch self {
    case .identifiers: "different ones: no id is in both"
    case .scores: "different ones: no two have the same scores by all members"
    case .fingerprints:
      "not the same set: their fingerprints differ; whether they share some images is not known"
    case .unknown: "could not be compared: they may be the same ones, or share some"
    }
  }
}

extension Frontier.Verdict {
  /// The style and the text of a badge.
  var badge: (style: String, text: String) {
    switch self {
    case .better: ("better", "▲ better")
    case .worse: ("worse", "▼ worse")
    case .undecided: ("undecided", "◆ undecided")
    }
  }
}

extension Decision {
  /// What the images that judge are called.
  var testName: String {
    test.split == SplitName.test ? "test images" : "images of '\(test.split)'"
  }
}

extension CrossFitting.Procedure {
  /// Within a sentence.
  var name: String {
    switch self {
    case .bestSingle: "the best single model"
    case .bestEnsemble: "the best ensemble"
    case .weights: "fitted weights"
    case .greedy: "greedy selection"
    case .cascade: "the best cascade"
    case .cheapestAsGood: "the cheapest that is as good"
    }
  }
}
