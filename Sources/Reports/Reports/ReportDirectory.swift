import Files

/// Where a report is written.
struct ReportDirectory {
  let path: String
  /// Where the renderer is, as in `ChartRenderer`.
  let dependencies: String?

  private var pagePath: String { path + "/report.html" }

  /// Draws the charts, and only then puts the new files in the place of what an earlier report left: the old page stays
  /// whole until the new one can be written.
  ///
  /// - Parameters:
  ///   - charts: By name.
  ///   - pictures: The names of all charts that a report may have.
  ///   - dataFiles: The names of all other files but the page.
  ///   - writeData: Writes these; also where the charts cannot be drawn.
  func replace(
    charts: [String: JSONValue], pictures: [String], dataFiles: [String],
    writeData: (String) throws -> Void
  ) throws -> ChartRenderer.Charts {
    try Directory.createForResults(path)
    let specifications = try charts.mapValues { try $0.readableJSON() }
    let drawn = Result {
      try ChartRenderer(dependencies: dependencies).render(specifications, in: path)
    }
    try clear(pictures: pictures, dataFiles: dataFiles)
    try writeData(path)
    for (name, text) in specifications.sorted(by: { $0.key < $1.key }) {
      try DurableFile.write(text, to: "\(path)/\(name).vl.json")
    }
    let found = try drawn.get()
    try found.write(to: path)
    return found
  }

  private func clear(pictures: [String], dataFiles: [String]) throws {
    for name in Self.names(pictures, dataFiles) { try Directory.removeFile(path + "/" + name) }
  }

  /// All that may be there.
  static func names(_ pictures: [String], _ dataFiles: [String]) -> [String] {
    let drawn = pictures.flatMap { name in ["vl.json", "svg", "png"].map { "\(name).\($0)" } }
    return ["report.html"] + drawn + dataFiles
  }

  /// Returns the page's path.
  func write(page: String) throws -> String {
    try DurableFile.write(page, to: pagePath)
    return pagePath
  }
}
