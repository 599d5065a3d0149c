/// The report on a search of architectures: whether different ones beat one, repeated.
package enum SearchReport {
  /// Writes report.html, the files of `ReportFile.ofSearches`, and the charts of `SearchCharts.names` as .vl.json, .svg
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
    _ content: SearchContent, to directory: String, dependencies: String? = nil
  ) throws -> String {
    let files = ReportDirectory(path: directory, dependencies: dependencies)
    let drawn = try files.replace(
      charts: SearchCharts(content: content).files,
      stale: ReportDirectory.names(charts: SearchCharts.names, ReportFile.ofSearches),
      writeData: SearchFiles(content: content).write)
    return try files.write(page: SearchPage(content: content, drawn: drawn).html())
  }
}
