import Decisions
import Foundation
import Predictions
import Randomness
import Schemas
import Statistics
import TestSupport
import Testing

@testable import Reports

/// The report on a study: its words, files and page.
@Suite struct StudyReportTests {
  /// Members that are right about the first `right` of a hundred images, and about a few others by chance.
  private static func members(_ network: String, _ cost: Int, _ count: Int, right: Int) throws
    -> [Predictions]
  {
    try (0..<count).map { member in
      var stream = RandomStream(seed: 3, UInt64(cost), UInt64(right), UInt64(member))
      let values = (0..<200).flatMap { image -> [Float] in
        let isRight = image < 2 * right || stream.unitInterval() < 0.2
        let sure = Float(0.7 + 0.2 * stream.unitInterval())
        let pair = [
          Float(naturalLogarithm(Double(sure))), Float(naturalLogarithm(1 - Double(sure))),
        ]
        return isRight ? pair : pair.reversed()
      }
      return try Predictions(
        name: "\(network)-\(member)", network: network, multiplyAccumulates: cost, parameters: cost,
        split: "test", fingerprint: "f", logProbabilities: values,
        labels: [Int64](repeating: 0, count: 200), classes: 2)
    }
  }

  private static func content(
    small: Int = 70, large: Int = 30, largeCount: Int = 3, planned: Int = 18, isTimed: Bool = true
  ) throws -> StudyContent {
    let sizes = try [(100, small, large), (1000, large, small)].map { images, small, large in
      StudySize(
        trainingImages: images, epochs: 7,
        seeds: [
          try members("small", 10, 6, right: small)
            + members("large", 40, largeCount, right: large)
        ])
    }
    let analysis = try StudyAnalysis.analyze(sizes)
    return StudyContent(
      analysis: analysis,
      trainings: analysis.sizes.flatMap { size in
        size.curves.map {
          .init(
            trainingImages: size.trainingImages, network: $0.network, members: $0.members,
            seconds: 90, trainingAccuracy: 0.99)
        }
      }, plannedMembers: planned, milliseconds: isTimed ? ["small": 1, "large": 3.5] : [:],
      latencyConditions: isTimed ? "one image, <one> thread" : nil,
      context: ReportContext(
        title: "border & <more>", dataset: "cifar10", command: "consort report s"))
  }

  @Test func theWordsSayWhereTheBorderIs() throws {
    let text = StudyText(try Self.content())
    #expect(text.lede.hasPrefix("It depends:"))
    #expect(text.lede.contains("of 2 comparisons 1 are better, 1 worse, 0 undecided"))
    let lines = text.borders
    #expect(
      lines.map(\.heading) == ["100 training images, 7 epochs", "1,000 training images, 7 epochs"])
    #expect(lines[0].lines[0].hasPrefix("4 × small: better than one large, +"))
    #expect(lines[0].lines[0].contains("100 % of its MACs"))
    #expect(lines[1].lines[0].hasPrefix("4 × small: worse than one large, −"))
    #expect(text.trends.count == 1 && text.trends[0].contains("smaller than"))
    #expect(text.missing == nil)
    #expect(text.lines().contains("4 × small: worse than one large"))
  }

  @Test func allBetterOrAllWorseIsSaid() throws {
    let better = try Self.content(small: 60, large: 60)
    #expect(!StudyText(better).lede.hasPrefix("It depends"))
    let one = StudyText(try Self.content(largeCount: 1, planned: 20))
    #expect(one.lede.hasPrefix("Not told apart:"))
    #expect(one.borders[0].lines[0].contains("one training of a network"))
    #expect(one.missing == "14 of 20 members are trained; what is said is of those.")
  }

  @Test func thePageAndItsFilesAreWritten() throws {
    let directory = try TemporaryDirectory()
    let content = try Self.content()
    let path = try StudyReport.write(content, to: directory.path + "/report")
    let page = try String(contentsOfFile: path, encoding: .utf8)
    #expect(page.contains("border &amp; &lt;more&gt;") && !page.contains("<more>"))
    for id in ["border", "curves", "returns", "comparisons", "trainings", "data"] {
      #expect(page.contains("<section id=\"\(id)\">"), "\(id)")
    }
    for name in StudyCharts.names {
      #expect(page.contains("id=\"chart-\(name)\""), "\(name)")
      for kind in ["svg", "png", "vl.json"] {
        #expect(FileManager.default.fileExists(atPath: directory.path + "/report/\(name).\(kind)"))
      }
    }
    let analysis = try Data(contentsOf: URL(filePath: directory.path + "/report/study.json"))
    #expect(try StrictJSON.decode(StudyAnalysis.self, from: analysis) == content.analysis)
    let table = try String(
      contentsOfFile: directory.path + "/report/comparisons.csv", encoding: .utf8)
    // Six numbers of members at two sizes.
    #expect(table.split(separator: "\n").count == 13)
    #expect(table.contains("100,small,4,large,1.0,true,"))
    // Of an earlier report nothing is left that the new one lacks.
    try StudyReport.write(Self.content(isTimed: false), to: directory.path + "/report")
    #expect(
      !FileManager.default.fileExists(atPath: directory.path + "/report/figure1-latency.svg"))
  }

  @Test func theMapHasEveryComparison() throws {
    let chart = try #require(
      BorderChart(analysis: try Self.content().analysis).specification(title: nil))
    let text = try chart.compactText()
    #expect(text.matches(of: /"verdict":"better"/).count >= 4)
    #expect(text.matches(of: /"verdict":"worse"/).count >= 4)
    #expect(text.matches(of: /"equal":true/).count == 2)
    #expect(text.contains("\"label\":\"4 · 100 %\""))
  }
}
