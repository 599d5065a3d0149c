import Datasets
import Experiments
import Files
import Foundation
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
