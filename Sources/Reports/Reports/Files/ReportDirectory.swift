import Files
import Schemas

/// Where a report is written.
struct ReportDirectory {
  let path: String
  /// Where the renderer is, as in `ChartRenderer`.
  let dependencies: String?

  private static let pageName = "report.html"

  /// The names of all that a report may write: its page, its charts by name, and other files.
  static func names(charts: [String], _ files: [ReportFile]) -> [String] {
    let drawn = charts.flatMap { name in ["vl.json", "svg", "png"].map { "\(name).\($0)" } }
    return [pageName] + drawn + files.map(\.rawValue)
  }

  /// Draws the charts, and only then puts the new files in the place of what an earlier report left: the old page stays
  /// whole until the new one can be written.
  ///
  /// - Parameters:
  ///   - charts: By name.
  ///   - stale: The names of all that an earlier report may have left.
  ///   - writeData: Writes the other files; also where the charts cannot be drawn.
  /// - Throws: `FileError`; `EncodingError` where a number is not finite; `ReportError` where the charts cannot be
  ///   drawn, after the other files are written; what `writeData` throws.
  func replace(
    charts: [String: JSONValue], stale: [String], writeData: (String) throws -> Void
  ) throws -> ChartRenderer.Drawings {
    try Directory.createForResults(path)
    let specifications = try charts.mapValues { try $0.readableJSON() }
    let drawn = Result {
      try ChartRenderer(dependencies: dependencies).render(specifications, in: path)
    }
    for name in stale { try Directory.removeFile(path + "/" + name) }
    try writeData(path)
    for (name, text) in specifications.sorted(by: { $0.key < $1.key }) {
      try DurableFile.write(text, to: "\(path)/\(name).vl.json")
    }
    let found = try drawn.get()
    try found.write(to: path)
    return found
  }

  /// Returns the page's path.
  ///
  /// - Throws: `FileError`.
  func write(page: String) throws -> String {
    let pagePath = path + "/" + Self.pageName
    try DurableFile.write(page, to: pagePath)
    return pagePath
  }
}

/// A file that a report writes besides its page and its charts.
///
/// The raw value is its name in the report's directory.
package enum ReportFile: String, CaseIterable, Sendable {
  case decision = "decision.json"
  case candidates = "candidates.csv"
  case rulesTable = "rules.csv"
  case rules = "rules.json"
  case classes = "classes.csv"
  case groups = "groups.csv"
  case confusion = "confusion.csv"
  case errorCosts = "error-costs.csv"
  case calibration = "calibration.json"
  case members = "members.csv"
  case training = "training.csv"
  case forecast = "forecast.json"
  case frontier = "frontier.json"
  case frontierTable = "frontier.csv"
  case diversity = "diversity.json"
  // Of a search.
  case evaluations = "evaluations.csv"
  case finalistsTable = "finalists.csv"
  case finalists = "finalists.json"
  // Of advice on what to train next.
  case advice = "advice.json"
  // Of a study.
  case study = "study.json"
  case studyComparisons = "comparisons.csv"
  case studyCurves = "curves.csv"
  case studyTrainings = "trainings.csv"

  /// What a report on trained members may write.
  static let ofMembers: [ReportFile] = [
    .decision, .candidates, .classes, .groups, .confusion, .errorCosts, .rulesTable, .rules,
    .calibration, .members, .training, .forecast, .frontier,
    .frontierTable, .diversity,
  ]

  /// What a report on a search may write.
  static let ofSearches: [ReportFile] = [.evaluations, .finalistsTable, .finalists]

  /// What a report on a study may write.
  static let ofStudies: [ReportFile] = [.study, .studyComparisons, .studyCurves, .studyTrainings]

  /// Where it lies.
  package func path(in directory: String) -> String { directory + "/" + rawValue }
}
