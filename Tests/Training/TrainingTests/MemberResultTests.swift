import Datasets
import Ensembles
import Files
import Foundation
import Runs
import Synchronization
import TestSupport
import Testing
import Training
import Weights

/// What is done about files of a complete run that are missing, damaged or another's.
@Suite struct MemberResultTests {
  private static let names = ["wide-resnet-10-1-0", "wide-resnet-10-1-1"]

  private static func experiment(seed: Int = 5) -> Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (1, 32)
    return Experiment(
      name: "tiny",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 104, testCount: 60, seed: 3),
        holdOut: 40),
      members: [.init(network: "wide-resnet-10-1", count: 2)], recipe: recipe, seed: seed)
  }

  /// Trains into a directory; returns what was told of damages.
  @discardableResult
  private static func train(_ experiment: Experiment, in path: String) throws -> [String] {
    let told = Mutex<[String]>([])
    let images = try #require(experiment.data.procedural).dataset()
    let run = try TrainingRun(
      of: experiment, on: .resident(images), in: RunDirectory(path: path), threads: 1)
    let outcome = try run.run(observe: { event in
      switch event {
      case .memberDamaged(let member, let reason):
        told.withLock { $0.append("\(member.name): \(reason)") }
      case .memberStarted(let member, _):
        told.withLock { $0.append("\(member.name): trained") }
      default: break
      }
    })
    #expect(outcome == .complete)
    return told.withLock { $0 }
  }

  enum Damage: CaseIterable, Sendable {
    case deleted, empty, truncated, flippedBit

    func inflict(on path: String) throws {
      var bytes = try Data(contentsOf: URL(filePath: path))
      switch self {
      case .deleted: return try Directory.removeFile(path)
      case .empty: bytes = Data()
      case .truncated: bytes = bytes.prefix(bytes.count / 2)
      case .flippedBit: bytes[bytes.count * 3 / 4] ^= 4
      }
      try bytes.write(to: URL(filePath: path))
    }
  }

  static let damagedFiles = [
    "weights.safetensors", "network.json", "member.json", "predictions-hold-out.safetensors",
    "predictions-test.safetensors",
  ]

  @Test(arguments: damagedFiles, Damage.allCases)
  func aDamagedFileIsMadeAnew(file: String, damage: Damage) throws {
    let directory = try TemporaryDirectory()
    let run = directory.path + "/run"
    try Self.train(Self.experiment(), in: run)
    let whole = try FileTree(run)
    let path = "\(run)/members/\(Self.names[1])/\(file)"
    try damage.inflict(on: path)
    let told = try Self.train(Self.experiment(), in: run)
    let isTold = told.first.map { $0.hasPrefix(Self.names[1]) && $0.contains("'\(path)'") } ?? false
    // Nothing shows that there was more than a training that was stopped before it.
    #expect(isTold || (file.contains("predictions-test") && damage == .deleted), "\(told)")
    #expect(told.contains("\(Self.names[1]): trained") == file.hasPrefix("weights"))
    #expect(!told.contains { $0.hasPrefix(Self.names[0]) })
    try expectSame(FileTree(run), as: whole)
  }

  static let swappedFiles = [
    "weights.safetensors", "predictions-hold-out.safetensors", "predictions-test.safetensors",
  ]

  @Test(arguments: swappedFiles, [false, true])
  func aFileOfAnotherTrainingIsNotTaken(file: String, ofAnotherMember: Bool) throws {
    let directory = try TemporaryDirectory()
    let (run, other) = (directory.path + "/run", directory.path + "/other")
    try Self.train(Self.experiment(), in: run)
    let whole = try FileTree(run)
    if !ofAnotherMember { try Self.train(Self.experiment(seed: 6), in: other) }
    let source =
      ofAnotherMember ? "\(run)/members/\(Self.names[0])" : "\(other)/members/\(Self.names[1])"
    let path = "\(run)/members/\(Self.names[1])/\(file)"
    try Data(contentsOf: URL(filePath: "\(source)/\(file)")).write(to: URL(filePath: path))
    if file.hasPrefix("weights") {
      // They may be another training's only result.
      #expect(throws: ExperimentError.foreignMember(file: path)) {
        try Self.train(Self.experiment(), in: run)
      }
      // The advice.
      try Directory.removeFile(path)
      try Self.train(Self.experiment(), in: run)
    } else {
      let told = try Self.train(Self.experiment(), in: run)
      #expect(
        told.first?.contains("'\(path)' cannot be used: it belongs to another member") == true)
    }
    try expectSame(FileTree(run), as: whole)
  }

  @Test func aCheckpointOfAnotherTrainingIsNotTaken() throws {
    let directory = try TemporaryDirectory()
    let run = directory.path + "/run"
    let files = Self.names.map { RunDirectory(path: run).member($0) }
    let images = try #require(Self.experiment().data.procedural).dataset()
    let stopped = try TrainingRun(
      of: Self.experiment(), on: .resident(images), in: RunDirectory(path: run), threads: 1)
    #expect(try stopped.run(jobs: 1, shouldStop: { true }) == .interrupted)
    let checkpoint = try #require(try files[0].checkpointPaths().first)
    try Directory.create(files[1].path)
    let copied = files[1].checkpointPath(step: 1)
    try Data(contentsOf: URL(filePath: checkpoint)).write(to: URL(filePath: copied))
    let error = #expect(throws: TrainingError.self) { try Self.train(Self.experiment(), in: run) }
    #expect(
      error
        == .unusableCheckpoint(
          path: copied, reason: "it belongs to another member or another experiment"))
    // The advice.
    try Directory.removeFile(copied)
    try Self.train(Self.experiment(), in: run)
    let other = directory.path + "/other"
    try Self.train(Self.experiment(), in: other)
    try expectSame(FileTree(run), as: FileTree(other))
  }

  /// A worker that had the member before may write them late.
  @Test(arguments: [true, false]) func theMetricsAreThoseOfTheCheckpoint(isDeleted: Bool) throws {
    let directory = try TemporaryDirectory()
    let run = RunDirectory(path: directory.path + "/run")
    var experiment = Self.experiment()
    experiment.recipe.epochs = 3
    let images = try #require(experiment.data.procedural).dataset()
    func train(stopping: Bool) throws -> TrainingRun.Outcome {
      let epochs = Atomic(0)
      return try TrainingRun(of: experiment, on: .resident(images), in: run, threads: 1).run(
        only: [Self.names[0]], shouldStop: { stopping && epochs.load(ordering: .relaxed) > 0 },
        observe: { event in
          if case .epochFinished = event { epochs.add(1, ordering: .relaxed) }
        })
    }
    #expect(try train(stopping: true) == .interrupted)
    let files = run.member(Self.names[0])
    let text = try String(contentsOfFile: files.epochsPath(), encoding: .utf8)
    let other = text.replacing(
      /"holdOutAccuracy":[0-9.]+/, with: "\"holdOutAccuracy\":0.99")
    #expect(other != text)
    try isDeleted
      ? Directory.removeFile(files.epochsPath())
      : DurableFile.write(other, to: files.epochsPath())
    #expect(try train(stopping: false) == .complete)
    let metrics = try String(contentsOfFile: files.metricsPath, encoding: .utf8)
    #expect(metrics.hasPrefix(text) && metrics.split(separator: "\n").count == 3)
    #expect(!Directory.exists(files.epochsPath()))
  }

  /// Weights of an earlier version say nothing of their training, and have no checksum.
  @Test func filesOfEarlierVersionsAreTaken() throws {
    let directory = try TemporaryDirectory()
    let run = directory.path + "/run"
    try Self.train(Self.experiment(), in: run)
    for file in Self.swappedFiles {
      let path = "\(run)/members/\(Self.names[1])/\(file)"
      let new = try SafeTensors(path: path)
      let tensors = try new.names.map { name in
        let (entry, bytes) = (try new.entry(name), try new.bytes(of: name))
        return TensorContent(name: name, dataType: entry.dataType, shape: entry.shape) {
          receive in try bytes.withBytes(receive)
        }
      }
      let known = ["name", "network", "macs", "parameters", "split", "fingerprint"]
      try SafeTensors.write(
        to: path, tensors: tensors, metadata: new.metadata.filter { known.contains($0.key) })
    }
    let before = try FileTree(run)
    #expect(try Self.train(Self.experiment(), in: run) == [])
    #expect(try FileTree(run) == before)
  }

  /// All but when something was done.
  private func expectSame(
    _ tree: FileTree, as whole: FileTree, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(tree.names == whole.names, sourceLocation: sourceLocation)
    for name in whole.names
    where !name.hasSuffix("environment.json") && !name.hasSuffix("metrics.jsonl") {
      #expect(
        tree.contents[name] == whole.contents[name], "\(name)", sourceLocation: sourceLocation)
    }
  }
}
