import Ensembles
import Predictions
import Statistics

/// What the members that there are do on the hold-out, alone and in ensembles of one network or of two.
struct MeasuredEnsembles {
  /// Ascending in multiply-accumulates.
  let networks: [String]
  /// `[J]`, of one member.
  let costs: [Int]
  /// `[J]`: the places of each network's members.
  let groups: [[Int]]
  /// All that are measured.
  let compositions: [EnsembleComposition]
  /// The mean share of images that ensembles of each composition get wrong.
  let meanErrors: [Double]
  /// `[K]`: the share of images that each member gets wrong.
  let memberErrors: [Double]
  /// The mean share of images of which of two members one alone is right.
  let disagreement: Double
  /// N.
  let images: Int
  private let subsets: [[[Int]]]
  private let errors: [[Double]]

  /// Ensembles of one composition that are measured: more would be more exact about what the images leave uncertain anyway.
  private static let subsetLimit = 12
  /// Networks: the numbers to fit grow with their square.
  static let mostNetworks = 24
  /// Members of one network.
  static let mostMembers = 64

  /// - Parameters:
  ///   - members: Of the hold-out, at least one.
  /// - Throws: `EnsembleError` where members predict different data, share a name, where those of one network differ in cost,
  ///   or where there are too many of them.
  init(_ members: [Predictions], seed: UInt64) throws(EnsembleError) {
    try Predictions.checkSameData(members)
    let grouped = try Frontier.groupedByNetwork(members)
    try Self.checkCounts(grouped)
    let ordered = grouped.flatMap { $0 }
    networks = grouped.map { $0[0].network }
    costs = grouped.map { $0[0].multiplyAccumulates }
    var start = 0
    groups = grouped.map { group in
      defer { start += group.count }
      return Array(start..<start + group.count)
    }
    let groups = groups
    compositions = EnsembleComposition.all(of: groups.map(\.count))
    subsets = compositions.map {
      $0.subsets(of: groups, limit: Self.subsetLimit, seed: seed)
    }
    let evaluator = SubsetEvaluator(
      members: ordered, rule: .geometricMean, subsets: subsets.flatMap { $0 })
    var accuracies = evaluator.top1Accuracies()[...]
    errors = subsets.map { own in
      defer { accuracies = accuracies.dropFirst(own.count) }
      return accuracies.prefix(own.count).map { 1 - $0 }
    }
    meanErrors = errors.map(\.mean)
    let right = SubsetEvaluator(
      members: ordered, rule: .geometricMean, subsets: ordered.indices.map { [$0] }
    ).rightImages()
    images = ordered[0].count
    memberErrors = right.map { Double($0.count { !$0 }) / Double($0.count) }
    disagreement = Self.disagreement(right) ?? Self.usualDisagreement * memberErrors.mean
  }

  /// Of two trainings of one network, as a share of its error; on record are seven Wide ResNets of 0.40 to 0.54.
  private static let usualDisagreement = 0.5

  private static func disagreement(_ right: [[Bool]]) -> Double? {
    var shares: [Double] = []
    for first in right.indices {
      for second in right.indices where second > first {
        let differing = zip(right[first], right[second]).count { $0 != $1 }
        shares.append(Double(differing) / Double(right[first].count))
      }
    }
    return shares.isEmpty ? nil : shares.mean
  }

  private static func checkCounts(_ groups: [[Predictions]]) throws(EnsembleError) {
    guard groups.count <= mostNetworks else {
      throw .invalidArgument(
        name: "the number of networks", value: "\(groups.count)",
        expected: "at most \(mostNetworks)")
    }
    guard let group = groups.first(where: { $0.count > mostMembers }) else { return }
    throw .invalidArgument(
      name: "the number of members of '\(group[0].network)'", value: "\(group.count)",
      expected: "at most \(mostMembers)")
  }

  /// `[J]`: how many members each network has.
  var counts: [Int] { groups.map(\.count) }

  /// The mean error of one member of each network.
  var networkErrors: [Double] { groups.map { group in group.map { memberErrors[$0] }.mean } }

  /// The compositions with their mean errors; without a member, those that have an ensemble without it.
  func table(without member: Int? = nil) -> [(composition: EnsembleComposition, error: Double)] {
    guard let member else { return Array(zip(compositions, meanErrors)).map { ($0, $1) } }
    return compositions.indices.compactMap { place in
      let kept = subsets[place].indices.filter { !subsets[place][$0].contains(member) }
      guard !kept.isEmpty else { return nil }
      return (compositions[place], kept.map { errors[place][$0] }.mean)
    }
  }

  /// The most accurate composition of at most so many multiply-accumulates, the cheapest of equals; nil where none is that cheap.
  func best(within most: Double) -> (composition: EnsembleComposition, error: Double)? {
    table().filter { $0.composition.multiplyAccumulates(costs) <= most }.min {
      ($0.error, $0.composition.multiplyAccumulates(costs))
        < ($1.error, $1.composition.multiplyAccumulates(costs))
    }
  }
}
