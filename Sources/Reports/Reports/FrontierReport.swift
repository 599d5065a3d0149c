import Decisions
import Ensembles
import Files
import Schemas

/// Accuracy against compute as files, with nothing chosen.
package enum FrontierReport {
  /// Writes frontier.json, frontier.csv, diversity.json, frontier.vl.json, frontier.svg and frontier.png.
  ///
  /// - Parameters:
  ///   - directory: Where they go; created where it is missing.
  ///   - dependencies: Where the renderer is, as in `ChartRenderer`.
  /// - Returns: The path of frontier.svg.
  /// - Throws: `FileError`; `EncodingError` where a number is not finite; `ReportError` where the charts cannot be
  ///   drawn, after the data files are written.
  @discardableResult
  package static func write(
    _ frontier: Frontier, _ diversity: Diversity, _ context: ReportContext,
    to directory: String, dependencies: String? = nil
  ) throws -> String {
    let files = ReportDirectory(path: directory, dependencies: dependencies)
    let chart = FrontierChart(frontier: frontier)
      .file(title: context.title, dataset: context.dataset)
    // A chart of earlier figures would lie beside the new ones where drawing failed.
    _ = try files.replace(charts: ["frontier": chart], stale: ["frontier.svg", "frontier.png"]) {
      try writeData(frontier, diversity, to: $0)
    }
    return directory + "/frontier.svg"
  }

  /// - Throws: `FileError`; `EncodingError` where a number is not finite.
  static func writeData(
    _ frontier: Frontier, _ diversity: Diversity, to directory: String
  ) throws {
    try DurableFile.write(try frontier.readableJSON(), to: ReportFile.frontier.path(in: directory))
    try DurableFile.write(frontier.csv(), to: ReportFile.frontierTable.path(in: directory))
    try DurableFile.write(
      try diversity.readableJSON(), to: ReportFile.diversity.path(in: directory))
  }
}
