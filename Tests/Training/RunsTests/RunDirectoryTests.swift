import Datasets
import Files
import Foundation
import Runs
import Testing

@Suite struct RunDirectoryTests {
  private let root = FileManager.default.temporaryDirectory.path + "/run-\(UUID().uuidString)"

  private var experiment: Experiment {
    Experiment(
      name: "e", data: DataSelection(procedural: ProceduralImages(), holdOut: 5),
      members: [.init(network: "wide-resnet-10-1", count: 1)], recipe: Recipe(.fast))
  }

  private func record(_ fingerprint: String) -> DataRecord {
    DataRecord(
      name: "d", availableImages: 1, trainingImages: 1, holdOutImages: 0, testImages: 1,
      classNames: ["a"], trainingFingerprint: fingerprint, testFingerprint: "t", mean: [0],
      standardDeviation: [1], resizing: Preprocessing.Resizing.none,
      interpolation: .bilinear)
  }

  @Test func isClaimedOnceAndAgainByTheSameExperiment() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let run = RunDirectory(path: "\(root)/deeper/run")
    try run.claim(for: experiment, data: record("x"))
    try run.claim(for: experiment, data: record("x"))
    #expect(try run.experiment() == experiment)
  }

  /// What is there keeps its place, by which the random numbers are selected.
  @Test func furtherMembersStandAtTheEnd() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let run = RunDirectory(path: root)
    var first = experiment
    first.members = [.init(network: "resnet-20", count: 2), .init(network: "resnet-32", count: 1)]
    try run.claim(for: first, data: record("x"))
    var second = first
    second.members = [
      .init(network: "wide-resnet-10-1", count: 1), .init(network: "resnet-20", count: 4),
      .init(network: "resnet-32", count: 1, weights: nil),
    ]
    for _ in 0..<2 {
      let grown = try run.claim(for: second, data: record("x"))
      #expect(try run.experiment() == grown)
      #expect(
        grown.allMembers.map(\.name) == [
          "resnet-20-0", "resnet-20-1", "resnet-32-0", "wide-resnet-10-1-0", "resnet-20-2",
          "resnet-20-3",
        ])
      #expect(grown.allMembers.map(\.index) == [0, 1, 2, 3, 4, 5])
      #expect(grown.members.map(\.count) == [2, 1, 1, 2])
    }
    // None is taken away, or changed.
    let before = try Data(contentsOf: URL(fileURLWithPath: run.experimentPath))
    for (members, word) in [
      (first.members, "there is wide-resnet-10-1-0, and here not"),
      (
        second.members.map { .init(network: $0.network, count: $0.count, weights: "w") },
        "resnet-20-0 starts from other weights there"
      ),
    ] {
      second.members = members
      #expect(throws: ExperimentError.otherExperiment(directory: root, difference: word)) {
        try run.claim(for: second, data: record("x"))
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: run.experimentPath)) == before)
  }

  @Test func aRunAtWorkGetsNoFurtherMembers() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let run = RunDirectory(path: root)
    try run.claim(for: experiment, data: record("x"))
    try Directory.create(run.membersPath)
    let lock = try #require(try DirectoryLock(ifFree: run.membersPath))
    var grown = experiment
    grown.members[0].count += 1
    #expect(throws: ExperimentError.busy(directory: root)) {
      try run.claim(for: grown, data: record("x"))
    }
    #expect(try run.claim(for: experiment, data: record("x")) == experiment)
    withExtendedLifetime(lock) {}
  }

  @Test func isRefusedToOthersAndLeftAsItWas() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let run = RunDirectory(path: root)
    try run.claim(for: experiment, data: record("x"))
    let before = try Data(contentsOf: URL(fileURLWithPath: run.experimentPath))
    var other = experiment
    other.recipe.epochs += 1
    do {
      try run.claim(for: other, data: record("x"))
      Issue.record("another experiment was let in")
    } catch let error as ExperimentError {
      #expect(error.description.contains("\"epochs\" : \(experiment.recipe.epochs)"))
      #expect(error.description.contains("--out"))
    }
    #expect(throws: ExperimentError.otherData(directory: root)) {
      try run.claim(for: experiment, data: record("y"))
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: run.experimentPath)) == before)
  }

  @Test func aDirectoryWithOtherThingsIsRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    try Directory.create(root)
    try DurableFile.write([1], to: "\(root)/notes")
    let run = RunDirectory(path: root)
    #expect(throws: ExperimentError.notARun(directory: root)) {
      try run.claim(for: experiment, data: record("x"))
    }
    #expect(throws: ExperimentError.notARun(directory: root)) { try run.experiment() }
    #expect(try Directory.names(in: root) == ["notes"])
  }
}
