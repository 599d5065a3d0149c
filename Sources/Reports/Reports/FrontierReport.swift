import Decisions
import Ensembles
import Files

/// The files that tell a run's accuracy against compute.
public enum FrontierReport {
  /// Writes frontier.json, frontier.csv, diversity.json, frontier.vl.json, frontier.svg and frontier.png.
  ///
  /// - Parameters:
  ///   - directory: Where they go; created where it is missing.
  ///   - dependencies: Where the renderer is, as in `ChartRenderer`.
  /// - Returns: The path of frontier.svg.
  /// - Throws: `FileError`; `ReportError` where the chart cannot be drawn, after the data files are written.
  @discardableResult
  public static func write(
    _ frontier: Frontier, _ diversity: Diversity, _ context: ReportContext,
    to directory: String, dependencies: String? = nil
  ) throws -> String {
    try Directory.createForResults(directory)
    let specification = try specification(
      frontier, title: context.title, dataset: context.dataset)
    let charts = Result {
      try ChartRenderer(dependencies: dependencies)
        .render(["frontier": specification], in: directory)
    }
    // A chart of earlier figures would lie beside the new ones where drawing failed.
    for name in ["frontier.svg", "frontier.png"] {
      try Directory.removeFile(directory + "/" + name)
    }
    try writeData(frontier, diversity, to: directory)
    try DurableFile.write(specification, to: directory + "/frontier.vl.json")
    try charts.get().write(to: directory)
    return directory + "/frontier.svg"
  }

  static func writeData(
    _ frontier: Frontier, _ diversity: Diversity, to directory: String
  ) throws {
    try DurableFile.write(try frontier.readableJSON(), to: directory + "/frontier.json")
    try DurableFile.write(frontier.csv(), to: directory + "/frontier.csv")
    try DurableFile.write(try diversity.readableJSON(), to: directory + "/diversity.json")
  }

  /// The Vega-Lite 5 specification of the chart, as JSON: complete, for any tool that draws such.
  public static func specification(
    _ frontier: Frontier, title: String, dataset: String? = nil
  ) throws -> String {
    try ChartTheme(isDark: false).complete(
      FrontierChart(frontier: frontier)
        .specification(title: title, dataset: dataset, width: .pixels(680))
    ).readableJSON()
  }
}
