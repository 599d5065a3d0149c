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
public struct ChartRenderer: Hashable, Sendable {
  /// The directory that holds the Python package `vl_convert`.
  public let packages: String
  /// The Python to run, found on the PATH.
  public var python = "python3"

  /// A drawn chart.
  struct Chart: Sendable {
    let svg, png: [UInt8]
    /// The scripts that draw a specification in a browser, which define `vegaEmbed`.
    let script: [UInt8]
  }

  /// Takes the packages of the dependencies' directory, `.deps` in a checkout.
  ///
  /// - Parameter dependencies: The directory; nil takes the variable CONSORT_DEPS, else the nearest `.deps` above
  ///   the running program.
  /// - Throws: `ReportError.rendererMissing`.
  public init(dependencies: String? = nil) throws(ReportError) {
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
    }
    throw .rendererMissing(reason: "there is no '.deps/python/vl_convert' above '\(program)'")
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func packages(in dependencies: String) -> String? {
    let packages = dependencies + "/python"
    return Directory.isDirectory(packages + "/vl_convert") ? packages : nil
  }

  /// Reads chart.json in the directory of its first argument and writes chart.svg, chart.png and chart.js there.
  private static let program = """
    import sys
    directory, packages, version = sys.argv[1:4]
    sys.path.insert(0, packages)
    import vl_convert
    with open(directory + "/chart.json", encoding="utf-8") as file:
        specification = file.read()
    svg = vl_convert.vegalite_to_svg(specification, vl_version=version)
    png = vl_convert.svg_to_png(svg, scale=2)
    script = vl_convert.javascript_bundle(vl_version=version)
    for name, data in [("svg", svg.encode()), ("png", png), ("js", script.encode())]:
        with open(directory + "/chart." + name, "wb") as file:
            file.write(data)
    """

  /// Draws the chart of a specification, in a directory beside the results that is removed afterwards.
  func render(_ specification: String, in directory: String) throws -> Chart {
    let workplace = try Self.temporaryDirectory(in: directory)
    defer { Self.remove(workplace) }
    try DurableFile.write(Array(specification.utf8), to: workplace + "/chart.json")
    try draw(workplace, for: directory)
    return Chart(
      svg: try Self.contents(workplace + "/chart.svg"),
      png: try Self.contents(workplace + "/chart.png"),
      script: try Self.contents(workplace + "/chart.js"))
  }

  private func draw(_ workplace: String, for directory: String) throws(ReportError) {
    let outcome: Subprocess.Outcome
    do {
      // -I: neither the user's packages nor the current directory are searched for modules.
      outcome = try Subprocess.run(
        [
          python, "-I", "-B", "-c", Self.program, workplace, packages,
          FrontierChart.vegaLiteVersion,
        ], catchesErrorText: true)
    } catch {
      throw .rendererMissing(reason: "'\(python)' cannot be started (\(error.reason))")
    }
    guard outcome.status == 0 else {
      let last = outcome.errorText.split(separator: "\n").last.map { String($0.prefix(300)) }
      throw .renderingFailed(
        directory: directory, reason: last ?? "'\(python)' \(Self.end(outcome.status))")
    }
  }

  private static func end(_ status: Int32) -> String {
    status > 128 ? "died of signal \(status - 128)" : "ended with status \(status)"
  }

  private static func contents(_ path: String) throws(FileError) -> [UInt8] {
    try MappedFile(path: path).withBytes { Array($0) }
  }

  private static func temporaryDirectory(in directory: String) throws(FileError) -> String {
    var template = Array((directory + "/.drawing-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .cannotCreateDirectory(
        path: directory + "/.drawing", reason: String(cString: strerror(errno)))
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func remove(_ workplace: String) {
    for name in ["json", "svg", "png", "js"] { unlink("\(workplace)/chart.\(name)") }
    rmdir(workplace)
  }
}
