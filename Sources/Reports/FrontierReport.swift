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
    let specification = try specification(frontier, title: context.title)
    try write(try frontier.json(), to: directory + "/frontier.json")
    try write(frontier.csv(), to: directory + "/frontier.csv")
    try write(try json(diversity), to: directory + "/diversity.json")
    try write(specification, to: directory + "/frontier.vl.json")

    let chart = try ChartRenderer(dependencies: dependencies).render(specification, in: directory)
    let page = FrontierPage(
      frontier: frontier, diversity: diversity, context: context, chart: chart)
    try DurableFile.write(chart.svg, to: directory + "/frontier.svg")
    try DurableFile.write(chart.png, to: directory + "/frontier.png")
    let path = directory + "/report.html"
    try write(try page.html(), to: path)
    return path
  }

  /// The Vega-Lite 5 specification of the chart, as JSON: complete, for any tool that draws such.
  public static func specification(_ frontier: Frontier, title: String) throws -> String {
    var specification = FrontierChart(frontier: frontier)
      .specification(title: title, width: .pixels(680))
    if case .object(var members) = specification {
      members["config"] = FrontierChart.configuration(isDark: false)
      members["padding"] = 16
      specification = .object(members)
    }
    return try encoded(specification, pretty: true) + "\n"
  }

  private static func json(_ diversity: Diversity) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(diversity), as: UTF8.self) + "\n"
  }

  static func encoded(_ value: JSONValue, pretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) throws {
    try DurableFile.write(Array(text.utf8), to: path)
  }
}
