import ArchitectureSearch
import Ensembles
import Files
import Foundation
import Networks
import TestSupport
import Testing

@testable import Reports

@Suite struct SearchReportTests {
  private func text(_ change: (inout SyntheticSearch) -> Void = { _ in }) throws -> SearchText {
    var search = SyntheticSearch()
    change(&search)
    return SearchText(try search.content())
  }

  // MARK: The answer

  @Test func saysThatDifferentOnesAreBetter() throws {
    let text = try text { ($0.joint, $0.sequential) = (90, 88) }
    #expect(text.answer == .better)
    #expect(text.lede.hasPrefix("Yes: in this search different architectures"))
    #expect(text.figures[0].hasPrefix("Found together (joint): "))
    #expect(text.figures.allSatisfy { $0.hasSuffix(": better.") })
    #expect(text.reach?.contains("3 trainings from different seeds; it is one search") == true)
  }

  @Test func saysThatDuplicatesAreBetter() throws {
    let text = try text { ($0.joint, $0.sequential) = (70, 66) }
    #expect(text.answer == .worse)
    #expect(
      text.lede == "No: in this search one architecture, repeated, beats different ones.")
    #expect(text.figures.allSatisfy { $0.contains("difference of −") })
  }

  @Test func saysThatNothingIsToldApart() throws {
    let text = try text()
    #expect(text.answer == .undecided && text.lede.hasPrefix("Not told apart: "))
    #expect(text.figures.allSatisfy { $0.hasSuffix(": not told apart.") })
    let figure = try #require(text.figures.first)
    #expect(
      figure.contains("95 % interval over images 0.00 to 0.00") && figure.contains(", over seeds "))
  }

  @Test func saysWhatIsToldApartAndWhatNot() throws {
    let partly = try text { ($0.joint, $0.sequential) = (90, 80) }
    #expect(
      partly.lede
        == "Partly: in this search different architectures beat one, repeated, where they are found "
        + "together; those found one after another are not told apart from it.")
    let mixed = try text { ($0.joint, $0.sequential) = (90, 66) }
    #expect(mixed.answer == .mixed)
    #expect(mixed.lede.contains("found together beat one, repeated; those found one after another"))
  }

  @Test func givesNoAnswerWithoutGrounds() throws {
    let untrained = try text { $0.trainedSeeds = 0 }
    #expect(
      untrained.lede == "No answer: what was found is not trained in full yet."
        && untrained.reach == nil)
    #expect(untrained.gaps.contains("joint: 0 of 3 seeds are trained."))
    #expect(!untrained.lines().contains("ensemble  "))
    let searching = try text { ($0.evaluations, $0.trainedSeeds) = (0, 0) }
    #expect(searching.lede == "No answer: the search is not complete.")
    #expect(searching.gaps[0].hasPrefix("Not found yet: single, duplicated, joint and sequential"))
    let alone = try text { $0.plansFinalists = false }
    #expect(alone.lede.contains("trains nothing in full"))
    let other = try text { $0.settings = [.single, .joint] }
    #expect(other.lede.contains("does not search for both duplicates and different"))
    let partly = try text { $0.trainedSeeds = 2 }
    #expect(partly.answer != .unknown && partly.gaps.count == 5)
  }

  @Test func saysWhatToDeployAndThatWhatWasMadeByHandWon() throws {
    let found = try #require(try text { $0.joint = 90 }.deploy)
    #expect(found.contains("(found together (joint)), the most accurate of all that was trained"))
    #expect(found.contains("with 89.87 % ± 0.38 of the test images right, for "))
    #expect(!found.contains("by hand"))
    let byHand = try text { $0.byHand = 92 }
    let deploy = try #require(byHand.deploy)
    #expect(deploy.hasPrefix("To deploy: 2 × wide-resnet-16-1, the most accurate"))
    #expect(deploy.contains("for 52.0 M MACs and 1.30 ms an image. It was made by hand, and on"))
    #expect(deploy.contains("(one architecture, repeated), with 79.97 %"))
    #expect(deploy.contains("points, is clear.") && deploy.hasSuffix("expect a little less."))
    #expect(byHand.lines().contains("It was made by hand"))
    #expect(try text { $0.trainedSeeds = 0 }.deploy == nil)
  }

  @Test func theTerminalsLinesFit() throws {
    let lines = try text().lines().split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 100 })
    let row = try #require(lines.first { $0.hasPrefix("joint ") })
    #expect(row.hasSuffix("not told apart"))
  }

  // MARK: Files

  @Test func evaluationsCountWithThoseBeforeThem() throws {
    let content = try SyntheticSearch().content()
    let evaluations = content.ensembleEvaluations
    #expect(evaluations.count == content.evaluations.count)
    let second = evaluations.filter { $0.stage.name == "sequential-2" }
    let first = try #require(content.evaluations.filter { $0.stage == "sequential-1" }.best)
    #expect(second.allSatisfy { $0.ensembleSize == 2 })
    #expect(second.allSatisfy { $0.ensembleCost == $0.record.cost + first.cost })
    let rewards = second.filter(\.isBestSoFar).map(\.record.reward)
    #expect(rewards == rewards.sorted() && !rewards.isEmpty)
    #expect(rewards.last == content.evaluations.filter { $0.stage == "sequential-2" }.best?.reward)
  }

  @Test func theFilesHoldTheFigures() throws {
    let content = try SyntheticSearch().content()
    let files = SearchFiles(content: content)
    let lines = files.evaluations.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(lines.allSatisfy { $0.count == lines[0].count })
    #expect(lines.count == content.evaluations.count + 1)
    let finalists = files.finalists.split(separator: "\n")
    #expect(finalists.count == 6)
    let joint = try #require(content.finalist(.joint))
    let mean = try #require(joint.trained).meanAccuracy
    #expect(finalists[3].contains(",\(mean),") && finalists[3].hasPrefix("joint,joint,"))

    try Fixture.withDirectory { directory in
      try files.write(to: directory)
      let read = try JSONDecoder().decode(
        FinalistsFile.self,
        from: Data(contentsOf: URL(filePath: directory + "/finalists.json")))
      #expect(read.ensembles.count == 5)
      #expect(read.ensembles[2].againstDuplicated == joint.comparison)
      #expect(read.ensembles[1].againstDuplicated == nil)
      #expect(read.ensembles[2].testAccuracies == joint.trained?.accuracies)
    }
  }

  @Test func whatIsMissingIsNotDrawn() throws {
    var search = SyntheticSearch()
    #expect(SearchCharts(content: try search.content()).files.keys.sorted() == SearchCharts.names)
    search.measuresTime = false
    #expect(SearchCharts(content: try search.content()).files["pareto"] == nil)
    search.trainedSeeds = 0
    #expect(
      SearchCharts(content: try search.content()).files.keys.sorted()
        == ["reward", "search-frontier"])
    search.evaluations = 0
    #expect(SearchCharts(content: try search.content()).files.isEmpty)
  }

  // MARK: Pictures of networks

  @Test func aWideResNetIsDrawn() throws {
    let space = WideResNetSpace.cifar
    // One block in each group; the first keeps the stem's 16 channels.
    let network = try space.network(Architecture([0, 3, 0, 3, 1, 3]))
    let sketch = NetworkSketch(network)
    #expect(sketch.bars.count == 9)
    #expect(sketch.bars.map(\.side) == [32, 32, 32, 16, 16, 8, 8, 8, 8])
    #expect(sketch.bars.allSatisfy { $0.kernelSize == 3 && !$0.isDepthwise && !$0.isGated })
    #expect(sketch.skips.map(\.bars) == [1..<3, 3..<5, 5..<7, 7..<9])
    let projected = sketch.skips.map(\.isProjected)
    #expect(Array(projected.dropFirst()) == [true, true, false])
  }

  @Test func aMobileNetworkIsDrawn() throws {
    let stages = [
      MobileNetwork.Stage(
        blocks: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 16, squeezeRatio: 0),
      MobileNetwork.Stage(
        blocks: 2, kernelSize: 5, stride: 2, expansion: 3, channels: 24, squeezeRatio: 0.25),
    ]
    let network = try MobileNetwork(
      name: "m", inputSize: 32, stem: 16, stemStride: 1, stages: stages, head: 64, classes: 10
    ).network
    let sketch = NetworkSketch(network)
    // The stem; two of a block that does not widen; three of each other block; the head.
    #expect(sketch.bars.map(\.kernelSize) == [3, 3, 1, 1, 5, 1, 1, 5, 1, 1])
    #expect(
      sketch.bars.map(\.isDepthwise)
        == [1, 4, 7].reduce(into: sketch.bars.map { _ in false }) { $0[$1] = true })
    #expect(
      sketch.bars.map(\.isGated)
        == [4, 7].reduce(into: sketch.bars.map { _ in false }) { $0[$1] = true })
    #expect(
      sketch.skips == [
        .init(bars: 1..<3, isProjected: false), .init(bars: 6..<9, isProjected: false),
      ])
    let svg = sketch.svg(label: "a <network>", widest: 64).markup
    #expect(svg.contains("5 × 5, each channel by itself, 48 channels, stride 2, squeeze"))
    #expect(svg.contains("a &lt;network&gt;") && svg.contains(">32 × 32<"))
  }

  // MARK: In a browser

  /// A search of its own kind.
  enum Kind: String, CaseIterable {
    case search, mobile, untrained, begun

    var search: SyntheticSearch {
      var search = SyntheticSearch()
      switch self {
      case .search: break
      case .mobile:
        (search.space, search.memberCount, search.evaluations) = (MobileSpace.imageNet, 4, 120)
        (search.joint, search.sequential) = (85, 70)
      case .untrained: search.trainedSeeds = 0
      case .begun: (search.evaluations, search.trainedSeeds) = (0, 0)
      }
      return search
    }
  }

  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"),
    .enabled(if: Browser.isThere, "there is no chromium on the PATH"), arguments: Kind.allCases)
  func thePageWorks(kind: Kind) throws {
    try Browser.checkPage { directory in
      try SearchReport.write(
        try kind.search.content(), to: "\(directory)/\(kind.rawValue)",
        dependencies: Fixture.dependencies)
    }
  }
}
