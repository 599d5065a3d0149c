import ArchitectureSearch
import Files
import Runs

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A search for the members of an ensemble: what is searched, by whom, at which cost, and what becomes of what is found.
public struct SearchPlan: Encodable, Hashable, Sendable {
  /// The run directory's name.
  public var name: String
  /// Which images. Architectures are trained on `trainingImages` of them and judged by the hold-out.
  public var data: DataSelection
  /// Where networks come from.
  public var space: SpaceChoice
  /// How many members an ensemble has.
  public var members: Int
  /// What an ensemble costs.
  public var cost: CostTarget
  /// What is looked for.
  public var settings: [SearchSetting]
  /// Who proposes architectures.
  public var controller: ControllerChoice
  /// What they are worth.
  public var reward: Reward
  /// How they are judged.
  public var evaluator: EvaluatorChoice
  /// How many are proposed at a time.
  public var cohort: Int
  /// Of each setting.
  public var budget: SearchBudget
  /// What is trained in full in the end; nil for a search alone.
  public var finalists: Finalists?
  /// Decides all random numbers.
  public var seed: Int

  /// A search space as a file gives it.
  public enum SpaceChoice: Hashable, Sendable {
    /// Wide ResNets.
    case wideResNet(WideResNetSpace)
    /// Mobile inverted bottlenecks.
    case mobile(MobileSpace)

    /// The space itself.
    public var space: any SearchSpace {
      switch self {
      case .wideResNet(let space): space
      case .mobile(let space): space
      }
    }

    /// The number of classes of its networks.
    public var classes: Int {
      switch self {
      case .wideResNet(let space): space.classes
      case .mobile(let space): space.classes
      }
    }
  }

  /// How architectures are judged.
  public enum EvaluatorChoice: Hashable, Sendable {
    /// Each is trained by itself, in the recipe's schedule, and judged after each number of epochs; the share `kept` of a
    /// cohort goes on to the next. The last number may be lower than the recipe's epochs.
    case proxy(Recipe, rungs: [Int], kept: Double)
    /// One network of shared weights for each place in the ensemble is trained along random paths, then every architecture
    /// is a path through it, normalised by the statistics of the batch.
    case supernetwork(Recipe)
  }

  /// The full training of what was found.
  public struct Finalists: Encodable, Hashable, Sendable {
    /// How each member is trained.
    public var recipe: Recipe
    /// How many ensembles of each kind are trained.
    public var seeds: Int
    /// How many images are trained on; nil for all but the hold-out.
    public var trainingImages: Int?
    /// Ensembles made by hand, to compare with.
    public var handDesigned: [HandDesigned]

    /// Several members of a known network.
    public struct HandDesigned: Encodable, Hashable, Sendable {
      /// The network's name.
      public var network: String
      /// How many are one ensemble.
      public var count: Int

      /// Names an ensemble.
      public init(network: String, count: Int) {
        self.network = network
        self.count = count
      }
    }

    /// Describes the trainings.
    public init(
      recipe: Recipe, seeds: Int = 3, trainingImages: Int? = nil, handDesigned: [HandDesigned] = []
    ) {
      self.recipe = recipe
      self.seeds = seeds
      self.trainingImages = trainingImages
      self.handDesigned = handDesigned
    }
  }

  /// What every search of the plan goes by.
  ///
  /// - Parameter costModel: That of the cost's measure.
  public func conditions(_ costModel: CostModel) -> StageSearch.Conditions {
    StageSearch.Conditions(
      space: space.space, costModel: costModel, target: cost, reward: reward,
      controller: controller, cohort: cohort, budget: budget, seed: seed)
  }

  /// The experiment whose recipe and images architectures are trained with; it has no members of its own.
  public func evaluationExperiment() -> Experiment {
    let recipe =
      switch evaluator {
      case .proxy(let recipe, _, _), .supernetwork(let recipe): recipe
      }
    return Experiment(name: name, data: data, members: [], recipe: recipe, seed: seed)
  }

  /// Makes sure that the space has something to choose, and that its networks can cost what they shall.
  ///
  /// - Returns: The least and greatest cost of one network.
  /// - Throws: `SearchError`, or `NetworkError`.
  public func costRange(_ costModel: CostModel) throws -> ClosedRange<Double> {
    let space = space.space
    try space.validate()
    let range = try space.costRange(costModel)
    for setting in settings {
      for stage in setting.stages(memberCount: members) {
        let count = Double(stage.memberCount)
        let target = cost.target * stage.costShare
        let slack = cost.tolerance ?? 0
        guard
          target * (1 + slack) >= range.lowerBound * count,
          target * (1 - slack) <= range.upperBound * count
        else {
          throw SearchError.targetOutOfReach(
            target: "\(cost.text(target)) (\(stage.name))",
            lowest: cost.text(range.lowerBound * count),
            highest: cost.text(range.upperBound * count))
        }
      }
    }
    return range
  }
}
