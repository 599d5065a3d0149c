import Datasets
import Files
import Foundation
import Networks
import Predictions
import Runs
import Schemas
import Synchronization
import Testing
import Torch
import Weights

@testable import Training

/// Snapshots, late checkpoints and averages: several members of one training.
@Suite struct MembersOfOneTrainingTests {
  private static let network = "wide-resnet-10-1"

  private static func experiment(
    epochs: Int = 4, cycles: Int? = 2, snapshots: EpochSelection? = nil,
    average: EpochSelection? = nil
  ) -> Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (epochs, 32)
    recipe.learningRate =
      cycles.map { .cyclicCosine(initial: 0.1, cycles: $0) }
      ?? .steps(initial: 0.05, factor: 0.5, epochs: [2])
    return Experiment(
      name: "shared",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 140, testCount: 30, seed: 3),
        holdOut: 40),
      members: [.init(network: network, count: 1, snapshots: snapshots, average: average)],
      recipe: recipe, seed: 5)
  }

  private static func withDirectory(_ body: (RunDirectory) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/shared-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(RunDirectory(path: path))
  }

  private static func images(_ experiment: Experiment) throws -> RunImages {
    .resident(try #require(experiment.data.procedural).dataset())
  }

  @discardableResult
  private static func train(
    _ experiment: Experiment, in directory: RunDirectory, stoppingAfter steps: Int = .max,
    longer: RunDirectory.LongerTraining = .refused,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
  ) throws -> TrainingRun.Outcome {
    let asked = Atomic(0)
    let run = try TrainingRun(
      of: experiment, on: images(experiment), in: directory, longer: longer, threads: 1)
    return try run.run(
      checkpointInterval: .epochs(1),
      shouldStop: { asked.add(1, ordering: .relaxed).newValue >= steps }, observe: observe)
  }

  /// The names of the members, and the numbers of each by their parameters' names.
  private static func weights(
    _ name: String, in directory: RunDirectory
  ) throws -> [String: [Float]] {
    let file = try SafeTensors(path: directory.member(name).weightsPath)
    return try Dictionary(
      uniqueKeysWithValues: file.names.map { ($0, try file.floats(named: $0)) })
  }

  private static let names = ["", ".snapshot-1", ".average"].map { "\(network)-0\($0)" }

  @Test func aCycleGivesAMember() throws {
    try Self.withDirectory { directory in
      let experiment = Self.experiment(average: EpochSelection())
      let finished = Mutex<[String]>([])
      #expect(
        try Self.train(experiment, in: directory) { event in
          if case .memberFinished(let member, _) = event {
            finished.withLock { $0.append(member.name) }
          }
        } == .complete)
      #expect(experiment.allMembers.map(\.name) == Self.names)
      #expect(finished.withLock { $0 } == [Self.names[1], Self.names[2], Self.names[0]])
      let status = try RunStatus(of: directory)
      #expect(status.members.map(\.state) == [.complete, .complete, .complete])
      #expect(status.members.map(\.epochs) == [4, 2, 4])
      // An average is not what the training's last epoch was judged by.
      let shown = status.members.map(\.holdOutAccuracy)
      for (name, accuracy) in zip(Self.names.prefix(2), shown) {
        let said = try Predictions(path: directory.member(name).predictionsPath(split: "hold-out"))
        let correct = zip(said.predictedClasses(), said.labels).count { $0 == Int($1) }
        #expect(accuracy == Double(correct) / Double(said.count))
      }
      #expect(shown[2] == nil)
      for name in Self.names {
        let files = directory.member(name)
        let network = try Network(file: files.networkPath)
        for (split, count) in [("test", 30), ("hold-out", 40)] {
          let predictions = try Predictions(path: files.predictionsPath(split: split))
          #expect(predictions.name == name && predictions.count == count)
        }
        // What lies there was predicted with the weights that lie there.
        let model = try Model(network, generator: Generator(seed: 9))
        try model.readWeights(from: files.weightsPath)
        try Runtime.setThreads(1)
        let images = try Self.images(experiment)
        guard case .resident(let dataset) = images else { return }
        let partition = try DataPartition(of: experiment, labels: dataset.train.labels)
        let evaluation = try Evaluation(
          of: model, on: ImageTensors(dataset.test),
          normalization: Normalization(of: images, training: partition.training),
          batchSize: experiment.recipe.pieceSize)
        let stored = try Predictions(path: files.predictionsPath(split: "test"))
        #expect(stored.withLogProbabilities { Array($0) } == evaluation.logProbabilities)
      }
      #expect(try Self.train(experiment, in: directory, stoppingAfter: 1) == .complete)
      // 100 images, 4 times, and all members of the one training.
      let records = try directory.trainingRecords()
      #expect(Set(records.keys) == Set(Self.names))
      let network = try Network(file: directory.member(Self.names[0]).networkPath)
      for record in records.values.joined() {
        #expect(record.training == Self.names[0])
        #expect(record.multiplyAccumulates == network.totals.multiplyAccumulates * 400)
        #expect(record.seconds ?? 0 > 0)
      }
    }
  }

  /// The first cycle of two is the only one of half a training.
  @Test func aSnapshotIsATrainingOfItsCycle() throws {
    try Self.withDirectory { directory in
      try Self.withDirectory { half in
        try Self.train(Self.experiment(), in: directory)
        try Self.train(Self.experiment(epochs: 2, cycles: 1), in: half)
        let snapshot = try Self.weights(Self.names[1], in: directory)
        #expect(try snapshot == Self.weights(Self.names[0], in: half))
        #expect(try snapshot != Self.weights(Self.names[0], in: directory))
      }
    }
  }

  @Test func theAverageIsThatOfTheSnapshots() throws {
    try Self.withDirectory { directory in
      let experiment = Self.experiment(
        cycles: nil, snapshots: EpochSelection(last: 3), average: EpochSelection(last: 3))
      try Self.train(experiment, in: directory)
      let ends = try ["", ".snapshot-1", ".snapshot-2"].map {
        try Self.weights("\(Self.network)-0\($0)", in: directory)
      }
      let average = try Self.weights("\(Self.network)-0.average", in: directory)
      let network = try Network(file: directory.member(Self.names[0]).networkPath)
      var statistics = 0
      for parameter in network.parameters {
        let found = try #require(average[parameter.name])
        let own = try ends.map { try #require($0[parameter.name]) }
        let mean = found.indices.map { index in own.map { Double($0[index]) }.reduce(0, +) / 3 }
        let worst = zip(found, mean).map { abs(Double($0) - $1) }.max() ?? 1
        if parameter.isTrainable {
          #expect(worst < 1e-6, "\(parameter.name)")
        } else if worst > 1e-4 {
          statistics += 1
        }
      }
      // Those of the average's own maps.
      #expect(statistics > 5)
    }
  }

  @Test(arguments: [3, 7, 8, 9, 15])
  func aStopChangesNoBits(steps: Int) throws {
    try Self.withDirectory { whole in
      try Self.withDirectory { parts in
        var experiment = Self.experiment(average: EpochSelection(every: 1, last: 3))
        experiment.recipe.emaDecay = 0.9
        try Self.train(experiment, in: whole)
        #expect(try Self.train(experiment, in: parts, stoppingAfter: steps) == .interrupted)
        #expect(try Self.train(experiment, in: parts) == .complete)
        for name in Self.names {
          #expect(try Self.weights(name, in: whole) == Self.weights(name, in: parts), "\(name)")
        }
      }
    }
  }

  @Test func aLostSnapshotIsMadeAgain() throws {
    try Self.withDirectory { directory in
      let experiment = Self.experiment()
      try Self.train(experiment, in: directory)
      let files = directory.member(Self.names[1])
      let (before, end) = (
        try Self.weights(Self.names[1], in: directory), directory.member(Self.names[0])
      )
      let endBytes = try Data(contentsOf: URL(fileURLWithPath: end.weightsPath))
      try Directory.removeFile(files.weightsPath)
      let epochs = Atomic(0)
      let outcome = try Self.train(experiment, in: directory) { event in
        if case .epochFinished = event { epochs.add(1, ordering: .relaxed) }
      }
      #expect(outcome == .complete && epochs.load(ordering: .relaxed) == 2)
      #expect(try Self.weights(Self.names[1], in: directory) == before)
      #expect(try Data(contentsOf: URL(fileURLWithPath: end.weightsPath)) == endBytes)
      #expect(try end.checkpointPaths().isEmpty)
      // In the middle of a training, which goes back to make it.
      try Self.withDirectory { begun in
        #expect(try Self.train(experiment, in: begun, stoppingAfter: 11) == .interrupted)
        try Directory.removeTree(begun.member(Self.names[1]).path)
        #expect(try Self.train(experiment, in: begun) == .complete)
        #expect(try Self.weights(Self.names[1], in: begun) == before)
      }
    }
  }

  @Test func aRunningTrainingShowsHowFarItsMembersAre() throws {
    try Self.withDirectory { directory in
      let experiment = Self.experiment()
      #expect(try Self.train(experiment, in: directory, stoppingAfter: 4) == .interrupted)
      let status = try RunStatus(of: directory)
      #expect(status.members.map(\.state) == [.stopped, .stopped])
      #expect(status.members.map(\.doneShare) == [0.25, 0.5])
      let left = status.members.compactMap(\.secondsLeft)
      #expect(left.count == 2 && abs(left[1] * 3 - left[0]) < 1e-6 * left[0])
      #expect(status.secondsLeft == left[0])
    }
  }

  /// Which ends are kept depends on how many there are.
  @Test func moreEpochsAreAnotherTraining() throws {
    try Self.withDirectory { directory in
      let shorter = Self.experiment(
        epochs: 2, cycles: nil, snapshots: EpochSelection(last: 2))
      let longer = Self.experiment(epochs: 3, cycles: nil, snapshots: EpochSelection(last: 2))
      try Self.train(shorter, in: directory)
      #expect(throws: ExperimentError.self) {
        try Self.train(longer, in: directory, longer: .ifNothingIsLost)
      }
      #expect(try Self.train(longer, in: directory, longer: .allowed) == .complete)
      let snapshot = try Self.weights("\(Self.network)-0.snapshot-1", in: directory)
      try Self.withDirectory { whole in
        try Self.train(longer, in: whole)
        #expect(try snapshot == Self.weights("\(Self.network)-0.snapshot-1", in: whole))
      }
      var other = longer
      other.members[0].snapshots = EpochSelection(last: 3)
      let error = #expect(throws: ExperimentError.self) {
        try Self.train(other, in: directory)
      }
      guard case .otherExperiment(_, let difference)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(difference.contains("snapshots"))
      // Further trainings may come, with the same parts.
      var more = longer
      more.members[0].count = 2
      #expect(try Self.train(more, in: directory) == .complete)
      #expect(try directory.experiment().members == more.members)
    }
  }
}
