import Ensembles
import Predictions
import Statistics

/// The members of one network, trained on as many images from one seed: how ensembles of each number of them do on each
/// image, with all of them and without each one.
struct TrainedGroup {
  let network: String
  let multiplyAccumulates: Int
  let parameters: Int
  /// K.
  let count: Int
  /// Of each member.
  let accuracies: [Double]
  /// `[K][N]`: for n in `1...K`, the share of the ensembles of n members that are right about each image.
  private let shares: [[Double]]
  /// `[K][K - 1][N]`: the same without each of the members.
  private let sharesWithout: [[[Double]]]

  /// - Parameters:
  ///   - members: Of one network, at least one.
  ///   - rule: How they are combined.
  ///   - maximumSubsets: The most ensembles of one size, which are drawn at random where there are more.
  init(_ members: [Predictions], rule: CombinationRule, maximumSubsets: Int, seed: UInt64) {
    network = members[0].network
    multiplyAccumulates = members[0].multiplyAccumulates
    parameters = members[0].parameters
    count = members.count
    func shares(_ members: [Predictions]) -> [[Double]] {
      let subsets = (1...members.count).flatMap {
        MemberSubsets(ofSize: $0, of: members.count, limit: maximumSubsets, seed: seed).subsets
      }
      let evaluator = SubsetEvaluator(members: members, rule: rule, subsets: subsets)
      return Array(evaluator.correctness().dropFirst())
    }
    self.shares = shares(members)
    sharesWithout =
      members.count == 1
      ? []
      : members.indices.map { left in
        shares(members.indices.filter { $0 != left }.map { members[$0] })
      }
    accuracies = members.map { member in
      let right = zip(member.predictedClasses(), member.labels).count { $0 == Int($1) }
      return Double(right) / Double(member.count)
    }
  }

  /// `[N]`: the share of the ensembles of n members that are right about each image.
  func shares(_ memberCount: Int) -> [Double] { shares[memberCount - 1] }

  /// `[N]`: the same without one of the members. Where n are all members, it is the ensemble of the others: the jackknife of
  /// that ensemble.
  func shares(_ memberCount: Int, without member: Int) -> [Double] {
    sharesWithout[member][min(memberCount, count - 1) - 1]
  }
}

/// A sum of accuracies of ensembles with weights, such as the difference of two.
struct EnsembleContrast {
  /// The ensembles of n members of a group, and their weight.
  struct Term {
    let group: TrainedGroup
    let memberCount: Int
    let weight: Double
    /// Tells the groups of a seed apart.
    let id: Int
  }

  /// `[S]`: the terms of each seed, each of trainings of its own.
  let seeds: [[Term]]

  /// The contrast with its intervals.
  ///
  /// Of one seed, a training is that of a member. Of several, it is all of a seed: images, and members on them.
  var figures: CrossedTrainings {
    let values = seeds.map { terms in Self.sum(terms) { $0.group.shares($0.memberCount) } }
    guard values.count == 1 else {
      let left = values.indices.map { seed in
        Self.mean(values.indices.filter { $0 != seed }.map { values[$0] })
      }
      return CrossedTrainings(Self.mean(values), leftOut: [left])
    }
    return CrossedTrainings(values[0], leftOut: Self.leftOut(seeds[0]))
  }

  /// For each group, the values without each of its members.
  private static func leftOut(_ terms: [Term]) -> [[[Double]]] {
    var groups: [Int: TrainedGroup] = [:]
    for term in terms { groups[term.id] = term.group }
    return groups.sorted { $0.key < $1.key }.map { id, group in
      guard group.count > 1 else { return [[]] }
      return (0..<group.count).map { member in
        sum(terms) { term in
          term.id == id
            ? term.group.shares(term.memberCount, without: member)
            : term.group.shares(term.memberCount)
        }
      }
    }
  }

  private static func sum(_ terms: [Term], _ values: (Term) -> [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: terms[0].group.shares(1).count)
    for term in terms {
      for (image, value) in values(term).enumerated() { result[image] += term.weight * value }
    }
    return result
  }

  private static func mean(_ values: [[Double]]) -> [Double] {
    var result = [Double](repeating: 0, count: values[0].count)
    for seed in values {
      for (image, value) in seed.enumerated() { result[image] += value / Double(values.count) }
    }
    return result
  }
}
