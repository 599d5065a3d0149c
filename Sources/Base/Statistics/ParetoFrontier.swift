/// The Pareto frontier of things that each have a cost and a value.
package enum ParetoFrontier {
  /// Those of the indices that no other costs no more than and is worth as much as, but for equals.
  ///
  /// - Parameters:
  ///   - indices: Of `costs` and `values`.
  ///   - keepingEquals: Whether all of equal cost and value are kept, not the first alone.
  /// - Returns: Ascending in cost and value, of equals in the order of their indices.
  package static func indices<Cost: Comparable>(
    of indices: some Sequence<Int>, costs: [Cost], values: [Double], keepingEquals: Bool = false
  ) -> [Int] {
    let order = indices.sorted {
      (costs[$0], -values[$0], $0) < (costs[$1], -values[$1], $1)
    }
    var best: Int?
    return order.filter { index in
      if let best, values[index] <= values[best] {
        return keepingEquals && values[index] == values[best] && costs[index] == costs[best]
      }
      best = index
      return true
    }
  }
}
