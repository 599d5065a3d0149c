/// A search that cannot be made as it is asked for.
public enum SearchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing can be chosen.
  case emptySpace(reason: String)
  /// Some of the space's numbers do not go together.
  case contradictorySpace(reason: String)
  /// No network of the space, or no ensemble of the asked size, costs that much.
  case targetOutOfReach(target: String, lowest: String, highest: String)
  /// Draw after draw cost something else.
  case noArchitecture(draws: Int, target: String)
  /// The record of an earlier evaluation is not what this search would have done.
  case otherSearch(evaluation: Int, reason: String)

  /// One sentence or two: what is wrong, and the fix.
  public var description: String {
    switch self {
    case .emptySpace(let reason): "the search space is empty: \(reason); add options to it"
    case .contradictorySpace(let reason): "the search space contradicts itself: \(reason)"
    case .targetOutOfReach(let target, let lowest, let highest):
      "no network of the search space meets the cost target, \(target): it reaches from \(lowest) to \(highest); "
        + "choose a target in between, or change the space"
    case .noArchitecture(let draws, let target):
      "none of \(draws) networks drawn one after the other costs what is asked for, \(target): widen cost.tolerance, or "
        + "give the space finer steps"
    case .otherSearch(let evaluation, let reason):
      "evaluation \(evaluation) on record is not that of this search (\(reason)): give another --out, or remove the run"
    }
  }
}
