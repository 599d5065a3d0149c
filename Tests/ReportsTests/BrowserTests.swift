import Ensembles
import Foundation
import Testing

@testable import Reports

@Suite struct BrowserTests {
  /// The real page in a browser: no error, drawn, and each control does what it says, in both themes.
  ///
  /// With the variable CONSORT_KEEP_REPORT the report is left there, to look at.
  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"),
    .enabled(if: Browser.isThere, "there is no chromium on the PATH"))
  func thePageWorks() throws {
    try Fixture.withDirectory { directory in
      let kept = ProcessInfo.processInfo.environment["CONSORT_KEEP_REPORT"]
      let page = try DecisionReport.write(
        try SyntheticReport().content(), to: kept ?? directory + "/report",
        dependencies: Fixture.dependencies)
      let checked = try Browser.run("check-report", [page])
      #expect(checked.status == 0, "\(checked.output)")
      #expect(checked.output.contains("light: works") && checked.output.contains("dark: works"))
    }
  }
}

/// The scripts that open a page in Chromium.
enum Browser {
  static let isThere = Set((ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":"))
    .contains { FileManager.default.isExecutableFile(atPath: $0 + "/chromium") }

  static func run(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let process = Process()
    process.executableURL = root.appendingPathComponent("scripts/\(script)")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
