import Ensembles
import Foundation
import Testing

@testable import Reports

@Suite struct PageTests {
  private static let hostile = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>&\""

  private func page(
    renamed name: String? = nil, context: ReportContext = ReportContext(title: "run")
  ) throws -> String {
    try FrontierPage(
      frontier: try Fixture.frontier(renamed: name),
      diversity: try Fixture.diversity(renamed: name),
      context: context,
      chart: ChartRenderer.Chart(
        svg: Array("<svg/>".utf8), png: [], script: Array("let vegaEmbed;".utf8))
    ).html()
  }

  @Test func thePageTellsItAll() throws {
    let context = ReportContext(
      title: "cifar10-quick", dataset: "cifar10", command: "consort frontier runs/cifar10-quick",
      environment: [.init(name: "processor", value: "A & B")])
    let page = try page(context: context)
    for text in [
      "<h1>cifar10-quick</h1>", "1 of 2 pairs", "Larger, mean, %", "training again may change it",
      "draws of images, for these same trained members",
      "<b>3 × wide-resnet-16-2 beats one wide-resnet-16-4</b>",
      "cannot be told apart", "falls short of", "<td>±\u{20}0.35</td>",
      "<td title=\"26,657,408\">26.7 M</td>",
      "Disagreement, %", "10,000 of the test split, 10 classes", String(repeating: "3f", count: 32),
      "geometric mean", "<code>consort frontier runs/cifar10-quick</code>", "A &amp; B",
      "FLOPs = 2 × MACs", "McNemar", "prefers-color-scheme: dark", "@media print",
      "width=device-width", "data:image/svg+xml;base64,PHN2Zy8+",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(!page.contains("nan"))
  }

  @Test func aTitleHasNoControlCharacters() {
    #expect(ReportContext(title: "a\u{1}b\u{202e}").title == "a?b?")
  }

  @Test func textFromFilesIsEscaped() throws {
    let context = ReportContext(
      title: Self.hostile, dataset: Self.hostile, command: Self.hostile,
      data: [.init(name: Self.hostile, value: Self.hostile)],
      environment: [.init(name: Self.hostile, value: Self.hostile)])
    let page = try page(renamed: Self.hostile, context: context)
    #expect(!page.contains("<img src=x"))
    #expect(!page.contains("<script>alert"))
    #expect(page.components(separatedBy: "<script").count - 1 == 3, "the page's own elements")
    #expect(page.components(separatedBy: "</script").count - 1 == 3)
    #expect(page.contains("&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;&quot;"))
  }

  @Test func theChartsDataReadsBack() throws {
    let page = try page(renamed: Self.hostile)
    let start = try #require(page.range(of: "id=\"charts\">"))
    let end = try #require(page[start.upperBound...].range(of: "</script>"))
    let json = Data(page[start.upperBound..<end.lowerBound].utf8)
    let charts = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    let specification = try #require(charts["specification"] as? [String: Any])
    let data = try #require(specification["data"] as? [String: [[String: Any]]])
    #expect(data["values"]?.first?["network"] as? String == Self.hostile)
    #expect(charts["dark"] != nil && charts["light"] != nil)
  }

  @Test func thePageNeedsNoNetwork() throws {
    let page = try page()
    #expect(page.contains("default-src 'none'"))
    #expect(!page.contains("src=\"http"))
    #expect(!page.contains("<link"))
  }

  @Test func oneMemberHasNoDiversity() throws {
    let frontier = try Fixture.frontier()
    let json = #"{"members": ["a"], "disagreement": [[0]], "doubleFault": [[0.1]]}"#
    let diversity = try JSONDecoder().decode(Diversity.self, from: Data(json.utf8))
    let page = try FrontierPage(
      frontier: frontier, diversity: diversity, context: ReportContext(title: "run"),
      chart: ChartRenderer.Chart(svg: [], png: [], script: [])
    ).html()
    #expect(!page.contains("<h2>Diversity</h2>"))
  }

  @Test func theRunDirectoryTellsTheContext() throws {
    try Fixture.withDirectory { directory in
      let files = [
        "data.json": #"{"name": "cifar10", "classNames": ["cat", "dog"]}"#,
        "environment.json":
          #"{"command": ["consort", "train"], "versions": {"libtorch": "2.11.0"}}"#,
        "experiment.json": #"{"members": [{"network": "a", "count": 3}], "seed": 0, "x": null}"#,
      ]
      for (name, text) in files {
        try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
      }
      let context = ReportContext(runDirectory: directory + "/", command: "consort demo")
      #expect(context.title == directory.split(separator: "/").last.map(String.init))
      #expect(context.dataset == "cifar10")
      #expect(context.environment.contains(.init(name: "command", value: "consort train")))
      #expect(context.environment.contains(.init(name: "versions.libtorch", value: "2.11.0")))
      #expect(context.experiment.contains(.init(name: "members[0].count", value: "3")))
      #expect(context.data.contains(.init(name: "classNames", value: "cat, dog")))
      try Data("{".utf8).write(to: URL(filePath: directory + "/environment.json"))
      #expect(ReportContext(runDirectory: directory).environment.isEmpty)
    }
  }
}
