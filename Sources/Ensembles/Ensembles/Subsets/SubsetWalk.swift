import CKernels

/// Subsets of members as a walk through the tree of their prefixes: what two subsets begin with is summed once.
///
/// In lexicographic order, all 2^K - 1 subsets of K members cost one addition of a member each.
struct SubsetWalk: Sendable {
  /// Members of the largest subset; 0 where there are no subsets.
  let largestSize: Int
  /// `[largestSize]`: how many subsets there are of each size, from 1.
  let sizeCounts: [Int32]
  private let steps: [consort_subset_step]
  private let leaves: [consort_subset_leaf]

  /// - Parameter subsets: Each ascending and not empty.
  init(_ subsets: [[Int]]) {
    largestSize = subsets.map(\.count).max() ?? 0
    var sizeCounts = [Int32](repeating: 0, count: largestSize)
    for subset in subsets { sizeCounts[subset.count - 1] += 1 }
    self.sizeCounts = sizeCounts
    let byPrefix = Dictionary(grouping: subsets.indices) { Array(subsets[$0].dropLast()) }
    var steps: [consort_subset_step] = []
    var leaves: [consort_subset_leaf] = []
    var path: [Int] = []
    for (prefix, indices) in byPrefix.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let shared = zip(prefix, path).prefix { $0 == $1 }.count
      for level in prefix.indices where level >= shared {
        steps.append(Self.step(level: level + 1, member: prefix[level]))
      }
      if prefix.isEmpty { steps.append(Self.step(level: 0, member: -1)) }
      steps[steps.count - 1].first = Int32(leaves.count)
      steps[steps.count - 1].count = Int32(indices.count)
      leaves += indices.map { index in
        consort_subset_leaf(
          member: Int32(subsets[index][subsets[index].count - 1]), subset: Int32(index))
      }
      path = prefix
    }
    self.steps = steps
    self.leaves = leaves
  }

  private static func step(level: Int, member: Int) -> consort_subset_step {
    consort_subset_step(level: Int32(level), member: Int32(member), first: 0, count: 0)
  }

  /// Calls `body` with the walk for the kernels, valid during the call only.
  func withWalk<R>(_ body: (UnsafePointer<consort_subset_walk>) -> R) -> R {
    steps.withUnsafeBufferPointer { steps in
      leaves.withUnsafeBufferPointer { leaves in
        sizeCounts.withUnsafeBufferPointer { sizeCounts in
          var walk = consort_subset_walk(
            steps: steps.baseAddress, step_count: Int64(steps.count), leaves: leaves.baseAddress,
            largest_size: Int64(largestSize), size_counts: sizeCounts.baseAddress)
          return body(&walk)
        }
      }
    }
  }
}
