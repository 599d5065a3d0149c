import Decisions
import Ensembles

/// All that a report on trained members says.
package struct ReportContent: Sendable {
  /// What to deploy; nil without hold-out predictions, where nothing can be chosen.
  package var decision: Decision?
  /// Ensembles of n members of each network, as means over subsets: nothing is chosen.
  package var frontier: Frontier
  /// How differently members err on the test images.
  package var diversity: Diversity
  /// What each member adds on the hold-out; nil without one.
  package var contributions: MemberContributions?
  /// For each network with enough members, what more of them would bring.
  package var forecasts: [NetworkForecast]
  /// How well the best single member's probabilities say how often it is right; nil without a decision.
  package var referenceReliability: ReliabilitySummary?
  /// Images that the chosen ensemble gets right and the best single member wrong.
  package var examples: [ExampleImage]
  /// Where it all comes from.
  package var context: ReportContext
  /// What it took to train the members; nil where that is of none known.
  package var trainingCosts: TrainingCosts?

  package init(
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
package struct NetworkForecast: Codable, Hashable, Sendable {
  /// The network's name.
  package let network: String
  /// The split whose predictions it was fitted to.
  package let split: String
  /// From all members.
  package let forecast: Forecast
  /// From fewer members, beside what those held back brought; empty where there are too few.
  package let checks: [Forecast.Check]

  /// Whether the interval of the next member leaves open that it brings nothing.
  var isRough: Bool {
    guard let next = forecast.points.first, let known = forecast.accuracies.last else {
      return true
    }
    return next.lowerBound <= known
  }

  package init(network: String, split: String, forecast: Forecast, checks: [Forecast.Check]) {
    self.network = network
    self.split = split
    self.forecast = forecast
    self.checks = checks
  }
}

/// An image that the chosen ensemble gets right and the best single model wrong.
package struct ExampleImage: Sendable {
  /// The picture, as PNG.
  package let png: [UInt8]
  /// The class it shows.
  package let label: String
  /// What the chosen ensemble says, and how sure it is, in `0...1`.
  package let chosen: (name: String, probability: Double)
  /// What the best single member says, and how sure it is, in `0...1`.
  package let reference: (name: String, probability: Double)

  package init(
    png: [UInt8], label: String, chosen: (name: String, probability: Double),
    reference: (name: String, probability: Double)
  ) {
    self.png = png
    self.label = label
    self.chosen = chosen
    self.reference = reference
  }
}
