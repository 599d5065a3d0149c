import Ensembles
import Files

/// The product's report: a page that says what to deploy and why, and its data and charts as files.
public enum DecisionReport {
  private static let pictures = ["frontier", "tradeoff", "reliability", "diversity", "forecast"]

  /// The names of all files that a report, or the curves alone, may replace in its directory.
  public static let fileNames: [String] = ReportDirectory.names(pictures, dataFiles)

  private static let dataFiles = [
    "decision.json", "candidates.csv", "rules.csv", "rules.json", "calibration.json", "members.csv",
    "forecast.json", "frontier.json", "frontier.csv", "diversity.json",
  ]

  /// Writes report.html; decision.json, candidates.csv, rules.csv, rules.json, calibration.json, members.csv,
  /// forecast.json, frontier.json, frontier.csv and diversity.json; and the charts frontier, tradeoff, reliability,
  /// diversity and forecast as .vl.json, .svg and .png. What the content lacks is not written, and none of an earlier
  /// report is left.
  ///
  /// - Parameters:
  ///   - content: What to tell.
  ///   - directory: Where the files go; created where it is missing.
  ///   - dependencies: Where the renderer is, as in `ChartRenderer`.
  /// - Returns: The page's path.
  /// - Throws: `FileError`; `ReportError` where the charts cannot be drawn, after the data files are written.
  @discardableResult
  public static func write(
    _ content: ReportContent, to directory: String, dependencies: String? = nil
  ) throws -> String {
    let files = ReportDirectory(path: directory, dependencies: dependencies)
    let charts = ReportCharts(content: content)
    let pictures = try files.replace(
      charts: charts.files, pictures: pictures, dataFiles: dataFiles,
      writeData: ReportFiles(content: content).write)
    let page = ReportPage(content: content, charts: charts, drawn: pictures, directory: directory)
    return try files.write(page: page.html())
  }
}
