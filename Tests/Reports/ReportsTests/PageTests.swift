import Decisions
import Foundation
import Predictions
import Testing

@testable import Reports

@Suite struct PageTests {
  private static let hostile = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>&\""

  private func page(_ content: ReportContent, script: String = "let vegaEmbed;") throws -> String {
    let charts = ReportCharts(content: content)
    let picture = ChartRenderer.Drawing(svg: Array("<svg/>".utf8), png: [])
    let drawn = ChartRenderer.Drawings(
      charts: charts.files.mapValues { _ in picture }, script: Array(script.utf8))
    return try ReportPage(content: content, charts: charts, drawn: drawn, directory: "out").html()
  }

  private func sections(_ page: String) -> [String] {
    page.components(separatedBy: "<section id=\"").dropFirst().map {
      String($0.prefix { $0 != "\"" })
    }
  }

  @Test func thePageTellsItAll() throws {
    let page = try page(SyntheticReport.plain.get())
    #expect(
      sections(page) == [
        "candidates", "frontier", "choosing", "errors", "rules", "calibration", "limits", "cascade",
        "shifted",
        "diversity",
        "members", "forecast", "examples", "curves", "data", "notes",
      ])
    for text in [
      "<summary>What each way to choose is worth</summary>", "<summary>All at once: ",
      "The first answer", "Error by share of answers.", "<h1>cifar10-widths</h1>", "McNemar",
      "training again may change it", "A &amp; B",
      "consort build-ensemble runs/cifar10-widths --decision out/decision.json --candidate ",
      "FLOPs = 2 × MACs", "prefers-color-scheme: dark", "@media print", "width=device-width",
      "data:image/svg+xml;base64,PHN2Zy8+", "data-measure=\"latency\"", "aria-label=\"Cost\"",
      "data-matrix=\"qStatistic\"", "<label for=\"budget\">", "draws of images",
      "<code>consort decide runs/cifar10-widths</code>", "Nothing chosen", "Shapley",
      "class=\"tiny\"", "That is a mean: ", " run through both members, for ",
      "A further wide-resnet-16-1, the 5th, would bring about",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(!page.contains("NaN") && !page.contains(">nan"))
  }

  /// The text between the tags of the details with that summary.
  private func folded(_ summary: String, in page: String) throws -> String {
    let start = try #require(page.range(of: "<details><summary>\(summary)"))
    let end = try #require(page[start.upperBound...].range(of: "</details>"))
    return String(page[start.upperBound..<end.lowerBound])
  }

  @Test func whatFewNeedIsFolded() throws {
    let page = try page(SyntheticReport.plain.get())
    let further = try folded("Further measures: Yule&#39;s Q and Correlation", in: page)
    #expect(further.contains("data-matrix=\"qStatistic\""))
    #expect(page.components(separatedBy: "data-matrix=\"qStatistic\"").count == 2)
    #expect(try folded("Shapley values", in: page).contains("Shapley value, %"))
    #expect(page.components(separatedBy: "Shapley value, %").count == 2)
    #expect(page.contains("<ol class=\"key small\">\n<li>wide-resnet-16-1-0</li>"))
  }

  /// The forecast with all intervals above what is known.
  private static func clear(_ forecast: NetworkForecast) throws -> NetworkForecast {
    let data = try JSONEncoder().encode(forecast.forecast)
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    object["points"] = try #require(object["points"] as? [[String: Any]]).map { point in
      point.merging(["lowerBound": 0.9995, "accuracy": 0.9996, "upperBound": 0.9997]) { $1 }
    }
    return NetworkForecast(
      network: "clear", split: "hold-out",
      forecast: try JSONDecoder().decode(
        Forecast.self, from: JSONSerialization.data(withJSONObject: object)), checks: [])
  }

  @Test func aForecastThatTellsNothingIsFolded() throws {
    var content = try SyntheticReport.plain.get()
    let own = try #require(content.forecasts.first)
    let rough = try folded("Forecasts with wide intervals", in: page(content))
    #expect(own.isRough && rough.contains("A further \(own.network)"))
    let clear = try Self.clear(own)
    #expect(!clear.isRough)
    content.forecasts = [clear, own]
    let both = try page(content)
    #expect(try !folded("Forecasts with wide intervals", in: both).contains("A further clear"))
    #expect(both.contains("<li>A further clear") && both.contains("chart-forecast"))
  }

  /// The page says where nothing distinguishes the images that choose from those that judge, and what was inferred.
  @Test(arguments: [
    ("unknown", "could not be compared", true), ("fingerprints", "share some images", false),
    ("identifiers", "no id is in both", false), ("scores", "the same scores by all", false),
  ])
  func whatIsKnownOfTheImagesIsSaid(separation: String, words: String, isDoubtful: Bool) throws {
    var content = try SyntheticReport.plain.get()
    let data = try JSONEncoder().encode(try #require(content.decision))
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    object["separation"] = separation
    content.decision = try JSONDecoder().decode(
      Decision.self, from: JSONSerialization.data(withJSONObject: object))
    content.context.notes = ["a<b.csv: scores are logits"]
    let page = try page(content)
    #expect(page.contains(words))
    #expect(page.contains("Careful: whether hold-out and test images are different") == isDoubtful)
    #expect(page.contains("<li>a&lt;b.csv: scores are logits</li>"))
  }

  @Test func rowsThatLookAlikeCarryTheirIds() throws {
    let content = try SyntheticReport.plain.get()
    let decision = try #require(content.decision)
    let page = try page(content)
    let shown = decision.candidates.filter { page.contains("data-candidate=\"\($0.id)\"") }
    let names = Dictionary(grouping: shown, by: \.network)
    #expect(names.values.contains { $0.count > 1 } && names.values.contains { $0.count == 1 })
    for group in names.values {
      for candidate in group {
        #expect(
          page.contains("<small class=\"id\">\(candidate.id)</small>") == (group.count > 1))
      }
    }
  }

  @Test func onlySingleModelsAreSaidToBeTimed() throws {
    let page = try page(SyntheticReport.plain.get())
    let decision = try #require(try SyntheticReport.plain.get().decision)
    #expect(page.contains("<td>≈ "))
    for candidate in decision.candidates {
      let row = CandidateRow(candidate: candidate, decision: decision).json
      guard case .object(let members) = row, case .string(let time) = members["time"] else {
        Issue.record("no time")
        continue
      }
      #expect(time.hasPrefix("expected ") == (candidate.kind == .cascade))
      #expect(time.first?.isNumber == (candidate.kind == .single))
    }
  }

  @Test func withoutHoldOutThereIsNoChoice() throws {
    var report = SyntheticReport()
    report.hasDecision = false
    let page = try page(report.content())
    #expect(sections(page) == ["curves", "diversity", "data", "notes"])
    #expect(page.contains("Nothing could be chosen: there are no hold-out predictions."))
    #expect(!page.contains("build-ensemble --"))
  }

  @Test func oneMemberHasAPageToo() throws {
    var report = SyntheticReport()
    report.members.networks = [report.members.networks[2]]
    report.members.hasShifted = false
    report.members.hasLatencies = false
    report.examples = 0
    let page = try page(report.content())
    #expect(
      sections(page) == [
        "candidates", "frontier", "errors", "calibration", "limits", "curves", "data", "notes",
      ])
    #expect(page.contains("One model is enough: deploy wide-resnet-16-4-0"))
    #expect(!page.contains("data-measure=\"latency\""))
  }

  @Test(arguments: [(2, 2), (2, 1), (40, 3)])
  func fewImagesAndClassesHaveAPageToo(images: Int, classes: Int) throws {
    var report = SyntheticReport()
    report.members.images = images
    report.members.classes = classes
    let page = try page(report.content())
    #expect(page.contains("\(images) images of the split &#39;hold-out&#39; chose"))
    #expect(!page.contains("NaN") && !page.contains("nan,"))
  }

  @Test func textFromFilesIsEscaped() throws {
    var report = SyntheticReport()
    report.members.networks[0].name = Self.hostile
    report.context = ReportContext(
      title: Self.hostile, dataset: Self.hostile, command: Self.hostile,
      origins: [MemberOrigin(path: Self.hostile, members: [], holdsModels: true)],
      data: [.init(name: Self.hostile, value: Self.hostile)],
      environment: [.init(name: Self.hostile, value: Self.hostile)])
    var content = try report.content()
    content.examples = [
      ExampleImage(
        png: [1, 2], label: Self.hostile, chosen: (Self.hostile, 0.5),
        reference: (Self.hostile, 0.4))
    ]
    let page = try page(content)
    #expect(!page.contains("<img src=x"))
    #expect(!page.contains("<script>alert"))
    #expect(page.components(separatedBy: "<script").count - 1 == 4, "the page's own elements")
    #expect(page.components(separatedBy: "</script").count - 1 == 4)
    #expect(page.contains("&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;&quot;"))
  }

  @Test func theChartsDataReadsBack() throws {
    var report = SyntheticReport()
    report.members.networks[0].name = Self.hostile
    let page = try page(report.content())
    let start = try #require(page.range(of: "id=\"report\">"))
    let end = try #require(page[start.upperBound...].range(of: "</script>"))
    let json = Data(page[start.upperBound..<end.lowerBound].utf8)
    let data = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    let decision = try #require(data["decision"] as? [String: Any])
    let rows = try #require(decision["rows"] as? [[String: Any]])
    #expect(rows.contains { ($0["network"] as? String)?.contains(Self.hostile) == true })
    #expect(rows.count { $0["deployed"] as? Bool == true } == 1)
    #expect(rows.count { $0["reference"] as? Bool == true } == 1)
    let charts = try #require(data["charts"] as? [String: Any])
    #expect(
      Set(charts.keys)
        == ["tradeoff", "reliability", "risk", "diversity", "forecast", "frontier"])
    #expect(data["dark"] != nil && data["light"] != nil)
  }

  @Test func thePageNeedsNoNetwork() throws {
    let page = try page(SyntheticReport.plain.get())
    #expect(page.contains("default-src 'none'"))
    #expect(!page.contains("src=\"http"))
    #expect(!page.contains("<link"))
  }

  @Test func aTitleHasNoControlCharacters() {
    #expect(ReportContext(title: "a\u{1}b\u{202e}").title == "a?b?")
  }

  private func runContext(_ directory: String, command: String? = nil) -> ReportContext {
    ReportContext(
      directory: directory,
      sources: .init(
        experiment: directory + "/experiment.json", data: directory + "/data.json",
        environment: directory + "/environment.json"), command: command)
  }

  @Test func theRunsFilesGiveTheContext() throws {
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
      let context = runContext(directory + "/", command: "consort demo")
      #expect(context.title == directory.split(separator: "/").last.map(String.init))
      #expect(context.dataset == "cifar10")
      #expect(context.environment.contains(.init(name: "command", value: "consort train")))
      #expect(context.environment.contains(.init(name: "versions.libtorch", value: "2.11.0")))
      #expect(context.experiment.contains(.init(name: "members[0].count", value: "3")))
      #expect(context.data.contains(.init(name: "classNames", value: "cat, dog")))
      try Data("{".utf8).write(to: URL(filePath: directory + "/environment.json"))
      #expect(runContext(directory).environment.isEmpty)
    }
  }
}
