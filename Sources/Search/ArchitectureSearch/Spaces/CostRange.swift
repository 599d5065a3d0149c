import Networks

extension SearchSpace {
  /// The least and the greatest cost of a network of the space.
  ///
  /// Found by changing one decision at a time for the better, from the options that are first, until none helps: exact
  /// where an option that costs more does so whatever the others are, as in the spaces here; else an inner bound.
  public func costRange(_ cost: CostModel) throws(NetworkError) -> ClosedRange<Double> {
    let low = try extreme(cost, sign: 1)
    let high = try extreme(cost, sign: -1)
    return min(low, high)...max(low, high)
  }

  private func extreme(_ model: CostModel, sign: Double) throws(NetworkError) -> Double {
    let decisions = decisions
    var best = Architecture([Int](repeating: 0, count: decisions.count))
    var bestCost = try model.cost(of: network(best)).map { sign * $0 } ?? .infinity
    var isBetter = true
    while isBetter {
      isBetter = false
      for (index, decision) in decisions.enumerated() {
        for option in decision.options.indices where option != best.choices[index] {
          var next = best
          next.choices[index] = option
          guard let cost = try model.cost(of: network(next)), sign * cost < bestCost else {
            continue
          }
          (best, bestCost, isBetter) = (next, sign * cost, true)
        }
      }
    }
    return sign * bestCost
  }
}
