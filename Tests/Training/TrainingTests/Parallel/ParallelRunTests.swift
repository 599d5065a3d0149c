import Datasets
import Files
import Foundation
import Networks
import Runs
import Synchronization
import Testing
import Torch

@testable import Training

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whole runs of several processes.
@Suite(.serialized) struct ParallelRunTests {
  private static var experiment: Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize, recipe.reproducible) = (2, 24, true)
    return Experiment(
      name: "tiny",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 90, testCount: 30, seed: 3),
        holdOut: 20),
      members: [.init(network: "wide-resnet-10-1", count: 2)], recipe: recipe, seed: 5)
  }

  private static func temporary() -> RunDirectory {
    RunDirectory(
      path: FileManager.default.temporaryDirectory.path + "/parallel-\(UUID().uuidString)")
  }

  /// Trains in `directory`; process `stopper` wishes to stop after so many steps.
  private static func train(
    _ processes: Int, in directory: RunDirectory, stopper: Int = 0, after steps: Int = .max,
    _ experiment: Experiment = experiment,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
  ) throws -> [Result<TrainingRun.Outcome, any Error>] {
    try TrainingProcesses.run(processes) { group in
      let images = RunImages.resident(try #require(experiment.data.procedural).dataset())
      let asked = Atomic(0)
      let rank = group?.rank ?? 0
      let shouldStop: @Sendable () -> Bool = {
        rank == stopper && asked.add(1, ordering: .relaxed).newValue > steps
      }
      guard let group, !group.isFirst else {
        return try TrainingRun(of: experiment, on: images, in: directory, threads: 1)
          .run(
            group: group, checkpointInterval: .epochs(1), shouldStop: shouldStop, observe: observe)
      }
      return try FollowingRun(
        of: experiment, on: images, in: group, device: .cpu, decoders: 1
      ).run(shouldStop: shouldStop)
    }
  }

  private static func weights(
    _ directory: RunDirectory, of experiment: Experiment = experiment
  ) throws -> [Data] {
    try experiment.allMembers.map {
      try Data(contentsOf: URL(fileURLWithPath: directory.member($0.name).weightsPath))
    }
  }

  /// Stopped with four processes in the first epoch, gone on with two, then with one.
  @Test func theNumberOfProcessesMayChange() throws {
    let (whole, directory) = (Self.temporary(), Self.temporary())
    defer {
      for directory in [whole, directory] {
        try? FileManager.default.removeItem(atPath: directory.path)
      }
    }
    #expect(try Self.train(1, in: whole).map { try $0.get() } == [.complete])
    var outcomes = try Self.train(4, in: directory, stopper: 2, after: 2).map { try $0.get() }
    #expect(outcomes == Array(repeating: .interrupted, count: 4))
    let checkpoint = try directory.member("wide-resnet-10-1-0").checkpointPaths()
    #expect(checkpoint.first?.hasSuffix("checkpoint-00000003.safetensors") ?? false)
    outcomes = try Self.train(2, in: directory, after: 5).map { try $0.get() }
    #expect(outcomes == [.interrupted, .interrupted])
    outcomes = try Self.train(3, in: directory).map { try $0.get() }
    #expect(outcomes == Array(repeating: .complete, count: 3))
    #expect(try Self.weights(directory) == Self.weights(whole))
    // There is nothing left to do, and all are told.
    #expect(try Self.train(2, in: directory).map { try $0.get() } == [.complete, .complete])
  }

  /// The first process writes what is kept of a training, while the others wait.
  @Test func membersOfOneTrainingAreThoseOfOneProcess() throws {
    let (whole, directory) = (Self.temporary(), Self.temporary())
    defer {
      for directory in [whole, directory] {
        try? FileManager.default.removeItem(atPath: directory.path)
      }
    }
    var experiment = Self.experiment
    experiment.recipe.epochs = 3
    experiment.members = [
      .init(
        network: "wide-resnet-10-1", count: 1, snapshots: EpochSelection(last: 3),
        average: EpochSelection(last: 2))
    ]
    experiment.soups = [
      Soup(name: "soup", members: ["wide-resnet-10-1-0", "wide-resnet-10-1-0.snapshot-2"])
    ]
    #expect(try Self.train(1, in: whole, experiment).map { try $0.get() } == [.complete])
    var outcomes = try Self.train(2, in: directory, after: 4, experiment).map { try $0.get() }
    #expect(outcomes == [.interrupted, .interrupted])
    outcomes = try Self.train(3, in: directory, experiment).map { try $0.get() }
    #expect(outcomes == Array(repeating: .complete, count: 3))
    #expect(
      try Self.weights(directory, of: experiment) == Self.weights(whole, of: experiment))
  }

  /// Where sums depend on the number of processes, going on with another one is said; where they do not, it is not.
  @Test(arguments: [false, true])
  func goingOnWithAnotherNumberOfProcessesIsTold(isReproducible: Bool) throws {
    let directory = Self.temporary()
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    var experiment = Self.experiment
    experiment.recipe.reproducible = isReproducible ? true : nil
    let changes = Mutex<[[Int?]]>([])
    for (processes, steps) in [(2, 1), (3, 1), (1, .max)] {
      _ = try Self.train(
        processes, in: directory, after: steps, experiment,
        observe: { event in
          if case .environmentChanged(_, let earlier, let now) = event {
            changes.withLock { $0.append([earlier.processes, now.processes]) }
          }
        }
      ).map { try $0.get() }
    }
    #expect(changes.withLock { $0 } == (isReproducible ? [] : [[2, 3], [3, nil]]))
  }

  @Test func aLossThatIsNotFiniteIsSeenByAll() throws {
    let directory = Self.temporary()
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    var experiment = Self.experiment
    experiment.recipe.learningRate = .steps(initial: 1000, factor: 1, epochs: [])
    let outcomes = try Self.train(2, in: directory, experiment).map { try $0.get() }
    let failed = experiment.allMembers.map(\.name)
    #expect(outcomes == [.membersFailed(failed), .membersFailed(failed)])
  }

  @Test func whatKeepsTheFirstProcessFromWorkIsToldToAll() throws {
    let directory = Self.temporary()
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    _ = try Self.train(1, in: directory, after: 1)
    let lock = try DirectoryLock(ifFree: directory.membersPath)
    let results = try withExtendedLifetime(lock) { try Self.train(2, in: directory) }
    guard case .failure(let first) = results[0], case .failure(let other) = results[1] else {
      Issue.record("\(results)")
      return
    }
    #expect(first as? TrainingError == .runBusy(directory: directory.path))
    #expect(other as? ParallelError == .firstFailed(reason: "\(first)"))
  }

  /// The first process has nothing to say for longer than a call waits; the other then wishes to stop.
  @Test func thoseThatListenAreKept() throws {
    let wishes = Atomic(false)
    let results = try TrainingProcesses.run(2, seconds: 5) { group -> Bool in
      let group = try #require(group)
      group.setWish { group.rank > 0 && wishes.load(ordering: .relaxed) }
      group.keepListeners(every: 0.2)
      guard group.isFirst else {
        guard case .ended = try group.listen() else { return false }
        return true
      }
      sleep(8)
      let stopsByItself = group.shouldStop
      wishes.store(true, ordering: .relaxed)
      while !group.shouldStop { usleep(10_000) }
      try group.tellEnd(.complete)
      return !stopsByItself
    }
    #expect(try results.map { try $0.get() } == [true, true])
  }

  /// The other process ends while the first one has nothing to say: it is not waited for.
  @Test func aListenerThatEndsIsNoticed() throws {
    let results = try TrainingProcesses.run(2) { group in
      let group = try #require(group)
      group.keepListeners(every: 0.2)
      guard group.isFirst else { return }
      while !group.shouldStop { usleep(10_000) }
      try ParallelError.naming { try group.tellEnd(.interrupted) }
    }
    guard case .failure(let error) = results[0], case .processLost? = error as? ParallelError else {
      Issue.record("\(results)")
      return
    }
  }
}
