/// Sums of values and costs over places in order, with the best prefix in reach: each change and question takes O(log P)
/// for P places.
struct PrefixTree {
  private let width: Int
  /// Of each node: a segment tree whose root is 1.
  private var costs: [Double]
  private var values: [Int]
  /// How often something was added.
  private var counts: [Int32]
  /// The greatest sum of values of a prefix of the node's places that is not empty.
  private var best: [Int]

  /// - Parameter placeCount: P.
  init(placeCount: Int) {
    var width = 1
    while width < placeCount { width *= 2 }
    self.width = width
    costs = Array(repeating: 0, count: 2 * width)
    values = Array(repeating: 0, count: 2 * width)
    counts = Array(repeating: 0, count: 2 * width)
    best = Array(repeating: 0, count: 2 * width)
  }

  /// Adds to one place.
  mutating func add(value: Int, cost: Double, at place: Int) {
    var node = width + place
    costs[node] += cost
    values[node] += value
    counts[node] += 1
    best[node] = values[node]
    while node > 1 {
      node /= 2
      costs[node] = costs[2 * node] + costs[2 * node + 1]
      values[node] = values[2 * node] + values[2 * node + 1]
      counts[node] = counts[2 * node] + counts[2 * node + 1]
      best[node] = max(best[2 * node], values[2 * node] + best[2 * node + 1])
    }
  }

  /// What the first places hold together.
  struct Prefix {
    var places = 0
    var cost = 0.0
    var value = 0
  }

  /// The shortest prefix to which `count` things were added; nil where there are not so many in all.
  func shortestPrefix(holding count: Int) -> Prefix? {
    guard count > 0 else { return Prefix() }
    guard Int(counts[1]) >= count else { return nil }
    var (node, rest, prefix) = (1, count, Prefix())
    while node < width {
      node *= 2
      if Int(counts[node]) < rest {
        rest -= Int(counts[node])
        add(node, to: &prefix)
        node += 1
      }
    }
    prefix.places = node - width
    add(node, to: &prefix)
    prefix.places += 1
    return prefix
  }

  private func add(_ node: Int, to prefix: inout Prefix) {
    prefix.cost += costs[node]
    prefix.value += values[node]
  }

  /// The greatest sum of values of a prefix that costs no more than `budget`, which is not below 0.
  ///
  /// - Parameter least: The shortest prefix that counts beside the empty one.
  func bestValue(within budget: Double, least: Prefix = Prefix()) -> Int {
    guard least.cost <= budget else { return 0 }
    var (rest, value, found) = (budget - least.cost, least.value, max(0, least.value))
    for start in nodes(from: least.places) {
      var node = start
      while true {
        if costs[node] <= rest {
          found = max(found, value + best[node])
          rest -= costs[node]
          value += values[node]
          break
        }
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
    return found
  }

  /// The shortest prefix whose values sum to at least `target`, as its number of places and its cost; nil where none does.
  ///
  /// - Parameter least: The shortest prefix that counts beside the empty one.
  func shortestPrefix(
    reaching target: Int, least: Prefix = Prefix()
  ) -> (places: Int, cost: Double)? {
    guard target > 0 else { return (0, 0) }
    guard least.value < target else { return (least.places, least.cost) }
    var (rest, cost) = (target - least.value, least.cost)
    for start in nodes(from: least.places) {
      if best[start] < rest {
        rest -= values[start]
        cost += costs[start]
        continue
      }
      var node = start
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
    return nil
  }

  /// The fewest nodes, from left to right, that cover the places from `start` on.
  private func nodes(from start: Int) -> [Int] {
    guard start > 0 else { return [1] }
    guard start < width else { return [] }
    var node = width + start
    var nodes = [node]
    while node > 1 {
      if node.isMultiple(of: 2) { nodes.append(node + 1) }
      node /= 2
    }
    return nodes
  }
}
