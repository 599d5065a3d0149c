import Ensembles
import Predictions

/// The first of a decision's answers alone, as `Decision` gives it, with what is promised of it: without cross-fitting, test
/// figures and what is only shown, for programs that decide thousands of times.
package struct CheapestAsGood {
  /// What is chosen.
  package let candidate: Candidate
  /// How it was shown, or not.
  package let promise: Promise
  /// The cascades that keep a promise; of `Decision`'s only where these were asked for.
  package let guarantees: [CascadeGuarantee]
  /// All that the promises are about.
  private let candidates: [Candidate]
  private let given, sets: PredictionSets
  private let kept: KeptImages?
  private let different: Int
  private let options: Decision.Options

  /// Whether the hold-out shows that it is as good.
  package var isShown: Bool { promise.shown != nil }

  /// - Parameter guaranteesCascades: Whether the thresholds of cascades are to be shown, too.
  /// - Throws: As `Decision` does.
  package init(
    _ given: PredictionSets, options: Decision.Options = Decision.Options(),
    guaranteesCascades: Bool = false
  ) throws(EnsembleError) {
    try options.check()
    (self.given, self.options) = (given, options)
    kept = try KeptImages(of: given.holdOut, options.limits, seed: options.seed)
    sets = try KeptImages.choosing(given, without: kept).ordered(by: options.cost)
    let builder = CandidateBuilder(sets: sets, options: options)
    var pool = try CandidatePool(
      sets, options: options, costs: sets.costs(options.cost), builder: builder)
    let parts = pool.parts
    different = parts.isFirst.count
    let hits = FoldHits(of: pool.search, in: parts)
    let designed = try pool.design(parts, hits, builder)
    promise = pool.prove(designed, parts)
    guarantees =
      guaranteesCascades ? try pool.guaranteeCascades(designed, parts, builder) : []
    let whole = EnsembleChoice(pool, hits, folds: Array(parts.folds.indices))
    let place = try pool.cheapestAsGood(promise, whole, parts, builder)
    candidate = pool.candidates[place]
    candidates = pool.candidates
  }

  /// What a promise is about.
  package func candidate(_ id: String) -> Candidate? { candidates.first { $0.id == id } }

  /// The choice as it is deployed, calibrated where that helps, with what its answers promise; nil where that was not asked for.
  package func deployed() throws(EnsembleError) -> (
    combination: Combination, limits: AnswerLimits
  )? {
    guard let limits = options.limits else { return nil }
    let combination = try Calibration(
      of: candidate.combination, holdOut: Predictions.of(candidate.members, in: sets.holdOut),
      different: different, keepsAnswers: isShown, seed: options.seed
    ).combination
    let calibrating = try Predictions.of(
      candidate.members, in: KeptImages.calibrating(given, kept))
    return (
      combination,
      try AnswerLimits(
        calibratedOn: combination.combine(calibrating, name: candidate.id), isPromised: kept != nil,
        options: limits)
    )
  }
}
