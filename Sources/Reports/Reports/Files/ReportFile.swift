/// A file that a report writes besides its page and its charts.
///
/// The raw value is its name in the report's directory.
package enum ReportFile: String, CaseIterable, Sendable {
  case decision = "decision.json"
  case candidates = "candidates.csv"
  case rulesTable = "rules.csv"
  case rules = "rules.json"
  case calibration = "calibration.json"
  case members = "members.csv"
  case forecast = "forecast.json"
  case frontier = "frontier.json"
  case frontierTable = "frontier.csv"
  case diversity = "diversity.json"
  // Of a search.
  case evaluations = "evaluations.csv"
  case finalistsTable = "finalists.csv"
  case finalists = "finalists.json"

  /// What a report on trained members may write.
  static let ofMembers: [ReportFile] = [
    .decision, .candidates, .rulesTable, .rules, .calibration, .members, .forecast, .frontier,
    .frontierTable, .diversity,
  ]

  /// What a report on a search may write.
  static let ofSearches: [ReportFile] = [.evaluations, .finalistsTable, .finalists]

  /// Where it lies.
  package func path(in directory: String) -> String { directory + "/" + rawValue }
}
