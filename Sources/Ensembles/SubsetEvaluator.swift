/// Evaluates many ensembles that are subsets of the same members.
///
/// Images are taken in blocks that fit a processor's cache. In a block, the subsets are taken in lexicographic order, each
/// built on the sums of the prefix that it shares with the one before: all 2^K - 1 subsets of K members cost one addition
/// of a member each.
///
/// Complexity: O(N C S) for all S subsets of every size, O(N C S n) for S scattered ones of size n; memory O(N n).
struct SubsetEvaluator {
  /// What came out, in the order of the subsets.
  struct Evaluation {
    var metrics: [Metrics]
    /// `[size][N]`: the share of the subsets of this size that are right about each image. Empty for absent sizes.
    var correctness: [[Double]]
  }

  private let members: [Predictions]
  private let rule: CombinationRule
  private let subsets: [[Int]]
  /// The positions in `subsets` in lexicographic order of the subsets.
  private let order: [Int]
  private let largestSize: Int
  private let classes: Int
  private let blockImages: Int
  private let sums: MemberSums

  /// - Parameters:
  ///   - members: Predictions of the same data; at least one.
  ///   - rule: How they are combined.
  ///   - subsets: Positions in `members`, each subset ascending and not empty.
  init(members: [Predictions], rule: CombinationRule, subsets: [[Int]]) {
    self.members = members
    self.rule = rule
    self.subsets = subsets
    order = subsets.indices.sorted { subsets[$0].lexicographicallyPrecedes(subsets[$1]) }
    largestSize = subsets.map(\.count).max() ?? 0
    classes = members[0].classes
    blockImages = max(1, 2048 / classes)
    sums = MemberSums(rule: rule)
  }

  func evaluate() -> Evaluation {
    let images = members[0].count
    var totals = MetricSums(ensembles: subsets.count, classes: classes)
    var right = [[Double]](repeating: [], count: largestSize + 1)
    for subset in subsets where right[subset.count].isEmpty {
      right[subset.count] = Array(repeating: 0, count: images)
    }
    let width = blockImages * classes * sums.vectors
    let inputs = UnsafeMutableBufferPointer<Double>.allocate(capacity: members.count * width)
    let stack = UnsafeMutableBufferPointer<Double>.allocate(capacity: largestSize * width)
    defer {
      inputs.deallocate()
      stack.deallocate()
    }
    for start in stride(from: 0, to: images, by: blockImages) {
      let block = start..<min(start + blockImages, images)
      load(block, into: inputs, width: width)
      evaluate(block, inputs, stack, width: width, &totals, &right)
    }
    return Evaluation(
      metrics: subsets.indices.map { totals.metrics(ofEnsemble: $0, images: images) },
      correctness: shares(right))
  }

  /// Fills `inputs` with one row of what is summed for each member.
  private func load(
    _ block: Range<Int>, into inputs: UnsafeMutableBufferPointer<Double>, width: Int
  ) {
    for (index, member) in members.enumerated() {
      let row = UnsafeMutableBufferPointer(rebasing: inputs[index * width..<(index + 1) * width])
      member.withLogProbabilities { values in
        let range = block.lowerBound * classes..<block.upperBound * classes
        sums.load(UnsafeBufferPointer(rebasing: values[range]), classes: classes, into: row)
      }
    }
  }

  private func evaluate(
    _ block: Range<Int>, _ inputs: UnsafeMutableBufferPointer<Double>,
    _ stack: UnsafeMutableBufferPointer<Double>, width: Int,
    _ totals: inout MetricSums, _ right: inout [[Double]]
  ) {
    var earlier: [Int] = []
    for index in order {
      let subset = subsets[index]
      let shared = zip(subset, earlier).prefix { $0 == $1 }.count
      for level in shared..<max(shared, subset.count) {
        let member = inputs.baseAddress.map { $0 + subset[level] * width }
        push(member, onto: stack, level: level, width: width)
      }
      earlier = subset
      let start = (subset.count - 1) * width
      let row = UnsafeBufferPointer(rebasing: stack[start..<start + width])
      score(row, block, subsetIndex: index, size: subset.count, &totals, &right[subset.count])
    }
  }

  /// Makes level `level` of the stack the level below it plus `member`.
  private func push(
    _ member: UnsafeMutablePointer<Double>?, onto stack: UnsafeMutableBufferPointer<Double>,
    level: Int, width: Int
  ) {
    guard let member, let base = stack.baseAddress else { return }
    let target = base + level * width
    if level == 0 {
      target.update(from: member, count: width)
    } else {
      let below = target - width
      for offset in 0..<width { target[offset] = below[offset] + member[offset] }
    }
  }

  private func score(
    _ row: UnsafeBufferPointer<Double>, _ block: Range<Int>, subsetIndex: Int, size: Int,
    _ totals: inout MetricSums, _ right: inout [Double]
  ) {
    for (position, image) in block.enumerated() {
      let label = Int(members[0].labels[image])
      let distribution = sums.distribution(
        row, image: position, classes: classes, members: size, label: label)
      totals.add(distribution, toEnsemble: subsetIndex)
      if distribution.labelRank == 0 { right[image] += 1 }
    }
  }

  private func shares(_ right: [[Double]]) -> [[Double]] {
    var counts = Array(repeating: 0.0, count: right.count)
    for subset in subsets { counts[subset.count] += 1 }
    return zip(right, counts).map { right, count in right.map { $0 / count } }
  }
}
