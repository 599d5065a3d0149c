/// The report on a study: for how many training images and how much compute several small networks beat a large one.
package enum StudyReport {
  /// Writes report.html, the files of `ReportFile.ofStudies`, and the charts of `StudyCharts.names` as .vl.json, .svg and
  /// .png. None of an earlier report is left.
  ///
  /// - Parameters:
  ///   - content: What the report says.
  ///   - directory: Where the files go; created where it is missing.
  ///   - dependencies: Where the renderer is, as in `ChartRenderer`.
  /// - Returns: The page's path.
  /// - Throws: `FileError`; `EncodingError` where a number is not finite; `ReportError` where the charts cannot be drawn, after
  ///   the data files are written.
  @discardableResult
  package static func write(
    _ content: StudyContent, to directory: String, dependencies: String? = nil
  ) throws -> String {
    let files = ReportDirectory(path: directory, dependencies: dependencies)
    let drawn = try files.replace(
      charts: StudyCharts(content: content).files,
      stale: ReportDirectory.names(charts: StudyCharts.names, ReportFile.ofStudies),
      writeData: StudyFiles(content: content).write)
    return try files.write(page: StudyPage(content: content, drawn: drawn).html())
  }
}
