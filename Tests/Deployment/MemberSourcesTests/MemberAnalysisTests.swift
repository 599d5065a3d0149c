import MemberSources
import Predictions
import TestSupport
import Testing

@Suite struct MemberAnalysisTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    for (name, errors) in [("a", Set([0, 3])), ("b", [1, 4]), ("c", [2, 5])] {
      try SyntheticMembers.write(
        name, split: "test", erringAt: errors, to: directory, as: "test/\(name).safetensors")
      try SyntheticMembers.write(
        name, split: "hold-out", erringAt: errors, to: directory, as: "choose/\(name).safetensors")
    }
  }

  private func sources(_ names: String...) throws -> PredictionSources {
    try PredictionSources(names.map { "\(directory.path)/\($0)" })
  }

  @Test func choosesOnTheHoldOut() throws {
    let analysis = try MemberAnalysis(of: sources("test", "choose"))
    let decision = try #require(analysis.decision)
    #expect(decision.candidates.contains { $0.members.count == 3 })
    // Three that err on different images are right on all.
    #expect(decision.candidates.map(\.test.metrics.top1Accuracy).max() == 1)
    #expect(analysis.latencyConditions == nil, "there is no model to time")
    #expect(analysis.frontier.split == "test")
  }

  @Test func curvesAloneNeedNoHoldOut() throws {
    let test = try MemberAnalysis(of: sources("test"))
    #expect(test.decision == nil && test.frontier.split == "test")
    let choosing = try MemberAnalysis(of: sources("test", "choose"), split: .holdOut)
    #expect(choosing.decision == nil && choosing.frontier.split == "hold-out")
  }

  @Test func whatChoosesNeedsTheHoldOut() throws {
    var options = MemberAnalysis.Options()
    options.choosingOption = "--max-cost"
    #expect(throws: SourceError.nothingToChooseOn(option: "--max-cost")) {
      try MemberAnalysis(of: sources("test"), options)
    }
    #expect(throws: SourceError.nothingToChooseOn(option: "--split hold-out")) {
      try MemberAnalysis(of: sources("test"), split: .holdOut)
    }
  }
}
