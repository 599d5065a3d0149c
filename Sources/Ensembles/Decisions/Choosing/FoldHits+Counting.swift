import Ensembles
import Predictions

extension FoldHits {
  /// Ensembles that are counted at once.
  private static let blockCount = 1 << 14

  /// Counts, for all ensembles that a search tried.
  ///
  /// Complexity: that of the search; no more than one fold is copied at a time.
  init(
    of search: EnsembleSearch, _ holdOut: [Predictions], in parts: HoldOutParts,
    rule: CombinationRule
  ) throws(EnsembleError) {
    var hits: [[Int32]] = []
    for fold in parts.folds {
      var members: [Predictions] = []
      for member in holdOut { members.append(try member.selecting(fold)) }
      var own: [Int32] = []
      own.reserveCapacity(search.tried)
      for start in stride(from: 0, to: search.tried, by: Self.blockCount) {
        let block = start..<min(search.tried, start + Self.blockCount)
        let evaluator = SubsetEvaluator(
          members: members, rule: rule, subsets: block.map { search.subsets[$0] })
        own += evaluator.top1Accuracies().map {
          Int32(($0 * Double(fold.count)).rounded())
        }
      }
      hits.append(own)
    }
    self.init(hits: hits, images: parts.folds.map(\.count))
  }
}
