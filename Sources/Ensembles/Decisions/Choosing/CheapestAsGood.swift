import Ensembles
import Predictions

/// The first of a decision's answers alone, as `Decision` gives it, without cross-fitting, guarantees and test figures: for
/// programs that decide thousands of times.
package struct CheapestAsGood {
  /// What is chosen.
  package let candidate: Candidate
  /// Whether the hold-out shows that it is as good.
  package let isShown: Bool

  /// - Throws: As `Decision` does.
  package init(
    _ given: PredictionSets, options: Decision.Options = Decision.Options()
  ) throws(EnsembleError) {
    try options.check()
    let kept = try KeptImages(of: given.holdOut, options.limits, seed: options.seed)
    let sets = try KeptImages.choosing(given, without: kept)
    let builder = CandidateBuilder(sets: sets, options: options)
    var pool = try CandidatePool(
      sets, options: options, costs: sets.costs(options.cost), builder: builder)
    let parts = pool.parts
    let hits = FoldHits(of: pool.search, in: parts)
    let designed = try pool.design(parts, hits, builder)
    let promise = pool.prove(designed, parts)
    let whole = EnsembleChoice(pool, hits, folds: Array(parts.folds.indices))
    let place = try pool.cheapestAsGood(promise, whole, parts, builder)
    candidate = pool.candidates[place]
    isShown = promise.shown != nil
  }
}
