/// The Pareto frontier of things that cost something and are worth something.
package enum ParetoFrontier {
  /// The indices of the things that no other is better than in one and as good as in the other, by rising cost; of equals
  /// all but the first are left out.
  ///
  /// Complexity: O(n log n).
  ///
  /// - Parameters:
  ///   - indices: Of those that compete.
  ///   - cost: Of the thing at an index; less is better.
  ///   - accuracy: Of the thing at an index, at least 0; more is better.
  package static func indices(
    of indices: some Sequence<Int>, cost: (Int) -> Double, accuracy: (Int) -> Double
  ) -> [Int] {
    let order = indices.sorted {
      (cost($0), -accuracy($0), $0) < (cost($1), -accuracy($1), $1)
    }
    var best = -1.0
    return order.filter { index in
      guard accuracy(index) > best else { return false }
      best = accuracy(index)
      return true
    }
  }
}
