import Ensembles
import Files

/// The product's report: a page that says what to deploy and why, and its data and charts as files.
public enum DecisionReport {
  private static let pictures = ["frontier", "tradeoff", "reliability", "diversity", "forecast"]
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
    try Directory.create(directory)
    let drawn = pictures.flatMap { name in ["vl.json", "svg", "png"].map { "\(name).\($0)" } }
    for name in ["report.html"] + drawn + dataFiles {
      try Directory.removeFile(directory + "/" + name)
    }
    try ReportFiles(content: content).write(to: directory)
    let charts = ReportCharts(content: content)
    let specifications = try charts.files.mapValues { try $0.readableJSON() }
    for (name, text) in specifications.sorted(by: { $0.key < $1.key }) {
      try DurableFile.write(text, to: "\(directory)/\(name).vl.json")
    }
    let pictures = try ChartRenderer(dependencies: dependencies)
      .render(specifications, in: directory)
    try pictures.write(to: directory)
    let page = ReportPage(content: content, charts: charts, drawn: pictures, directory: directory)
    let path = directory + "/report.html"
    try DurableFile.write(try page.html(), to: path)
    return path
  }
}
