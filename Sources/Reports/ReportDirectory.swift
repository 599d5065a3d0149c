import Files

/// Where a report is written.
struct ReportDirectory {
  let path: String
  /// Where the renderer is, as in `ChartRenderer`.
  let dependencies: String?

  private var pagePath: String { path + "/report.html" }

  /// Creates the directory, and removes what an earlier report left of these files.
  ///
  /// - Parameters:
  ///   - pictures: The names of charts.
  func clear(pictures: [String], dataFiles: [String]) throws {
    try Directory.create(path)
    let drawn = pictures.flatMap { name in ["vl.json", "svg", "png"].map { "\(name).\($0)" } }
    for name in ["report.html"] + drawn + dataFiles {
      try Directory.removeFile(path + "/" + name)
    }
  }

  /// Writes each chart as NAME.vl.json, draws it, and writes NAME.svg and NAME.png.
  func draw(_ charts: [String: JSONValue]) throws -> ChartRenderer.Charts {
    let specifications = try charts.mapValues { try $0.readableJSON() }
    for (name, text) in specifications.sorted(by: { $0.key < $1.key }) {
      try DurableFile.write(text, to: "\(path)/\(name).vl.json")
    }
    let drawn = try ChartRenderer(dependencies: dependencies).render(specifications, in: path)
    try drawn.write(to: path)
    return drawn
  }

  /// Returns the page's path.
  func write(page: String) throws -> String {
    try DurableFile.write(page, to: pagePath)
    return pagePath
  }
}
