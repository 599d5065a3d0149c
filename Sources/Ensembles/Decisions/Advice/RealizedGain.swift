import Ensembles
import Predictions

/// What members that were trained after advice brought: for back-tests.
package struct RealizedGain {
  private let before: MeasuredEnsembles
  private let judged: MeasuredEnsembles
  private let best: (composition: EnsembleComposition, error: Double)
  private let most: Double
  private let holdOut, test: [Predictions]

  /// - Parameters:
  ///   - holdOut: By the members that there were.
  ///   - test: By the same members, of the images that judge.
  ///   - most: What an ensemble may cost.
  /// - Throws: As `TrainingAdvice.advise`.
  package init(holdOut: [Predictions], test: [Predictions], within most: Double)
    throws(EnsembleError)
  {
    before = try MeasuredEnsembles(holdOut, seed: 0)
    judged = try MeasuredEnsembles(test, seed: 0)
    guard let best = before.best(within: most) else {
      throw .invalidArgument(
        name: "the most multiply-accumulates", value: "\(most)",
        expected: "at least those of one member")
    }
    (self.best, self.most, self.holdOut, self.test) = (best, most, holdOut, test)
  }

  /// The accuracy on the images that judge of the best ensemble with new members, less that of the best one before; 0 where the
  /// hold-out does not show it to be better.
  ///
  /// - Parameters:
  ///   - network: Whose members are new.
  ///   - holdOut: By the new members.
  ///   - test: By the new members.
  package func gain(
    of network: String, holdOut: [Predictions], test: [Predictions]
  ) throws(EnsembleError) -> Double {
    let after = try MeasuredEnsembles(self.holdOut + holdOut, seed: 0)
    guard let place = after.networks.firstIndex(of: network) else { return 0 }
    let old = before.networks.firstIndex(of: network).map { before.counts[$0] } ?? 0
    let found = after.table().filter {
      $0.composition.counts[place] > old
        && $0.composition.multiplyAccumulates(after.costs) <= most
    }.min { $0.error < $1.error }
    guard let found, found.error < best.error else { return 0 }
    let judgedAfter = try MeasuredEnsembles(self.test + test, seed: 0)
    return judged.error(of: best.composition) - judgedAfter.error(of: found.composition)
  }
}

extension MeasuredEnsembles {
  /// The mean error of ensembles of a composition; 1 where it is not measured.
  fileprivate func error(of composition: EnsembleComposition) -> Double {
    compositions.firstIndex(of: composition).map { meanErrors[$0] } ?? 1
  }
}
