import Ensembles
import Predictions
import Statistics

/// The members of one network, evaluated in subsets of every size.
struct NetworkEvaluation {
  /// The subsets of one size.
  struct Size {
    let memberCount: Int
    let isSampled: Bool
    /// Places of members.
    let subsets: [[Int]]
    /// Of each subset.
    let metrics: [Metrics]
    /// `[N]`: the share of the subsets that are right about each image.
    let correctness: [Double]
    /// `[N]`: 1 where the first `memberCount` members, combined, are right, else 0.
    let firstMembersCorrectness: [Double]

    var meanAccuracy: Double { Metrics.mean(metrics).top1Accuracy }

    /// How far the mean accuracy would vary with other members, trained in the same way, on the same images: by the
    /// jackknife over members; nil where some ensembles have no member left out.
    func memberVariance(members: Int) -> Double? {
      guard members > 1, memberCount < members else { return nil }
      var estimates: [Double] = []
      for member in 0..<members {
        let others = subsets.indices.filter { !subsets[$0].contains(member) }
        guard !others.isEmpty else { return nil }
        estimates.append(others.reduce(0) { $0 + metrics[$1].top1Accuracy } / Double(others.count))
      }
      return VarianceComponents.jackknife(estimates)
    }
  }

  let network: String
  let multiplyAccumulates: Int
  let parameters: Int
  let members: [Predictions]
  /// For each n in `1...K`.
  let sizes: [Size]

  /// - Parameters:
  ///   - members: Predictions of the same data by members of one network; at least one.
  ///   - rule: How they are combined.
  ///   - maximumSubsets: The most subsets of one size, at least 1.
  ///   - seed: Of the samples of subsets.
  init(_ members: [Predictions], rule: CombinationRule, maximumSubsets: Int, seed: UInt64) {
    self.members = members
    network = members[0].network
    multiplyAccumulates = members[0].multiplyAccumulates
    parameters = members[0].parameters
    let chosen = (1...members.count).map {
      MemberSubsets(ofSize: $0, of: members.count, limit: maximumSubsets, seed: seed)
    }
    let evaluations = Self.blocks(of: chosen.map(\.subsets.count)).flatMap { sizes in
      Self.evaluate(chosen[sizes], members, rule)
    }
    let prefixes = SubsetEvaluator(
      members: members, rule: rule, subsets: (1...members.count).map { Array(0..<$0) }
    ).correctness()
    sizes = chosen.indices.map { place in
      Size(
        memberCount: place + 1, isSampled: chosen[place].isSampled,
        subsets: chosen[place].subsets, metrics: evaluations[place].metrics,
        correctness: evaluations[place].correctness,
        firstMembersCorrectness: prefixes[place + 1])
    }
  }

  /// The most subsets that are evaluated at once: their sums take memory on each thread.
  private static let mostSubsets = 4096

  /// Places of consecutive sizes that are evaluated at once, from how many subsets each has.
  private static func blocks(of counts: [Int]) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var (start, sum) = (0, 0)
    for (place, count) in counts.enumerated() {
      if sum > 0, sum + count > mostSubsets {
        blocks.append(start..<place)
        (start, sum) = (place, 0)
      }
      sum += count
    }
    return blocks + [start..<counts.count]
  }

  /// Of each size, the metrics of its subsets, and the share of them that are right about each image.
  private static func evaluate(
    _ sizes: ArraySlice<MemberSubsets>, _ members: [Predictions], _ rule: CombinationRule
  ) -> [(metrics: [Metrics], correctness: [Double])] {
    let evaluation = SubsetEvaluator(
      members: members, rule: rule, subsets: sizes.flatMap(\.subsets)
    ).evaluate()
    var start = 0
    return sizes.map { subsets in
      defer { start += subsets.subsets.count }
      return (
        Array(evaluation.metrics[start..<start + subsets.subsets.count]),
        evaluation.correctness[subsets.subsets[0].count]
      )
    }
  }

  /// `[N]`: 1 where the member of median accuracy is right, else 0; of an even number, the upper of the middle two,
  /// so that no ensemble gains by a weak opponent.
  func medianMemberCorrectness() -> [Double] {
    let labels = members[0].labels
    let correctness = members.map { member in
      zip(member.predictedClasses(), labels).map { $0 == Int($1) ? 1.0 : 0.0 }
    }
    let ranked = correctness.sorted { $0.reduce(0, +) < $1.reduce(0, +) }
    return ranked[ranked.count / 2]
  }
}
