import Decisions
import Ensembles
import Formatting
import Predictions

/// What is promised of the answers of what is deployed, in a sentence each.
struct LimitSentences {
  private let decision: Decision
  private let limits: DecisionLimits

  init?(_ decision: Decision) {
    guard let limits = decision.limits else { return nil }
    (self.decision, self.limits) = (decision, limits)
  }

  /// The answers first.
  var sentences: [String] { [sets, abstention] + [unlike].compactMap { $0 } }

  /// "promised" only where nothing was chosen on the images that calibrate.
  private var promised: String { limits.isPromised ? "promised" : "expected" }

  /// What prediction sets do.
  var sets: String {
    let found = limits.deployed.sets[0]
    let share = NumberFormat.shortPercent(1 - limits.options.missRate)
    guard found.boundedGroups > 0 else {
      let needed = ConformalQuantile.countNeeded(missRate: limits.options.missRate)
      return "Prediction sets with \(share) of the classes cannot be \(promised) with "
        + "\(limits.calibration.count.counted("image")): it takes \(needed.grouped)."
    }
    let each = found.isByClass ? ", of each class" : ""
    return
      "Prediction sets have \(NumberFormat.fixed(found.test.meanSize, 2)) classes on average, and "
      + "\(NumberFormat.percent(found.test.coverage.value, 1)) % of the \(decision.testName) are of a class "
      + "in their set (\(share) \(promised)\(each))."
  }

  /// Which answers are given.
  var abstention: String {
    let found = limits.deployed.abstention
    let error = NumberFormat.shortPercent(found.promise.error)
    let confidence = NumberFormat.shortPercent(found.promise.confidence)
    guard let rule = found.promise.rule, let test = found.test else {
      return "An error of at most \(error) of the given answers, with \(confidence) confidence, "
        + (found.promise.refusal ?? "cannot be promised") + "." + otherAnswers
    }
    let which =
      rule.threshold > 0
      ? "Answers are given above a probability of \(NumberFormat.fixed(rule.threshold, 3))"
      : "All answers are given"
    let wrong =
      test.error.map { ", and \(NumberFormat.percent($0.value)) % of these are wrong" } ?? ""
    return
      "\(which): for \(NumberFormat.percent(test.coverage.value, 1)) % of the \(decision.testName)\(wrong) "
      + "(at most \(error) \(promised), with \(confidence) confidence)." + otherAnswers
  }

  /// Where costs decide which class is the answer, what is said of answers is not of that class; else nothing.
  private var otherAnswers: String {
    guard decision.errors?.decisionRule == .leastExpectedCost else { return "" }
    return
      " That is of the most probable class as the answer; the class with the least expected cost, which is the answer "
      + "here, may be another one, and nothing is said of how often that is wrong."
  }

  /// How images that are unlike are told from others; nil without any.
  private var unlike: String? {
    guard let novelty = decision.novelty,
      let best = novelty.deployed.max(by: {
        $0.detection.areaUnderROC < $1.detection.areaUnderROC
      })
    else { return nil }
    return
      "\(novelty.images.count.counted("image")) of '\(novelty.images.split)' are told from the "
      + "\(decision.testName) best by \(best.score.title): "
      + "AUROC \(NumberFormat.fixed(best.detection.areaUnderROC, 3)), and to find 95 % of them "
      + "\(NumberFormat.percent(best.detection.falseAlarms, 1)) % of the \(decision.testName) are flagged."
  }

  /// The assumption in one sentence.
  var assumption: String {
    limits.isPromised
      ? "The promises are of images drawn as the \(limits.calibration.count.counted("image")) that calibrated them were, which "
        + "were kept apart from all that was chosen, and of the whole ensemble."
      : "These are estimates and no promises: the \(limits.calibration.count.counted("image")) that calibrated them also chose "
        + "what is deployed. With 2,000 hold-out images or more a fifth is kept apart, or as many as --kept-images says."
  }
}

extension NoveltyScore {
  /// Such as "the greatest probability".
  var title: String {
    switch self {
    case .maximumProbability: "maximum probability"
    case .entropy: "entropy"
    case .mutualInformation: "mutual information"
    case .maximumLogit: "maximum logit"
    case .energy: "energy"
    }
  }
}

extension ConformalScore.Kind {
  /// Such as "Least ambiguous".
  var title: String {
    switch self {
    case .leastAmbiguous: "Least ambiguous (LAC)"
    case .adaptive: "Adaptive (APS)"
    case .regularizedAdaptive: "Regularised (RAPS)"
    }
  }
}
