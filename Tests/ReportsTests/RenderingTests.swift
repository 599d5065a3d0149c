import Ensembles
import Foundation
import Testing

@testable import Reports

@Suite struct RenderingTests {
  private func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"))
  func chartsAreDrawn() throws {
    let hostile = "<b>\"x\" & 'y'</b>"
    try Fixture.withDirectory { directory in
      let path = try FrontierReport.write(
        try Fixture.frontier(renamed: hostile), try Fixture.diversity(),
        ReportContext(title: "a <run>"), to: directory + "/frontier",
        dependencies: Fixture.dependencies)
      #expect(path == directory + "/frontier/report.html")
      #expect(
        try names(in: directory + "/frontier") == [
          "diversity.json", "frontier.csv", "frontier.json", "frontier.png", "frontier.svg",
          "frontier.vl.json", "report.html",
        ])
      let svg = try String(contentsOfFile: directory + "/frontier/frontier.svg", encoding: .utf8)
      for text in [
        "MACs per image (log scale)", "Test accuracy, %", "wide-resnet-16-4", "a &lt;run&gt;",
        "100M",
      ] {
        #expect(svg.contains(text), "\(text)")
      }
      #expect(!svg.contains("<b>"))
      let png = try Data(contentsOf: URL(filePath: directory + "/frontier/frontier.png"))
      #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
      #expect(png[16..<20].reduce(0) { $0 << 8 | Int($1) } > 1000, "wide enough for a page")
      let page = try String(contentsOfFile: path, encoding: .utf8)
      #expect(page.contains("vegaEmbed"))
      #expect(page.components(separatedBy: "</script").count - 1 == 3)
    }
  }

  @Test func dataIsWrittenWithoutTheRenderer() throws {
    try Fixture.withDirectory { directory in
      // The page and charts of earlier figures go, so that none lie beside the new ones.
      try FileManager.default.createDirectory(
        atPath: directory + "/out", withIntermediateDirectories: true)
      for name in ["report.html", "frontier.svg", "frontier.png"] {
        try Data("old".utf8).write(to: URL(filePath: directory + "/out/" + name))
      }
      do {
        try FrontierReport.write(
          try Fixture.frontier(), try Fixture.diversity(), ReportContext(title: "x"),
          to: directory + "/out", dependencies: directory)
        Issue.record("nothing was thrown")
      } catch let error as ReportError {
        #expect(error == .rendererMissing(reason: "'\(directory)/python/vl_convert' is missing"))
        #expect("\(error)".contains("make setup"))
      }
      #expect(
        try names(in: directory + "/out") == [
          "diversity.json", "frontier.csv", "frontier.json", "frontier.vl.json",
        ])
      let text = try String(contentsOfFile: directory + "/out/frontier.json", encoding: .utf8)
      #expect(try Frontier(json: text) == (try Fixture.frontier()))
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
      ) { try renderer.render("{}", in: out) }
      #expect(try names(in: out).isEmpty)
    }
  }

  @Test func aKilledRendererIsToldApart() throws {
    try Fixture.withDirectory { directory in
      let renderer = try renderer("import os; os.kill(os.getpid(), 9)", in: directory)
      #expect(
        throws: ReportError.renderingFailed(
          directory: directory, reason: "'python3' died of signal 9")
      ) { try renderer.render("{}", in: directory) }
    }
  }

  @Test func aMissingPythonIsNamed() throws {
    try Fixture.withDirectory { directory in
      var renderer = try renderer("", in: directory)
      renderer.python = "no-such-python"
      do {
        _ = try renderer.render("{}", in: directory)
        Issue.record("nothing was thrown")
      } catch let error as ReportError {
        #expect("\(error)".contains("'no-such-python' cannot be started (No such file"))
      }
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
