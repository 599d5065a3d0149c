import Files
import Processes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Draws Vega-Lite charts with vl-convert, in a Python process of its own.
package struct ChartRenderer: Hashable, Sendable {
  /// The directory that holds the Python package `vl_convert`.
  package let packages: String
  /// The Python to run: what the variable CONSORT_PYTHON names, else the one on the PATH.
  package var python = ChartRenderer.variable("CONSORT_PYTHON") ?? "python3"

  /// The version of Vega-Lite that draws.
  static let vegaLiteVersion = "5.21"

  /// Drawn charts.
  struct Drawings: Sendable {
    /// By name.
    var charts: [String: Drawing] = [:]
    /// The scripts that draw a specification in a browser, which define `vegaEmbed`.
    var script: [UInt8] = []

    /// Writes NAME.svg and NAME.png for each.
    ///
    /// - Throws: `FileError`.
    func write(to directory: String) throws {
      for (name, drawing) in charts.sorted(by: { $0.key < $1.key }) {
        try DurableFile.write(drawing.svg, to: "\(directory)/\(name).svg")
        try DurableFile.write(drawing.png, to: "\(directory)/\(name).png")
      }
    }
  }

  /// A drawn chart.
  struct Drawing: Sendable {
    let svg, png: [UInt8]
  }

  /// Takes the packages of the dependencies' directory, `.deps` in a checkout, or those beside an installed package.
  ///
  /// - Parameter dependencies: The directory; nil takes the variable CONSORT_DEPS, else the nearest directory above the
  ///   running program that is, or whose `.deps` is, one with the packages.
  /// - Throws: `ReportError.rendererMissing`.
  package init(dependencies: String? = nil) throws(ReportError) {
    if let named = dependencies ?? Self.variable("CONSORT_DEPS") {
      guard let packages = Self.packages(in: named) else {
        throw .rendererMissing(reason: "'\(named)/python/vl_convert' is missing")
      }
      self.packages = packages
      return
    }
    let program = Executable.path() ?? "."
    var directory = program[...]
    while let slash = directory.lastIndex(of: "/") {
      directory = directory[..<slash]
      if let packages = Self.packages(in: directory + "/.deps") {
        self.packages = packages
        return
      }
      if Directory.isDirectory(directory + "/vl_convert") {
        packages = String(directory)
        return
      }
    }
    throw .rendererMissing(reason: "there is no '.deps/python/vl_convert' above '\(program)'")
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { SystemPath.text($0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func packages(in dependencies: String) -> String? {
    let packages = dependencies + "/python"
    return Directory.isDirectory(packages + "/vl_convert") ? packages : nil
  }

  /// Reads each NAME.json in the directory of its first argument, and writes NAME.svg, NAME.png and script.js there.
  private static let program = """
    import glob, os, sys
    directory, packages, version = sys.argv[1:4]
    sys.path.insert(0, packages)
    # The scripts take as long as the charts, and a process of their own.
    child = os.fork()
    def write(path, data):
        with open(path, "wb") as file:
            file.write(data)
    def draw():
        import vl_convert
        for path in sorted(glob.glob(glob.escape(directory) + "/*.json")):
            with open(path, encoding="utf-8") as file:
                specification = file.read()
            svg = vl_convert.vegalite_to_svg(specification, vl_version=version)
            write(path[:-5] + ".svg", svg.encode())
            write(path[:-5] + ".png", vl_convert.svg_to_png(svg, scale=2))
    def bundle():
        import vl_convert
        write(directory + "/script.js", vl_convert.javascript_bundle(vl_version=version).encode())
    if child == 0:
        bundle()
    else:
        try:
            draw()
        finally:
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.exit(status if status >= 0 else 128 - status)
    """

  /// Draws the charts of specifications, by name, in a directory beside the results that is removed afterwards.
  ///
  /// One process draws them all, because starting it takes longer than drawing, and another bundles the scripts.
  ///
  /// - Throws: `ReportError` where they cannot be drawn, `FileError` where files cannot be written or read.
  func render(_ specifications: [String: String], in directory: String) throws -> Drawings {
    try UnfinishedFile.withDirectory("drawing", in: directory) { workplace in
      for (name, specification) in specifications {
        try DurableFile.write(
          Array(specification.utf8), to: "\(workplace)/\(name).json", isSynced: false)
      }
      try draw(workplace, for: directory)
      var drawings = Drawings(script: try Self.contents(workplace + "/script.js"))
      for name in specifications.keys {
        drawings.charts[name] = Drawing(
          svg: try Self.contents("\(workplace)/\(name).svg"),
          png: try Self.contents("\(workplace)/\(name).png"))
      }
      return drawings
    }
  }

  private func draw(_ workplace: String, for directory: String) throws(ReportError) {
    let outcome: Subprocess.Outcome
    do {
      // -I: neither the user's packages nor the current directory are searched for modules.
      outcome = try Subprocess.run(
        [
          python, "-I", "-B", "-c", Self.program, workplace, packages,
          Self.vegaLiteVersion,
        ], catchesErrorText: true)
    } catch {
      throw .rendererMissing(reason: "'\(python)' cannot be started (\(error.reason))")
    }
    guard outcome.status == 0 else {
      let last = outcome.errorText.split(separator: "\n").last.map { String($0.prefix(300)) }
      if let full = Self.fullDisk(last) { throw .noSpace(directory: directory, reason: full) }
      guard outcome.status <= 128 else {
        throw .rendererKilled(directory: directory, signal: outcome.status - 128)
      }
      throw .renderingFailed(
        directory: directory, reason: last ?? "'\(python)' ended with status \(outcome.status)")
    }
  }

  /// The system's reason, where Python's last words say that the disk or the user's share of it is full.
  private static func fullDisk(_ words: String?) -> String? {
    [ENOSPC, EDQUOT].first { words?.hasPrefix("OSError: [Errno \($0)]") ?? false }
      .map { systemErrorReason($0) }
  }

  private static func contents(_ path: String) throws(FileError) -> [UInt8] {
    try MappedFile(path: path).withBytes { Array($0) }
  }
}
