import Files
import Foundation
import Schemas
import TestSupport
import Testing

@testable import Runs

@Suite struct StudyPlanTests {
  private static func plan(
    sizes: String = #"[{"trainingImages": 20, "epochs": 3}, {"trainingImages": 40}]"#,
    members: String = #"[{"network": "wide-resnet-10-1", "count": 2}]"#, more: String = "",
    data: String = #"{"holdOut": 10, "balanced": true}"#
  ) throws -> StudyPlan {
    let text = """
      {"name": "s", "data": \(data), "sizes": \(sizes), "members": \(members),
       "recipe": {"preset": "fast", "epochs": 2}\(more)}
      """
    return try StudyPlan(json: Data(text.utf8), file: "s.json")
  }

  private static func error(_ body: () throws -> StudyPlan) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func itsRunsAreThoseExperiments() throws {
    let runs = try Self.plan().runs
    #expect(runs.map(\.name) == ["20", "40"])
    let expected = try [("20", 3), ("40", 2)].map { size, epochs in
      try Experiment(
        json: Data(
          """
          {"name": "s-\(size)",
           "data": {"trainingImages": \(size), "holdOut": 10, "balanced": true},
           "members": [{"network": "wide-resnet-10-1", "count": 2}],
           "recipe": {"preset": "fast", "epochs": \(epochs)}}
          """.utf8), file: "e.json")
    }
    #expect(runs.map(\.experiment) == expected)
  }

  @Test func theClaimIsThatOfItsExperiments() throws {
    let plan = try StudyPlan(path: checkout.appending(path: "Experiments/claim.json").path)
    let runs = plan.runs
    #expect(runs.map(\.name) == ["1000", "2500", "5000", "10000"])
    let first = try Experiment(
      json: Data(
        """
        {"name": "claim-1000", "data": {"trainingImages": 1000, "holdOut": 5000, "balanced": true},
         "members": [{"network": "wide-resnet-16-1", "count": 8}, {"network": "wide-resnet-16-2", "count": 6},
           {"network": "wide-resnet-16-4", "count": 4}, {"network": "wide-resnet-16-8", "count": 2}],
         "recipe": {"preset": "fast", "epochs": 200}, "seed": 0}
        """.utf8), file: "e.json")
    #expect(runs[0].experiment == first)
    #expect(runs.map(\.experiment.recipe.epochs) == [200, 120, 80, 60])
  }

  @Test func seedsAreRunsOfTheirOwnAfterTheFirst() throws {
    let runs = try Self.plan(more: #", "seeds": [4, 7]"#).runs
    #expect(runs.map(\.name) == ["20", "20-seed-7", "40", "40-seed-7"])
    #expect(runs.map(\.experiment.seed) == [4, 7, 4, 7])
    #expect(try Self.plan(more: #", "seed": 4"#).runs.map(\.experiment.seed) == [4, 4])
  }

  @Test func membersUpToASizeAreLeftOutAbove() throws {
    let runs = try Self.plan(
      members: """
        [{"network": "wide-resnet-10-1", "count": 2},
         {"network": "wide-resnet-10-2", "count": 1, "upTo": 20}]
        """
    ).runs
    #expect(runs.map { $0.experiment.allMembers.count } == [3, 2])
    #expect(
      runs[0].experiment.allMembers.prefix(2).map(\.index)
        == runs[1].experiment.allMembers.map(\.index))
  }

  @Test func whatIsWrittenIsReadAsTheSame() throws {
    for more in ["", #", "seeds": [1, 2]"#, #", "seed": 3"#] {
      let plan = try Self.plan(
        members: #"[{"network": "wide-resnet-10-1", "upTo": 20}, {"network": "resnet-20"}]"#,
        more: more)
      #expect(try StudyPlan(json: Data(plan.readableJSON().utf8), file: "x") == plan)
    }
  }

  @Test(arguments: [
    ("[]", "sizes", "is empty"),
    (#"[{"trainingImages": 9}, {"trainingImages": 9}]"#, "sizes", "9 trainingImages twice"),
    (
      #"[{"trainingImages": 9}, {"trainingImages": 8}]"#, "sizes",
      "8 trainingImages after 9: put the smaller number first"
    ),
    (#"[{"epochs": 9}]"#, "sizes[0].trainingImages", "is missing"),
    (#"[{"trainingImages": 0}]"#, "sizes[0].trainingImages", "0"),
    (#"[{"trainingImages": 9, "images": 1}]"#, "sizes[0].images", "epochs"),
  ])
  func wrongSizesAreErrorsThatNameThem(sizes: String, key: String, reason: String) throws {
    let message = try #require(Self.error { try Self.plan(sizes: sizes) })
    #expect(message.contains("s.json") && message.contains(key), "\(message)")
    #expect(message.contains(reason), "\(message)")
  }

  @Test func otherMistakesAreErrorsThatNameThem() throws {
    let mistakes: [(String?, String)] = [
      (Self.error { try Self.plan(more: #", "seed": 1, "seeds": [2]"#) }, "beside seed"),
      (Self.error { try Self.plan(more: #", "seeds": [2, 2]"#) }, "seeds"),
      (Self.error { try Self.plan(more: #", "sise": 1"#) }, "sise"),
      (
        Self.error { try Self.plan(data: #"{"trainingImages": 10}"#) },
        "trainingImages, which sizes"
      ),
      (Self.error { try Self.plan(members: "[]") }, "members"),
      (
        Self.error {
          try Self.plan(
            members: #"[{"network": "resnet-20", "upTo": 10}, {"network": "resnet-20"}]"#)
        }, "members[0].upTo"
      ),
      (
        Self.error { try Self.plan(members: #"[{"network": "resnet-20", "upTo": 20}]"#) },
        "nothing to train on 40 images"
      ),
    ]
    for (message, expected) in mistakes {
      #expect(message?.contains(expected) == true, "\(message ?? "no error"): \(expected)")
    }
  }

  // MARK: Its directory

  private static func claim(
    _ plans: StudyPlan..., body: (StudyDirectory) throws -> Void = { _ in }
  ) throws {
    let temporary = try TemporaryDirectory()
    let directory = StudyDirectory(path: temporary.path + "/s")
    for plan in plans { try directory.claim(for: plan) }
    #expect(try directory.plan() == plans.last)
    try body(directory)
  }

  @Test func aStudyGrowsBySizesMembersSeedsAndEpochs() throws {
    let first = try Self.plan()
    try Self.claim(first, first)
    try Self.claim(
      first,
      Self.plan(
        sizes: """
          [{"trainingImages": 20, "epochs": 4}, {"trainingImages": 30}, {"trainingImages": 40}]
          """,
        members: #"[{"network": "wide-resnet-10-1", "count": 3}, {"network": "resnet-20"}]"#,
        more: #", "seeds": [0, 1]"#))
  }

  @Test func anotherStudyIsRefusedAndLeavesTheFirst() throws {
    let first = try Self.plan()
    let others: [(StudyPlan, String)] = try [
      (Self.plan(sizes: #"[{"trainingImages": 20, "epochs": 3}]"#), "there is 40"),
      (
        Self.plan(sizes: #"[{"trainingImages": 20, "epochs": 2}, {"trainingImages": 40}]"#),
        "shorter"
      ),
      (Self.plan(members: #"[{"network": "wide-resnet-10-1"}]"#), "wide-resnet-10-1-1"),
      (Self.plan(more: #", "seed": 1"#), "seed"),
      (Self.plan(data: #"{"holdOut": 9, "balanced": true}"#), "holdOut"),
    ]
    try Self.claim(first) { directory in
      for (other, piece) in others {
        do {
          try directory.claim(for: other)
          Issue.record("\(piece) is not refused")
        } catch {
          #expect("\(error)".contains(piece) && "\(error)".contains(directory.path), "\(error)")
        }
        let kept = try directory.plan()
        #expect(kept == first)
      }
    }
  }

  @Test func runsThatWereTrainedByThemselvesMayLieThere() throws {
    let (own, other) = (try TemporaryDirectory(), try TemporaryDirectory())
    try Directory.create(own.path + "/20")
    try StudyDirectory(path: own.path).claim(for: Self.plan())
    #expect(StudyDirectory(path: own.path).exists)
    try Directory.create(other.path + "/photographs")
    #expect(throws: ExperimentError.notARun(directory: other.path)) {
      try StudyDirectory(path: other.path).claim(for: Self.plan())
    }
  }
}
