/// Sums of values and costs over places in order, with the best prefix in reach: each change and question takes O(log P)
/// for P places.
struct PrefixTree {
  private let width: Int
  /// Of each node: a segment tree whose root is 1.
  private var costs: [Double]
  private var values: [Int]
  /// The greatest sum of values of a prefix of the node's places that is not empty.
  private var best: [Int]

  /// - Parameter placeCount: P.
  init(placeCount: Int) {
    var width = 1
    while width < placeCount { width *= 2 }
    self.width = width
    costs = Array(repeating: 0, count: 2 * width)
    values = Array(repeating: 0, count: 2 * width)
    best = Array(repeating: 0, count: 2 * width)
  }

  /// Adds to one place.
  mutating func add(value: Int, cost: Double, at place: Int) {
    var node = width + place
    costs[node] += cost
    values[node] += value
    best[node] = values[node]
    while node > 1 {
      node /= 2
      costs[node] = costs[2 * node] + costs[2 * node + 1]
      values[node] = values[2 * node] + values[2 * node + 1]
      best[node] = max(best[2 * node], values[2 * node] + best[2 * node + 1])
    }
  }

  /// The greatest sum of values of a prefix, the empty one too, that costs no more than `budget`, which is not below 0.
  func bestValue(within budget: Double) -> Int {
    var (node, rest, value, found) = (1, budget, 0, 0)
    while true {
      if costs[node] <= rest { return max(found, value + best[node]) }
      guard node < width else { return found }
      node *= 2
      // What the left half holds is in reach as a whole: the right one decides.
      if costs[node] <= rest {
        found = max(found, value + best[node])
        rest -= costs[node]
        value += values[node]
        node += 1
      }
    }
  }

  /// The shortest prefix whose values sum to at least `target`, as its number of places and its cost; nil where none does.
  func shortestPrefix(reaching target: Int) -> (places: Int, cost: Double)? {
    guard target > 0 else { return (0, 0) }
    guard best[1] >= target else { return nil }
    var (node, rest, cost) = (1, target, 0.0)
    while node < width {
      node *= 2
      if best[node] < rest {
        rest -= values[node]
        cost += costs[node]
        node += 1
      }
    }
    return (node - width + 1, cost + costs[node])
  }
}
