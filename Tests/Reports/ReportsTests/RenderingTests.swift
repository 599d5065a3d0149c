import Decisions
import Foundation
import Testing

@testable import Reports

@Suite struct RenderingTests {
  private func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  private static let files = [
    "calibration.json", "candidates.csv", "classes.csv", "confusion.csv", "decision.json",
    "diversity.json", "forecast.json",
    "frontier.csv", "frontier.json", "members.csv", "rules.csv", "rules.json",
  ]
  private static let charts = [
    "diversity", "forecast", "frontier", "reliability", "risk", "tradeoff",
  ]

  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"))
  func theReportIsDrawn() throws {
    try Fixture.withDirectory { directory in
      var report = SyntheticReport()
      report.members.networks[0].name = "<b>\"x\" & 'y'</b>"
      report.context = ReportContext(title: "a <run>")
      let path = try DecisionReport.write(
        try report.content(), to: directory + "/report", dependencies: Fixture.dependencies)
      #expect(path == directory + "/report/report.html")
      let drawn = Self.charts.flatMap { name in ["png", "svg", "vl.json"].map { "\(name).\($0)" } }
      #expect(
        try names(in: directory + "/report") == (Self.files + drawn + ["report.html"]).sorted())
      for name in Self.charts {
        let file = directory + "/report/" + name
        let svg = try String(contentsOfFile: file + ".svg", encoding: .utf8)
        #expect(svg.contains("a &lt;run&gt;") && !svg.contains("<b>"), "\(name)")
        let png = try Data(contentsOf: URL(filePath: file + ".png"))
        #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        #expect(png[16..<20].reduce(0) { $0 << 8 | Int($1) } > 600, "\(name) is wide enough")
      }
      let page = try Data(contentsOf: URL(filePath: path))
      #expect(page.count < 3_000_000)
      #expect(String(decoding: page, as: UTF8.self).contains("vegaEmbed"))
    }
  }

  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"))
  func theFrontierIsDrawnAlone() throws {
    try Fixture.withDirectory { directory in
      let path = try FrontierReport.write(
        try Fixture.frontier(), try Fixture.diversity(), ReportContext(title: "a <run>"),
        to: directory + "/frontier", dependencies: Fixture.dependencies)
      #expect(path == directory + "/frontier/frontier.svg")
      #expect(
        try names(in: directory + "/frontier") == [
          "diversity.json", "frontier.csv", "frontier.json", "frontier.png", "frontier.svg",
          "frontier.vl.json",
        ])
      let svg = try String(contentsOfFile: path, encoding: .utf8)
      for text in [
        "MACs per image (log scale)", "Test accuracy, %", "wide-resnet-16-4", "a &lt;run&gt;",
        "100M",
      ] {
        #expect(svg.contains(text), "\(text)")
      }
    }
  }

  @Test func dataIsWrittenWithoutTheRenderer() throws {
    try Fixture.withDirectory { directory in
      // The page and charts of earlier figures go, so that none lie beside the new ones.
      try FileManager.default.createDirectory(
        atPath: directory + "/out", withIntermediateDirectories: true)
      for name in ["report.html", "frontier.svg", "tradeoff.png", "rules.csv"] {
        try Data("old".utf8).write(to: URL(filePath: directory + "/out/" + name))
      }
      #expect(
        throws: ReportError.rendererMissing(reason: "'\(directory)/python/vl_convert' is missing")
      ) {
        try DecisionReport.write(
          try SyntheticReport.plain.get(), to: directory + "/out", dependencies: directory)
      }
      #expect(
        try names(in: directory + "/out")
          == (Self.files + Self.charts.map { $0 + ".vl.json" }).sorted())
      let text = try String(contentsOfFile: directory + "/out/decision.json", encoding: .utf8)
      let decision = try JSONDecoder().decode(Decision.self, from: Data(text.utf8))
      #expect(decision.chosen == (try SyntheticReport.plain.get().decision?.chosen))
      let rules = try String(contentsOfFile: directory + "/out/rules.csv", encoding: .utf8)
      #expect(rules.hasPrefix("method,members,macs,"))
    }
  }

  /// The renderer reads the old page while it draws: a kill at that instant loses nothing.
  @Test func theOldPageStaysWhileTheNewOneIsDrawn() throws {
    try Fixture.withDirectory { directory in
      let page = directory + "/report.html"
      try Data("the old page".utf8).write(to: URL(filePath: page))
      _ = try renderer("raise RuntimeError(open('\(page)').read())", in: directory)
      #expect(
        throws: ReportError.renderingFailed(
          directory: directory, reason: "RuntimeError: the old page")
      ) {
        try DecisionReport.write(
          try SyntheticReport.plain.get(), to: directory, dependencies: directory)
      }
    }
  }

  @Test func nothingStaleStaysWhereNothingIsChosen() throws {
    try Fixture.withDirectory { directory in
      let out = directory + "/out"
      let missing = ReportError.rendererMissing(
        reason: "'\(directory)/python/vl_convert' is missing")
      var content = try SyntheticReport.plain.get()
      #expect(throws: missing) {
        try DecisionReport.write(content, to: out, dependencies: directory)
      }
      content.decision = nil
      content.contributions = nil
      content.forecasts = []
      #expect(throws: missing) {
        try DecisionReport.write(content, to: out, dependencies: directory)
      }
      #expect(
        try names(in: out) == [
          "diversity.json", "diversity.vl.json", "frontier.csv", "frontier.json",
          "frontier.vl.json",
        ])
    }
  }

  /// A renderer whose package is the given Python.
  private func renderer(_ program: String, in directory: String) throws -> ChartRenderer {
    let package = directory + "/python/vl_convert"
    try FileManager.default.createDirectory(atPath: package, withIntermediateDirectories: true)
    try Data(program.utf8).write(to: URL(filePath: package + "/__init__.py"))
    return try ChartRenderer(dependencies: directory)
  }

  @Test func aFailureGivesItsLastWordsAndLeavesNothing() throws {
    try Fixture.withDirectory { directory in
      let renderer = try renderer("raise RuntimeError('no ink')", in: directory)
      let out = directory + "/out"
      try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
      #expect(
        throws: ReportError.renderingFailed(directory: out, reason: "RuntimeError: no ink")
      ) { try renderer.render(["a": "{}"], in: out) }
      #expect(try names(in: out).isEmpty)
    }
  }

  @Test func aKilledRendererIsToldApart() throws {
    try Fixture.withDirectory { directory in
      let renderer = try renderer("import os; os.kill(os.getpid(), 9)", in: directory)
      #expect(
        throws: ReportError.rendererKilled(directory: directory, signal: 9)
      ) { try renderer.render(["a": "{}"], in: directory) }
    }
  }

  @Test func aMissingPythonIsNamed() throws {
    try Fixture.withDirectory { directory in
      var renderer = try renderer("", in: directory)
      renderer.python = "no-such-python"
      let error = #expect(throws: ReportError.self) {
        try renderer.render(["a": "{}"], in: directory)
      }
      guard case .rendererMissing(let reason)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(reason.hasPrefix("'no-such-python' cannot be started (No such file"))
    }
  }

  @Test func anUnwritableDirectoryIsNamed() throws {
    try Fixture.withDirectory { directory in
      try Data().write(to: URL(filePath: directory + "/file"))
      #expect(throws: (any Error).self) {
        try FrontierReport.write(
          try Fixture.frontier(), try Fixture.diversity(), ReportContext(title: "x"),
          to: directory + "/file")
      }
      #expect(try names(in: directory) == ["file"])
    }
  }
}
