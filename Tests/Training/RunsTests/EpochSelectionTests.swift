import Foundation
import Networks
import Runs
import Schemas
import Testing

/// Which ends of epochs become members, and what is refused.
@Suite struct EpochSelectionTests {
  private static func json(_ group: String, _ recipe: String) -> Data {
    Data(
      """
      {"name": "e", "members": [{"network": "resnet-20", "count": 2\(group)}], "recipe": {\(recipe)}}
      """.utf8)
  }

  private static let cycles =
    #""epochs": 12, "learningRate": {"kind": "cyclicCosine", "initial": 0.1, "cycles": 3}"#

  @Test(arguments: [
    ("", #""epochs": 12"#, [], []),
    ("", cycles, [4, 8], []),
    (#", "snapshots": {"last": 2}"#, cycles, [8], []),
    (#", "snapshots": {"last": 1}, "average": {}"#, cycles, [], [4, 8, 12]),
    (#", "snapshots": {"every": 6}"#, cycles, [6], []),
    (#", "snapshots": {"last": 3}"#, #""epochs": 12"#, [10, 11], []),
    (#", "snapshots": {"every": 3, "last": 2}"#, #""epochs": 12"#, [9], []),
    (#", "average": {"every": 4}"#, #""epochs": 12"#, [], [4, 8, 12]),
  ])
  func namesAndEpochs(group: String, recipe: String, snapshots: [Int], averaged: [Int]) throws {
    let experiment = try Experiment(json: Self.json(group, recipe), file: "e.json")
    let first = experiment.trainings[0]
    #expect(first.snapshotEpochs == snapshots && first.averagedEpochs ?? [] == averaged)
    let suffixes =
      [""] + snapshots.indices.map { ".snapshot-\($0 + 1)" }
      + (averaged.isEmpty ? [] : [".average"])
    #expect(
      experiment.allMembers.map(\.name)
        == (0..<2).flatMap { number in suffixes.map { "resnet-20-\(number)\($0)" } })
    // Members of one training share its random numbers, and another training's are others.
    #expect(experiment.allMembers.map(\.index) == suffixes.map { _ in 0 } + suffixes.map { _ in 1 })
    let again = try Experiment(
      json: Data(experiment.readableJSON().utf8), file: "experiment.json")
    #expect(again == experiment)
  }

  @Test(arguments: [
    (
      "", #""epochs": 10, "learningRate": {"kind": "cyclicCosine", "initial": 0.1, "cycles": 3}"#,
      "recipe.learningRate.cycles", "must divide recipe.epochs, which is 10"
    ),
    (
      "", #""epochs": 2, "learningRate": {"kind": "cyclicCosine", "initial": 0.1, "cycles": 4}"#,
      "recipe.learningRate.cycles", "must divide recipe.epochs, which is 2"
    ),
    (
      #", "snapshots": {"every": 5}"#, #""epochs": 12"#, "members[0].snapshots.every",
      "must divide recipe.epochs, which is 12"
    ),
    (
      #", "average": {"every": 24}"#, #""epochs": 12"#, "members[0].average.every",
      "must divide recipe.epochs"
    ),
    (
      #", "snapshots": {"every": 4, "last": 4}"#, #""epochs": 12"#, "members[0].snapshots.last",
      "there are 3"
    ),
  ])
  func whatDoesNotGoWithTheEpochsIsRefused(
    group: String, recipe: String, key: String, reason: String
  ) {
    let error = #expect(throws: SchemaError.self) {
      try Experiment(json: Self.json(group, recipe), file: "e.json")
    }
    guard case .invalid(_, key, let found)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found.contains(reason))
  }

  /// A network of such a name would give a member that another training gives.
  @Test func namesThatMeetAreRefused() throws {
    let network = try Network(named: "resnet-20").replacing(name: "resnet-20-0.snapshot")
    var recipe = Recipe(.fast)
    recipe.epochs = 2
    let experiment = Experiment(
      name: "e", data: DataSelection(),
      members: [
        .init(network: "resnet-20", count: 1, snapshots: EpochSelection()),
        .init(network: network, count: 2),
      ], recipe: recipe)
    let error = #expect(throws: SchemaError.self) {
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "e.json")
    }
    #expect(error.map { "\($0)".contains("'resnet-20-0.snapshot-1'") } ?? false)
  }
}
