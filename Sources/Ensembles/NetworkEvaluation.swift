/// The members of one network, evaluated in subsets of every size.
struct NetworkEvaluation {
  /// The subsets of one size.
  struct Size {
    let memberCount: Int
    let isSampled: Bool
    /// Of each subset.
    let metrics: [Metrics]
    /// `[N]`: the share of the subsets that are right about each image.
    let correctness: [Double]
    /// `[N]`: 1 where the first `memberCount` members, combined, are right, else 0.
    let firstMembersCorrectness: [Double]

    var meanAccuracy: Double { Metrics.mean(metrics).top1Accuracy }
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
    let evaluation = SubsetEvaluator(
      members: members, rule: rule, subsets: chosen.flatMap(\.subsets)
    ).evaluate()
    let prefixes = SubsetEvaluator(
      members: members, rule: rule, subsets: (1...members.count).map { Array(0..<$0) }
    ).evaluate()
    var start = 0
    sizes = zip(1..., chosen).map { memberCount, subsets in
      defer { start += subsets.subsets.count }
      return Size(
        memberCount: memberCount, isSampled: subsets.isSampled,
        metrics: Array(evaluation.metrics[start..<start + subsets.subsets.count]),
        correctness: evaluation.correctness[memberCount],
        firstMembersCorrectness: prefixes.correctness[memberCount])
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
