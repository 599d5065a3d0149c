import Decisions
import Ensembles
import GuaranteeSimulations
import Predictions

/// How often the sets and the answers of what `Decision` deploys break what is promised of them: each draw has a fresh
/// hold-out, a whole choice with its calibration (by `CheapestAsGood`, as a decision deploys it), and other images on which it
/// shows.
struct KeptImagesSimulation {
  let name: String
  let simulation: Simulation
  /// Images of the hold-out, and how many of them are kept apart; 0 for none, where nothing is promised.
  let images, kept: Int
  /// The most members of a cascade; 1 for none.
  let stages: Int

  /// Images of each draw on which sets are judged, and those on which all draws' answers are.
  private static let (judging, truth) = (50, 10_000)
  /// What is promised: a set lacks the class of an image in ten; in nineteen draws of twenty no more answers are wrong than one in ten.
  private static let (missRate, error, confidence) = (0.1, 0.1, 0.95)

  /// Of sets and of answers.
  func setting() throws -> GuaranteeSetting {
    let truth = try simulation.predictions(images: Self.truth, split: "truth", path: [7])
    let whole =
      "\(name), \(images) images, \(kept == 0 ? "none" : String(kept)) kept apart"
      + (stages > 1 ? ", with cascades" : "")
    let strength = kept > 0 ? GuaranteeCheck.Strength.exact : .estimate
    return GuaranteeSetting(
      whole,
      [
        GuaranteeSetting.Promise("sets, \(whole)", level: Self.missRate, strength: strength),
        GuaranteeSetting.Promise(
          "answers, \(whole)", level: 1 - Self.confidence, strength: strength),
      ]
    ) { draw in
      try outcomes(draw, truth)
    }
  }

  private func outcomes(
    _ draw: Int, _ truth: [Predictions]
  ) throws -> [GuaranteeSetting.Outcome] {
    let path = [8, UInt64(images), UInt64(draw)]
    let judging = try simulation.predictions(
      images: Self.judging, split: "test", path: path + [1])
    let sets = try PredictionSets(
      holdOut: simulation.predictions(images: images, split: "hold-out", path: path + [0]),
      test: judging)
    let choice = try CheapestAsGood(sets, options: options(draw))
    guard let (combination, limits) = try choice.deployed(), limits.isPromised == (kept > 0)
    else { throw RuleError.noChoice }
    func combined(_ images: [Predictions]) throws -> Predictions {
      let members = choice.candidate.members.compactMap { name in
        images.first { $0.name == name }
      }
      return try combination.combine(members, name: "deployed")
    }
    return [
      .init(onImages: try misses(limits.sets, combined(judging))),
      .init(
        try limits.abstention.map { rule in
          (AbstentionReport(of: rule, on: try combined(truth)).error?.value ?? 0) > Self.error
        }),
    ]
  }

  /// `[N]`: whether the set lacks the class.
  private func misses(_ sets: ConformalPredictor, _ predictions: Predictions) -> [Bool] {
    let classes = predictions.classes
    return predictions.withLogProbabilities { values in
      predictions.labels.enumerated().map { image, label in
        !sets.classes(Array(values[image * classes..<(image + 1) * classes])).contains(Int(label))
      }
    }
  }

  private func options(_ draw: Int) -> Decision.Options {
    var options = Decision.Options()
    options.seed = UInt64(draw)
    options.tolerance = 1
    options.maximumStages = stages
    var limits = AnswerLimits.Options()
    limits.missRate = Self.missRate
    (limits.error, limits.confidence) = (Self.error, Self.confidence)
    limits.keptImages = kept
    options.limits = limits
    return options
  }
}
