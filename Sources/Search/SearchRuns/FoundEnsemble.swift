import ArchitectureSearch
import Networks
import Runs

/// The best ensemble that a setting found.
public struct FoundEnsemble: Codable, Hashable, Sendable {
  /// How it was found.
  public var setting: SearchSetting
  /// The members' networks by name, in their places; a duplicated one as often as it is a member.
  public var networks: [String]
  /// Of all members together, in the measure of the target.
  public var cost: Double
  /// Of all members together.
  public var multiplyAccumulates: Int
  /// Of the hold-out, with the members as the search had them; that of one member where they are duplicates.
  public var holdOutAccuracy: Double
  /// How many architectures the setting evaluated.
  public var evaluations: Int
  /// Images that passed through them in training.
  public var trainingImages: Int
  /// How long that took.
  public var seconds: Double
  /// How many architectures failed.
  public var failures: Int

  /// Describes what was found.
  public init(
    setting: SearchSetting, networks: [String], cost: Double, multiplyAccumulates: Int,
    holdOutAccuracy: Double, records: [EvaluationRecord]
  ) {
    self.setting = setting
    self.networks = networks
    self.cost = cost
    self.multiplyAccumulates = multiplyAccumulates
    self.holdOutAccuracy = holdOutAccuracy
    evaluations = records.count
    trainingImages = records.reduce(0) { $0 + $1.trainingImages }
    seconds = records.reduce(0) { $0 + $1.seconds }
    failures = records.count { $0.failure != nil }
  }
}

/// Ensembles of one kind that are trained in full, one a seed.
public struct FinalistGroup: Hashable, Sendable {
  /// Such as "joint", or "2 x wide-resnet-16-1, by hand".
  public let name: String
  /// How it was found; nil for what was made by hand.
  public let setting: SearchSetting?
  /// The members' networks.
  public let networks: [String]
  /// Of each seed, the members' names in the run of the finalists.
  public let members: [[String]]
}

extension SearchPlan {
  /// What is trained in full, and which members make up which ensemble.
  ///
  /// Ensembles share trainings where they share networks: each network is trained as often as the ensemble that has most
  /// of it needs, times the number of seeds.
  ///
  /// - Parameter networks: What was found, by name.
  public func finalists(
    _ found: [FoundEnsemble], networks: [String: Network]
  ) -> (experiment: Experiment, groups: [FinalistGroup])? {
    guard let finalists else { return nil }
    let designs = finalists.handDesigned.map { design in
      (
        name: (design.count == 1 ? "" : "\(design.count) x ") + "\(design.network), by hand",
        setting: SearchSetting?.none,
        networks: [String](repeating: design.network, count: design.count)
      )
    }
    let ensembles =
      found.map {
        (name: $0.setting.rawValue, setting: Optional($0.setting), networks: $0.networks)
      }
      + designs
    var counts: [(network: String, count: Int)] = []
    for ensemble in ensembles {
      for (network, count) in Self.counts(of: ensemble.networks) {
        let wanted = count * finalists.seeds
        if let place = counts.firstIndex(where: { $0.network == network }) {
          counts[place].count = max(counts[place].count, wanted)
        } else {
          counts.append((network, wanted))
        }
      }
    }
    var data = data
    data.trainingImages = finalists.trainingImages
    let experiment = Experiment(
      name: "\(name)-finalists", data: data,
      members: counts.map { name, count in
        networks[name].map { .init(network: $0, count: count) }
          ?? .init(network: name, count: count)
      }, recipe: finalists.recipe, seed: seed)
    let groups = ensembles.map { ensemble in
      FinalistGroup(
        name: ensemble.name, setting: ensemble.setting, networks: ensemble.networks,
        members: (0..<finalists.seeds).map { Self.members(of: ensemble.networks, seed: $0) })
    }
    return (experiment, groups)
  }

  /// The networks in the order of their first appearance, and how often each appears.
  private static func counts(of networks: [String]) -> [(String, Int)] {
    var counts: [(network: String, count: Int)] = []
    for network in networks {
      if let place = counts.firstIndex(where: { $0.network == network }) {
        counts[place].count += 1
      } else {
        counts.append((network, 1))
      }
    }
    return counts.map { ($0.network, $0.count) }
  }

  /// The names of the members of one ensemble: of a network that it has k times, the next k.
  private static func members(of networks: [String], seed: Int) -> [String] {
    let totals = Dictionary(uniqueKeysWithValues: counts(of: networks))
    var used: [String: Int] = [:]
    return networks.map { network in
      let number = used[network, default: 0]
      used[network] = number + 1
      return "\(network)-\(seed * (totals[network] ?? 1) + number)"
    }
  }
}
