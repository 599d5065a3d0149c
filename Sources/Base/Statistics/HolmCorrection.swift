/// Holm's correction of the p-values of several tests: of those at most 0.05 after it, one is there by chance in at most 5 % of
/// cases, whatever the tests have to do with each other.
///
/// Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979), 65-70.
package enum HolmCorrection {
  /// The corrected p-values, in the order of those given, each at least as great as before and at most 1.
  ///
  /// Complexity: O(K log K) for K tests.
  package static func adjusted(_ pValues: [Double]) -> [Double] {
    var result = pValues
    var greatest = 0.0
    for (rank, place) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
      greatest = max(greatest, min(1, Double(pValues.count - rank) * pValues[place]))
      result[place] = greatest
    }
    return result
  }
}
