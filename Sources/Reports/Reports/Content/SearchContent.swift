import ArchitectureSearch
import Decisions
import Networks

/// All that the report on a search of architectures says.
package struct SearchContent: Sendable {
  /// How many members an ensemble has.
  package var memberCount: Int
  /// What an ensemble was to cost.
  package var target: CostTarget
  /// The settings, in their order.
  package var settings: [Setting]
  /// Every evaluation on record, in order.
  package var evaluations: [EvaluationRecord]
  /// What is trained in full, found ensembles first; empty where the plan trains nothing or nothing is found.
  package var finalists: [Finalist]
  /// Whether the plan trains what is found.
  package var plansFinalists: Bool
  /// Of the found networks that were evaluated alone, the accuracy in the search and after the full training.
  package var proxies: [ProxyAccuracy]
  /// How milliseconds were measured; nil where they were not.
  package var latencyConditions: String?
  /// What the search was asked to do, in words.
  package var plan: [ReportContext.Fact]
  /// Where it all comes from; `experiment` is the plan as it stands in its file.
  package var context: ReportContext

  package init(
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
  package struct Setting: Sendable {
    package var setting: SearchSetting
    /// The different networks of what it found; none while it is not complete.
    package var networks: [FoundNetwork]
    /// What an ensemble of them scored on the hold-out in the search; of one member where they are duplicates.
    package var holdOutAccuracy: Double?

    package init(
      setting: SearchSetting, networks: [FoundNetwork] = [], holdOutAccuracy: Double? = nil
    ) {
      self.setting = setting
      self.networks = networks
      self.holdOutAccuracy = holdOutAccuracy
    }
  }

  /// A network that was found.
  package struct FoundNetwork: Sendable {
    /// The network itself.
    package var network: Network
    /// What was chosen, by part.
    package var choices: [String]
    /// How often an ensemble has it.
    package var count: Int

    package init(network: Network, choices: [String], count: Int = 1) {
      self.network = network
      self.choices = choices
      self.count = count
    }
  }

  /// Ensembles of one kind that are trained in full, one a seed.
  package struct Finalist: Sendable {
    /// Such as "joint", or "2 x wide-resnet-16-1, by hand".
    package var name: String
    /// How it was found; nil for what was made by hand.
    package var setting: SearchSetting?
    /// Its members, a network as often as an ensemble has it.
    package var members: [Member]
    /// How many seeds there shall be.
    package var seeds: Int
    /// The seeds that are trained; nil where none is.
    package var trained: RepeatedEnsemble?
    /// Against the duplicates; nil for these themselves, and where something is missing.
    package var comparison: RepeatedComparison?

    package init(
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
    package var multiplyAccumulates: Int? { sum(\.multiplyAccumulates) }
    /// Of all members, one after another; nil where one's is not known.
    package var milliseconds: Double? { sum(\.milliseconds) }

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
  package struct Member: Hashable, Sendable {
    /// The network's name.
    package var network: String
    /// Of one image; nil where it is not known.
    package var multiplyAccumulates: Int?
    /// Of one image, measured; nil where it was not.
    package var milliseconds: Double?
    /// The mean test accuracy of all its network's trainings, alone; nil where there are none.
    package var accuracy: Double?

    package init(
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
  package struct ProxyAccuracy: Hashable, Sendable {
    /// The network's name.
    package var network: String
    /// On the hold-out, in the search; and on the test images, in full, as a mean over trainings.
    package var proxy, final: Double

    package init(network: String, proxy: Double, final: Double) {
      self.network = network
      self.proxy = proxy
      self.final = final
    }
  }
}
