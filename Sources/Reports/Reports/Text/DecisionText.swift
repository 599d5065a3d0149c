import Decisions
import Formatting

/// A decision in words, for a page and a terminal.
package struct DecisionText: Hashable, Sendable {
  /// What to deploy, how accurate it is and what it costs beside the best single model.
  package let deploy: String
  /// How clear the difference from the best single model is; nil where the chosen one is that.
  package let comparison: String?
  /// Expected times, or MACs where time is what counts; nil where they are not known.
  package let otherCosts: String?
  /// How long a cascade takes as a whole; nil where that was not measured.
  package let measured: String?
  /// Which images chose and which judged.
  package let images: String
  /// What was wanted.
  package let goal: String
  /// What is promised of accuracy, or what would be with more images; nil in decisions of earlier versions.
  package let promise: String?
  /// The three answers, a sentence each; none in decisions of earlier versions.
  package let answers: [String]
  /// What ways to choose are worth on images that they did not choose on; nil where that is not known.
  package let crossFitting: String?
  /// What promises of cascades cost; nil without cascades.
  package let guarantees: String?
  /// What calibration does; nil where there was nothing to fit one to, which `cautions` say.
  package let calibration: String?
  /// How it stands on further images; nil without any.
  package let shifted: String?
  /// About which classes and groups it errs, and what errors cost; nothing where that was not looked at.
  package let errors: [String]
  /// What is promised of its answers; none where nothing was asked for.
  package let limits: [String]
  /// What makes it doubtful; mostly nothing.
  package let cautions: [String]
  /// What none of the figures covers.
  package let caveat: String

  /// What is said in place of a decision where there are no hold-out predictions.
  package static let nothingChosen =
    "Nothing could be chosen: there are no hold-out predictions, and what the test images choose looks better on them "
    + "than it is. Set \"holdOut\" in the experiment's \"data\" and train, or predict other labelled images with every "
    + "member: consort predict MODEL --data IMAGES --split hold-out --out DIR."

  /// All of it, a sentence or two each.
  package var sentences: [String] {
    [deploy] + [comparison, promise].compactMap { $0 } + errors + answers + cautions
      + [measured, otherCosts].compactMap { $0 } + [images, goal]
      + [crossFitting, guarantees, calibration, shifted].compactMap { $0 } + limits + [caveat]
  }

  /// Lines for a terminal, `width` characters at most where words allow.
  package func lines(width: Int = Terminal.textWidth) -> String {
    sentences.flatMap { sentence in
      Terminal.wrapped(Terminal.printable(sentence), width: width)
    }.map { $0 + "\n" }.joined()
  }

  /// `nothingChosen` in lines of `width` characters at most.
  package static func lines(ofNothingChosen width: Int) -> String {
    Terminal.wrapped(nothingChosen, width: width).map { $0 + "\n" }.joined()
  }

  package init(_ decision: Decision) {
    let deployment = DeploymentSentences(decision)
    deploy = deployment.deploy
    comparison = deployment.comparison
    shifted = deployment.shifted
    let costs = CostSentences(decision)
    otherCosts = costs.otherCosts
    measured = costs.measured
    let choice = ChoiceSentences(decision)
    images = choice.images
    goal = choice.goal
    let promises = PromiseSentences(decision)
    promise = promises.promise
    answers = promises.sentences
    crossFitting = CrossFittingSentences(decision)?.sentence
    guarantees = promises.guarantees
    calibration = CalibrationSentence(decision).text
    errors = ErrorSentences(decision)?.sentences ?? []
    limits = LimitSentences(decision)?.sentences ?? []
    cautions = DecisionCautions(decision).sentences
    caveat =
      "All this is of the members that were trained: training again may change it. "
      + (decision.amongBest == nil
        ? "p-values are not corrected for the number of comparisons."
        : "Intervals of the candidates hold one by one; those that hold for all at once stand on the page, under \"All at "
          + "once\", and in decision.json.")
  }
}
