import Foundation
import Testing

/// The scripts that open a page in Chromium.
public enum Browser {
  /// Whether there is a `chromium` on the PATH.
  public static let isThere = Set(
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  )
  .contains { FileManager.default.isExecutableFile(atPath: $0 + "/chromium") }

  /// Runs a program of `scripts` to its end.
  public static func run(_ script: String, _ arguments: [String]) throws -> Consort {
    try Consort(arguments, program: checkout.appendingPathComponent("scripts/\(script)").path)
  }

  /// Expects a report's page to be no more than 3 MB, and to work in both themes and fit at three widths.
  ///
  /// With the variable CONSORT_KEEP_REPORT the reports are left there, to look at.
  ///
  /// - Parameter write: Writes the report below the directory that it is given, and returns the page's path.
  public static func checkPage(
    sourceLocation: SourceLocation = #_sourceLocation, _ write: (String) throws -> String
  ) throws {
    let temporary = try TemporaryDirectory()
    let kept = ProcessInfo.processInfo.environment["CONSORT_KEEP_REPORT"]
    let page = try write(kept ?? temporary.path)
    let size = try Data(contentsOf: URL(filePath: page)).count
    #expect(size < 3_000_000, sourceLocation: sourceLocation)
    let checked = try run("check-report", [page])
    #expect(
      checked.status == 0, "\(checked.output)\(checked.errors)", sourceLocation: sourceLocation)
    for works in ["light: works", "dark: works", "phone: fits", "tablet: fits", "wide: fits"] {
      #expect(checked.output.contains(works), sourceLocation: sourceLocation)
    }
  }
}
