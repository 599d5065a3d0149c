import Decisions
import Ensembles
import Foundation
import Predictions
import Testing

@testable import Reports

/// Where what is deployed errs, on the page, in words and in tables.
@Suite struct ErrorPageTests {
  private let names = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "<truck>",
  ]

  private func report(_ change: (inout SyntheticReport) -> Void = { _ in }) throws -> ReportContent
  {
    var report = SyntheticReport()
    report.options.maximumStages = 1
    report.options.maximumCost = 1e9
    report.maximumSubsets = 20
    report.classNames = names
    change(&report)
    return try report.content()
  }

  private func section(_ content: ReportContent) throws -> String {
    let charts = ReportCharts(content: content)
    let picture = ChartRenderer.Drawing(svg: Array("<svg/>".utf8), png: [])
    let drawn = ChartRenderer.Drawings(
      charts: charts.files.mapValues { _ in picture }, script: Array("let vegaEmbed;".utf8))
    let page = ReportPage(content: content, charts: charts, drawn: drawn, directory: "out")
    return try #require(page.errorsSection).body.markup
  }

  @Test func theAnswerComesFirst() throws {
    let content = try report()
    let decision = try #require(content.decision)
    let errors = try #require(decision.errors)
    let text = try #require(ErrorSentences(decision)?.byClass)
    let worst = try #require(errors.test.byClass.worst)
    #expect(
      text.hasPrefix(
        "It is right least often about '\(worst.name)', a class with \(worst.images) of the test images: "
      ))
    #expect(text.contains("with all 10 classes' intervals together"))
    if errors.test.byClass.shownLosses.isEmpty {
      #expect(text.contains("no class is shown to lose"))
    } else {
      #expect(text.contains("shown to lose: '"))
    }
    #expect(DecisionText(decision).sentences.contains(text))
    let page = try section(content)
    #expect(page.hasPrefix("<p>It\u{a0}is") || page.hasPrefix("<p>It is"))
    #expect(page.contains("&lt;truck&gt;") && !page.contains("<truck>"))
    #expect(
      page.components(separatedBy: "&lt;").count == page.components(separatedBy: "&lt;truck").count)
    #expect(page.contains("<details><summary>Confusion matrix of the test images</summary>"))
    #expect(!page.contains("NaN"))
  }

  /// The sentence that a user looks for, from figures that are known.
  @Test func lossesAreNamed() throws {
    var members = SyntheticMembers()
    members.images = 1000
    let content = try report { $0.members = members }
    var decision = try #require(content.decision)
    let sets = try members.sets()
    // A group on which the deployed one alone errs, and one on which all else is.
    let single = try #require(decision.candidate(decision.reference))
    let own = try decision.deployed.combination.combine(
      decision.deployed.members.compactMap { name in sets.test.first { $0.name == name } },
      name: "own"
    ).predictedClasses()
    let other = try #require(sets.test.first { $0.name == single.members[0] }).predictedClasses()
    let labels = sets.test[0].labels
    let groups = labels.indices.map { image in
      own[image] != Int(labels[image]) && other[image] == Int(labels[image]) ? "night" : "day"
    }
    let count = groups.count { $0 == "night" }
    try #require(count > 6)
    try decision.analyzeErrors(
      in: sets, groups: GroupFile.Sets(holdOut: nil, test: ImageGroups(labels: groups)))
    let text = try #require(ErrorSentences(decision)?.byGroup)
    #expect(text.contains("about 'night', a group with \(count) of the test images: 0.00 %"))
    #expect(text.contains("1 group is shown to lose: 'night', −100.00 points"))
  }

  @Test func manyClassesStayReadable() throws {
    let few = try section(report())
    #expect(!few.contains("The worst classes"))
    let some = try section(
      report {
        $0.members.classes = 40
        $0.classNames = nil
      })
    #expect(
      some.contains("The worst classes") && some.contains("<summary>All 40 classes</summary>"))
    #expect(!some.contains("Confusion matrix of"))
    let many = try section(
      report {
        $0.members.classes = 120
        $0.members.networks[0].count = 2
        $0.classNames = nil
      })
    #expect(many.contains("The worst classes") && !many.contains("<summary>All 120 classes"))
    #expect(many.utf8.count < 40_000)
    // Three images a class of 120 show nothing: 2 / 2^13 is the first below 0.05 / 120.
    #expect(
      many.contains("120 of 120\u{a0}classes have fewer than 13")
        || many.contains("120 of 120 classes have fewer than 13"))
  }

  @Test func costsAndGroupsHaveTables() throws {
    let rows = (0..<10).map { label in (0..<10).map { $0 == label ? 0.0 : label == 3 ? 30 : 1 } }
    let costs = try ErrorCosts(names: names, rows: rows)
    let content = try report {
      $0.groups = (0..<400).map { $0 % 7 == 0 ? "a, b" : "c" }
      $0.costs = costs
    }
    let decision = try #require(content.decision)
    let errors = try #require(decision.errors)
    let sentence = try #require(ErrorSentences(decision)?.costs)
    #expect(sentence.hasPrefix("Errors cost ") && sentence.contains("95 % interval"))
    let page = try section(content)
    #expect(page.contains("What errors cost, an image on average"))
    #expect(page.contains("Groups, from the worst"))
    try Fixture.withDirectory { directory in
      try ReportFiles(content: content).write(to: directory)
      func lines(_ name: String) throws -> [String] {
        try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
          .split(separator: "\n").map(String.init)
      }
      #expect(try lines("classes.csv").count == 11)
      #expect(try lines("groups.csv").dropFirst().map { $0.prefix(6) } == ["\"a, b\"", "c,342,"])
      #expect(try lines("error-costs.csv").count == 3 + (errors.costs?.candidates.count ?? 0))
      let confusion = try lines("confusion.csv")
      let counts = confusion.dropFirst().map {
        $0.split(separator: ",").suffix(2).compactMap { Int($0) }
      }
      #expect(counts.map { $0[0] }.reduce(0, +) == 400 && counts.map { $0[1] }.reduce(0, +) == 400)
      for name in ["classes.csv", "confusion.csv", "error-costs.csv"] {
        let text = try lines(name)
        let width = text[0].split(separator: ",").count
        #expect(
          text.allSatisfy {
            $0.split(separator: ",", omittingEmptySubsequences: false).count == width
          })
      }
    }
  }

  @Test func aSingleModelIsComparedWithNothing() throws {
    let content = try report {
      $0.members.networks = [$0.members.networks[2]]
    }
    let decision = try #require(content.decision)
    let text = try #require(ErrorSentences(decision)?.byClass)
    #expect(!text.contains("best single model"))
    #expect(try !section(content).contains("Best single"))
  }
}
