import Ensembles
import Formatting
import Predictions
import Statistics

extension StudyAnalysis {
  /// Evaluates ensembles of the members of each network at each size, and compares them with single members of larger ones.
  ///
  /// - Parameters:
  ///   - sizes: Ascending in training images; at least one. All members predict the same images.
  ///   - rule: How members are combined.
  ///   - maximumSubsets: The most ensembles of one size, which are drawn at random where there are more.
  /// - Throws: `EnsembleError` where members predict different data, or share a name, or where members of one network
  ///   differ in cost.
  ///
  /// Complexity: O(N C S K) for N images, C classes and S subsets of K members of a network.
  public static func analyze(
    _ sizes: [StudySize], rule: CombinationRule = .geometricMean, maximumSubsets: Int = 1000
  ) throws(EnsembleError) -> StudyAnalysis {
    let all = sizes.flatMap { $0.seeds.flatMap { $0 } }
    try Predictions.checkSameData(all)
    var evaluated: [EvaluatedSize] = []
    for size in sizes { evaluated.append(try EvaluatedSize(size, rule, maximumSubsets)) }
    return StudyAnalysis(
      split: all[0].split, fingerprint: all[0].fingerprint, images: all[0].count,
      classes: all[0].classes, rule: rule, sizes: evaluated.map(\.result),
      dataTrends: dataTrends(evaluated))
  }

  /// Of each pair at about equal compute on the fewest and the most images.
  private static func dataTrends(_ sizes: [EvaluatedSize]) -> [Trend] {
    guard let first = sizes.first, let last = sizes.last, sizes.count > 1 else { return [] }
    return last.equalCostPairs.compactMap { pair in
      guard first.equalCostPairs.contains(pair),
        let earlier = first.contrast(pair, weight: -1, idOffset: 1000),
        let later = last.contrast(pair, weight: 1)
      else { return nil }
      let seeds = min(earlier.count, later.count)
      let contrast = EnsembleContrast(seeds: (0..<seeds).map { later[$0] + earlier[$0] })
      let figures = contrast.figures
      return Trend(
        first: "\(pair.name) with \(last.size.trainingImages.grouped) training images",
        second: "\(pair.name) with \(first.size.trainingImages.grouped)", change: figures.estimate,
        interval: figures.interval)
    }
  }
}

/// The groups of one size, and what is compared of them.
private struct EvaluatedSize {
  /// n members of a network against one of another.
  struct Pair: Hashable {
    let small, large: String
    let count: Int
    var name: String { "\(count) x \(small) against \(large)" }
  }

  let size: StudySize
  /// `[S]`: of each seed, the groups by network.
  private let groups: [[String: TrainedGroup]]
  /// Ascending in multiply-accumulates of a member.
  private let networks: [String]
  private let ids: [String: Int]

  init(_ size: StudySize, _ rule: CombinationRule, _ maximumSubsets: Int) throws(EnsembleError) {
    self.size = size
    var costs: [String: Int] = [:]
    var groups: [[String: TrainedGroup]] = []
    for (seed, members) in size.seeds.enumerated() where !members.isEmpty {
      var own: [String: TrainedGroup] = [:]
      for group in try Frontier.groupedByNetwork(members) {
        let network = group[0].network
        own[network] = TrainedGroup(
          group, rule: rule, maximumSubsets: maximumSubsets, seed: UInt64(seed))
        costs[network] = group[0].multiplyAccumulates
      }
      groups.append(own)
    }
    self.groups = groups
    networks = costs.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    ids = Dictionary(uniqueKeysWithValues: networks.enumerated().map { ($1, $0) })
  }

  /// The groups of a network, one a seed that has it.
  private func groups(of network: String) -> [TrainedGroup] { groups.compactMap { $0[network] } }

  private func cost(of network: String) -> Int { groups(of: network)[0].multiplyAccumulates }

  /// The members that every seed has.
  private func count(of network: String) -> Int { groups(of: network).map(\.count).min() ?? 0 }

  /// The terms of each seed that has all networks of them; nil where none has.
  private func contrast(
    _ terms: [(network: String, count: Int, weight: Double)], idOffset: Int = 0
  ) -> [[EnsembleContrast.Term]]? {
    let seeds = groups.compactMap { groups -> [EnsembleContrast.Term]? in
      var result: [EnsembleContrast.Term] = []
      for (network, count, weight) in terms {
        guard let group = groups[network], let id = ids[network], group.count >= count else {
          return nil
        }
        result.append(
          .init(group: group, memberCount: count, weight: weight, id: id + idOffset))
      }
      return result
    }
    return seeds.isEmpty ? nil : seeds
  }

  func contrast(
    _ pair: Pair, weight: Double, idOffset: Int = 0
  ) -> [[EnsembleContrast.Term]]? {
    contrast(
      [(pair.small, pair.count, weight), (pair.large, 1, -weight)], idOffset: idOffset)
  }

  private func figures(_ terms: [(String, Int, Double)]) -> CrossedTrainings? {
    contrast(terms).map { EnsembleContrast(seeds: $0).figures }
  }

  var result: StudyAnalysis.Size {
    StudyAnalysis.Size(
      trainingImages: size.trainingImages, epochs: size.epochs, seeds: groups.count,
      curves: networks.map(curve), comparisons: comparisons, widthTrend: widthTrend)
  }

  // MARK: Curves

  private func curve(_ network: String) -> StudyAnalysis.Curve {
    let first = groups(of: network)[0]
    let count = count(of: network)
    return StudyAnalysis.Curve(
      network: network, multiplyAccumulates: first.multiplyAccumulates,
      parameters: first.parameters, members: count,
      points: (1...count).compactMap { point(network, $0) },
      enoughMembers: (1..<max(count, 2)).first { fewer in
        guard fewer < count, let gain = figures([(network, count, 1), (network, fewer, -1)]) else {
          return true
        }
        return Frontier.Verdict(gain.interval ?? gain.imageInterval) != .better
      } ?? count)
  }

  private func point(_ network: String, _ count: Int) -> StudyAnalysis.Point? {
    guard let figures = figures([(network, count, 1)]) else { return nil }
    let gain = count > 1 ? self.figures([(network, count, 1), (network, count - 1, -1)]) : nil
    let singles = groups(of: network).flatMap(\.accuracies)
    return StudyAnalysis.Point(
      memberCount: count, multiplyAccumulates: count * cost(of: network),
      accuracy: count == 1 ? singles.median : figures.estimate, interval: figures.interval,
      gain: gain?.estimate, gainInterval: gain?.interval)
  }

  // MARK: Comparisons

  /// How far the compute may differ to be called about equal: by a fifth.
  private static let equalCost = 1 / 1.2...1.2

  private func costShare(_ pair: Pair) -> Double {
    Double(pair.count * cost(of: pair.small)) / Double(cost(of: pair.large))
  }

  private var pairs: [Pair] {
    networks.indices.flatMap { large in
      (0..<large).filter { cost(of: networks[$0]) < cost(of: networks[large]) }.flatMap { small in
        (1...count(of: networks[small])).map {
          Pair(small: networks[small], large: networks[large], count: $0)
        }
      }
    }
  }

  /// Of each two networks, the number of small members whose compute comes nearest to the large one's, if near enough.
  var equalCostPairs: [Pair] {
    func distance(_ pair: Pair) -> Double { max(costShare(pair), 1 / costShare(pair)) }
    return Dictionary(grouping: pairs) { [$0.small, $0.large] }.values
      .compactMap { $0.min { (distance($0), $0.count) < (distance($1), $1.count) } }
      .filter { Self.equalCost.contains(costShare($0)) }
      .sorted {
        (cost(of: $0.small), cost(of: $0.large)) < (cost(of: $1.small), cost(of: $1.large))
      }
  }

  private var comparisons: [StudyAnalysis.Comparison] {
    let equal = Set(equalCostPairs)
    return pairs.compactMap { pair in
      guard let figures = figures([(pair.small, pair.count, 1), (pair.large, 1, -1)]) else {
        return nil
      }
      return StudyAnalysis.Comparison(
        smallNetwork: pair.small, smallCount: pair.count, largeNetwork: pair.large,
        costShare: costShare(pair), isAtEqualCost: equal.contains(pair),
        difference: figures.estimate, imageInterval: figures.imageInterval,
        interval: figures.interval, verdict: Frontier.Verdict(figures.interval))
    }
  }

  /// The lead of the largest pair at about equal compute less that of the smallest.
  private var widthTrend: StudyAnalysis.Trend? {
    guard let first = equalCostPairs.first, let last = equalCostPairs.last, first != last,
      let figures = figures([
        (last.small, last.count, 1), (last.large, 1, -1), (first.small, first.count, -1),
        (first.large, 1, 1),
      ])
    else { return nil }
    return StudyAnalysis.Trend(
      first: last.name, second: first.name, change: figures.estimate, interval: figures.interval)
  }
}
