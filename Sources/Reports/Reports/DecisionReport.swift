/// The product's report: a page that says what to deploy and why, and its data and charts as files.
package enum DecisionReport {
  /// The names of all files that a report, or the curves alone, may replace in its directory.
  package static let fileNames = ReportDirectory.names(
    charts: ReportCharts.names, ReportFile.ofMembers)

  /// Writes report.html, the files of `ReportFile.ofMembers`, and the charts of `ReportCharts.names` as .vl.json, .svg
  /// and .png. What the content lacks is not written, and none of an earlier report is left.
  ///
  /// - Parameters:
  ///   - content: What the report says.
  ///   - directory: Where the files go; created where it is missing.
  ///   - dependencies: Where the renderer is, as in `ChartRenderer`.
  /// - Returns: The page's path.
  /// - Throws: `FileError`; `EncodingError` where a number is not finite; `ReportError` where the charts cannot be
  ///   drawn, after the data files are written.
  @discardableResult
  package static func write(
    _ content: ReportContent, to directory: String, dependencies: String? = nil
  ) throws -> String {
    let files = ReportDirectory(path: directory, dependencies: dependencies)
    let charts = ReportCharts(content: content)
    let drawn = try files.replace(
      charts: charts.files, stale: fileNames, writeData: ReportFiles(content: content).write)
    let page = ReportPage(content: content, charts: charts, drawn: drawn, directory: directory)
    return try files.write(page: page.html())
  }
}
