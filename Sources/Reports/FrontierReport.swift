import Ensembles
import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files that tell a run's accuracy against compute.
public enum FrontierReport {
  /// Writes frontier.json, frontier.csv, frontier.vl.json, frontier.svg, frontier.png,
  /// diversity.json and report.html.
  ///
  /// - Parameters:
  ///   - directory: Where they go; created where it is missing.
  ///   - dependencies: Where the renderer is, as in `ChartRenderer`.
  /// - Returns: The page's path.
  /// - Throws: `FileError`; `ReportError` where the chart cannot be drawn, after the data files are written.
  @discardableResult
  public static func write(
    _ frontier: Frontier, _ diversity: Diversity, _ context: ReportContext,
    to directory: String, dependencies: String? = nil
  ) throws -> String {
    try Directory.create(directory)
    // A page or chart of earlier figures would lie beside the new ones where drawing fails.
    for name in ["report.html", "frontier.svg", "frontier.png"] {
      try Directory.removeFile(directory + "/" + name)
    }
    let specification = try specification(
      frontier, title: context.title, dataset: context.dataset)
    try DurableFile.write(try frontier.readableJSON(), to: directory + "/frontier.json")
    try DurableFile.write(frontier.csv(), to: directory + "/frontier.csv")
    try DurableFile.write(try diversity.readableJSON(), to: directory + "/diversity.json")
    try DurableFile.write(specification, to: directory + "/frontier.vl.json")

    let chart = try ChartRenderer(dependencies: dependencies).render(specification, in: directory)
    let page = FrontierPage(
      frontier: frontier, diversity: diversity, context: context, chart: chart)
    try DurableFile.write(chart.svg, to: directory + "/frontier.svg")
    try DurableFile.write(chart.png, to: directory + "/frontier.png")
    let path = directory + "/report.html"
    try DurableFile.write(try page.html(), to: path)
    return path
  }

  /// The Vega-Lite 5 specification of the chart, as JSON: complete, for any tool that draws such.
  public static func specification(
    _ frontier: Frontier, title: String, dataset: String? = nil
  ) throws -> String {
    var specification = FrontierChart(frontier: frontier)
      .specification(title: title, dataset: dataset, width: .pixels(680))
    if case .object(var members) = specification {
      members["config"] = FrontierChart.configuration(isDark: false)
      members["padding"] = 16
      specification = .object(members)
    }
    return try specification.readableJSON()
  }

  static func encoded(_ value: JSONValue) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
