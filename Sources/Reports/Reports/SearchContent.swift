import ArchitectureSearch
import Decisions
import Networks

/// All that the report on a search of architectures tells.
public struct SearchContent: Sendable {
  /// How many members an ensemble has.
  public var memberCount: Int
  /// What an ensemble was to cost.
  public var target: CostTarget
  /// The settings, in their order.
  public var settings: [Setting]
  /// Every candidate on record, in order.
  public var evaluations: [EvaluationRecord]
  /// What is trained in full, found ensembles first; empty where the plan trains nothing or nothing is found.
  public var finalists: [Finalist]
  /// Whether the plan trains what is found.
  public var plansFinalists: Bool
  /// Of the found networks that can be told by themselves, the accuracy in the search and after the full training.
  public var proxies: [ProxyAccuracy]
  /// How milliseconds were measured; nil where they were not.
  public var latencyConditions: String?
  /// What the search was asked to do, in words.
  public var plan: [ReportContext.Fact]
  /// Where it all comes from; `experiment` is the plan as it stands in its file.
  public var context: ReportContext

  /// Creates content.
  public init(
    memberCount: Int, target: CostTarget, settings: [Setting], evaluations: [EvaluationRecord],
    finalists: [Finalist], plansFinalists: Bool, proxies: [ProxyAccuracy] = [],
    latencyConditions: String? = nil, plan: [ReportContext.Fact] = [], context: ReportContext
  ) {
    self.memberCount = memberCount
    self.target = target
    self.settings = settings
    self.evaluations = evaluations
    self.finalists = finalists
    self.plansFinalists = plansFinalists
    self.proxies = proxies
    self.latencyConditions = latencyConditions
    self.plan = plan
    self.context = context
  }

  /// One setting and what it found.
  public struct Setting: Sendable {
    /// Which.
    public var setting: SearchSetting
    /// The different networks of what it found; none while it is not complete.
    public var networks: [FoundNetwork]
    /// What an ensemble of them scored on the hold-out in the search; of one member where they are duplicates.
    public var holdOutAccuracy: Double?

    /// Creates a setting's result.
    public init(
      setting: SearchSetting, networks: [FoundNetwork] = [], holdOutAccuracy: Double? = nil
    ) {
      self.setting = setting
      self.networks = networks
      self.holdOutAccuracy = holdOutAccuracy
    }
  }

  /// A network that was found.
  public struct FoundNetwork: Sendable {
    /// The network itself.
    public var network: Network
    /// What was chosen, by part.
    public var choices: [String]
    /// How often an ensemble has it.
    public var count: Int

    /// Describes a network.
    public init(network: Network, choices: [String], count: Int = 1) {
      self.network = network
      self.choices = choices
      self.count = count
    }
  }

  /// Ensembles of one kind that are trained in full, one a seed.
  public struct Finalist: Sendable {
    /// Such as "joint", or "2 x wide-resnet-16-1, by hand".
    public var name: String
    /// How it was found; nil for what was made by hand.
    public var setting: SearchSetting?
    /// Its members, a network as often as an ensemble has it.
    public var members: [Member]
    /// How many seeds there shall be.
    public var seeds: Int
    /// The seeds that are trained; nil where none is.
    public var trained: RepeatedEnsemble?
    /// Against the duplicates; nil for these themselves, and where something is missing.
    public var comparison: RepeatedComparison?

    /// Describes ensembles.
    public init(
      name: String, setting: SearchSetting?, members: [Member], seeds: Int,
      trained: RepeatedEnsemble? = nil, comparison: RepeatedComparison? = nil
    ) {
      self.name = name
      self.setting = setting
      self.members = members
      self.seeds = seeds
      self.trained = trained
      self.comparison = comparison
    }

    /// Of all members; nil where one's is not known.
    public var multiplyAccumulates: Int? { sum(\.multiplyAccumulates) }
    /// Of all members, one after another; nil where one's is not known.
    public var milliseconds: Double? { sum(\.milliseconds) }

    private func sum<Number: AdditiveArithmetic>(_ value: (Member) -> Number?) -> Number? {
      members.reduce(Number?.some(.zero)) { sum, member in
        value(member).flatMap { own in sum.map { $0 + own } }
      }
    }

    /// Its members of different networks.
    var differentMembers: [Member] {
      var seen: Set<String> = []
      return members.filter { seen.insert($0.network).inserted }
    }
  }

  /// A member of an ensemble that is trained in full.
  public struct Member: Hashable, Sendable {
    /// The network's name.
    public var network: String
    /// Of one image; nil where it is not known.
    public var multiplyAccumulates: Int?
    /// Of one image, measured; nil where it was not.
    public var milliseconds: Double?
    /// The mean test accuracy of all its network's trainings, alone; nil where there are none.
    public var accuracy: Double?

    /// Describes a member.
    public init(
      network: String, multiplyAccumulates: Int? = nil, milliseconds: Double? = nil,
      accuracy: Double? = nil
    ) {
      self.network = network
      self.multiplyAccumulates = multiplyAccumulates
      self.milliseconds = milliseconds
      self.accuracy = accuracy
    }
  }

  /// What one network scored in the search, and what it scores after the full training.
  public struct ProxyAccuracy: Hashable, Sendable {
    /// The network's name.
    public var network: String
    /// On the hold-out, in the search; and on the test images, in full, as a mean over trainings.
    public var proxy, final: Double

    /// Pairs two accuracies.
    public init(network: String, proxy: Double, final: Double) {
      self.network = network
      self.proxy = proxy
      self.final = final
    }
  }
}

// MARK: - Conclusions

extension SearchContent {
  func finalist(_ setting: SearchSetting) -> Finalist? {
    finalists.first { $0.setting == setting }
  }

  /// The ensembles of different architectures that can be compared with the duplicates.
  var diverse: [(finalist: Finalist, comparison: RepeatedComparison)] {
    [SearchSetting.joint, .sequential].compactMap { setting in
      finalist(setting).flatMap { finalist in finalist.comparison.map { (finalist, $0) } }
    }
  }

  /// Whether every ensemble of the plan is trained with all its seeds.
  var isComplete: Bool {
    !finalists.isEmpty && unfinished.isEmpty && settings.allSatisfy { !$0.networks.isEmpty }
  }

  /// Ensembles some of whose seeds are not trained.
  var unfinished: [Finalist] {
    finalists.filter { ($0.trained?.accuracies.count ?? 0) < $0.seeds }
  }

  /// The stages of all settings, in order.
  var stages: [SearchStage] {
    settings.flatMap { $0.setting.stages(memberCount: memberCount) }
  }

  /// Candidates with the ensembles whose accuracy they were told.
  var candidates: [SearchCandidate] {
    SearchCandidate.all(of: evaluations, stages: stages)
  }

  /// Spearman's correlation of proxy and final accuracy; nil for fewer than five networks.
  var rankCorrelation: Double? {
    guard proxies.count >= 5 else { return nil }
    return RankCorrelation.spearman(proxies.map(\.proxy), proxies.map(\.final))
  }
}

/// A candidate, and the ensemble whose accuracy counted.
struct SearchCandidate {
  let record: EvaluationRecord
  let stage: SearchStage
  /// How many members that ensemble has, and what it costs: with what earlier stages found.
  let ensembleSize: Int
  let ensembleCost: Double
  /// Whether no candidate before it in its stage had as high a reward, of those trained as far as any.
  let isBestSoFar: Bool

  static func all(of records: [EvaluationRecord], stages: [SearchStage]) -> [SearchCandidate] {
    var earlier: [SearchSetting: (size: Int, cost: Double)] = [:]
    return stages.flatMap { stage -> [SearchCandidate] in
      let own = records.filter { $0.stage == stage.name }
      let beside = earlier[stage.setting, default: (0, 0)]
      if let best = own.best {
        earlier[stage.setting] = (beside.size + best.members.count, beside.cost + best.cost)
      }
      var highest = -Double.infinity
      return own.map { record in
        let isBest = record.isComplete && record.reward > highest
        if isBest { highest = record.reward }
        return SearchCandidate(
          record: record, stage: stage, ensembleSize: beside.size + record.members.count,
          ensembleCost: beside.cost + record.cost, isBestSoFar: isBest)
      }
    }
  }
}

/// Spearman's rank correlation.
enum RankCorrelation {
  /// Equal values share the mean of their ranks; 0 where all values of one list are equal.
  static func spearman(_ first: [Double], _ second: [Double]) -> Double {
    let (first, second) = (ranks(first), ranks(second))
    let mean = Double(first.count + 1) / 2
    var (product, firstSquares, secondSquares) = (0.0, 0.0, 0.0)
    for (first, second) in zip(first, second) {
      product += (first - mean) * (second - mean)
      firstSquares += (first - mean) * (first - mean)
      secondSquares += (second - mean) * (second - mean)
    }
    let scale = (firstSquares * secondSquares).squareRoot()
    return scale > 0 ? product / scale : 0
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
      Double(values.count { $0 < value }) + Double(values.count { $0 == value } + 1) / 2
    }
  }
}
