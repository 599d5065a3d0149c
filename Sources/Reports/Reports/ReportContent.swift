import Decisions
import Ensembles

/// All that one report tells.
public struct ReportContent: Sendable {
  /// What to deploy; nil without hold-out predictions, where nothing can be chosen.
  public var decision: Decision?
  /// Ensembles of n members of each network, as means over subsets: nothing is chosen.
  public var frontier: Frontier
  /// How differently members err on the test images.
  public var diversity: Diversity
  /// What each member adds on the hold-out; nil without one.
  public var contributions: MemberContributions?
  /// For each network with enough members, what more of them would bring.
  public var forecasts: [NetworkForecast]
  /// How well the best single member's probabilities tell how often it is right; nil without a decision.
  public var referenceReliability: ReliabilitySummary?
  /// Images that the chosen ensemble gets right and the best single member wrong.
  public var examples: [ExampleImage]
  /// Where it all comes from.
  public var context: ReportContext

  /// Creates content.
  public init(
    decision: Decision?, frontier: Frontier, diversity: Diversity,
    contributions: MemberContributions?, forecasts: [NetworkForecast],
    referenceReliability: ReliabilitySummary?, examples: [ExampleImage], context: ReportContext
  ) {
    self.decision = decision
    self.frontier = frontier
    self.diversity = diversity
    self.contributions = contributions
    self.forecasts = forecasts
    self.referenceReliability = referenceReliability
    self.examples = examples
    self.context = context
  }
}

/// What further members of a network would bring.
public struct NetworkForecast: Codable, Hashable, Sendable {
  /// The network's name.
  public let network: String
  /// The split that it is told from.
  public let split: String
  /// From all members.
  public let forecast: Forecast
  /// From fewer members, beside what those held back brought; empty where there are too few.
  public let checks: [Forecast.Check]

  /// Whether the interval of the next member leaves open that it brings nothing.
  var isRough: Bool {
    guard let next = forecast.points.first, let known = forecast.accuracies.last else {
      return true
    }
    return next.lowerBound <= known
  }

  /// Creates one.
  public init(network: String, split: String, forecast: Forecast, checks: [Forecast.Check]) {
    self.network = network
    self.split = split
    self.forecast = forecast
    self.checks = checks
  }
}

/// An image that tells the ensemble from the single member.
public struct ExampleImage: Sendable {
  /// The picture, as PNG.
  public let png: [UInt8]
  /// The class it shows.
  public let label: String
  /// What the chosen ensemble says, and how sure it is, in `0...1`.
  public let chosen: (name: String, probability: Double)
  /// What the best single member says, and how sure it is, in `0...1`.
  public let reference: (name: String, probability: Double)

  /// Creates one.
  public init(
    png: [UInt8], label: String, chosen: (name: String, probability: Double),
    reference: (name: String, probability: Double)
  ) {
    self.png = png
    self.label = label
    self.chosen = chosen
    self.reference = reference
  }
}
