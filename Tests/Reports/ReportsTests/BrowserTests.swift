import Ensembles
import TestSupport
import Testing

@testable import Reports

@Suite struct BrowserTests {
  /// A report of its own kind.
  enum Kind: String, CaseIterable {
    case ordinary, crowded, undecided, alone

    var report: SyntheticReport {
      var report = SyntheticReport()
      switch self {
      case .ordinary: break
      case .undecided: report.hasDecision = false
      case .alone:
        report.members.networks = [report.members.networks[0]]
        report.members.networks[0].count = 1
      case .crowded:
        report.members.images = 100
        for (place, count) in [14, 10, 6].enumerated() {
          report.members.networks[place].count = count
        }
        report.members.networks[1].name = String(repeating: "a-long-name-", count: 12)
        report.options.maximumMembers = 2
        report.options.maximumStages = 1
        report.maximumSubsets = 20
      }
      return report
    }
  }

  /// The real page in a browser: no error, drawn, and each control does what it says, in both themes.
  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"),
    .enabled(if: Browser.isThere, "there is no chromium on the PATH"), arguments: Kind.allCases)
  func thePageWorks(kind: Kind) throws {
    try Browser.checkPage { directory in
      try DecisionReport.write(
        try kind.report.content(), to: "\(directory)/\(kind.rawValue)",
        dependencies: Fixture.dependencies)
    }
  }
}
