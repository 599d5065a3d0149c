import Datasets
import Decisions
import Ensembles
import Files
import Foundation
import Networks
import Predictions
import Runs
import Schemas
import Statistics
import Synchronization
import Testing
import Torch
import Training
import Weights

/// Whole trainings of tiny members, on the built-in images and on real ones.
@Suite struct TrainingRunTests {
  private static func experiment(epochs: Int = 2, network: String = "wide-resnet-10-1")
    -> Experiment
  {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (epochs, 32)
    return Experiment(
      name: "tiny",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 140, testCount: 60, seed: 3),
        holdOut: 40),
      members: [.init(network: network, count: 2)], recipe: recipe, seed: 5)
  }

  private static func temporary() -> RunDirectory {
    RunDirectory(path: FileManager.default.temporaryDirectory.path + "/train-\(UUID().uuidString)")
  }

  private static func remove(_ directory: RunDirectory) {
    try? FileManager.default.removeItem(atPath: directory.path)
  }

  private static func images(_ experiment: Experiment) throws -> ImageDataset {
    try #require(experiment.data.procedural).dataset()
  }

  private static func weights(_ directory: RunDirectory, _ member: Int) throws -> Data {
    try Data(
      contentsOf: URL(fileURLWithPath: directory.member("wide-resnet-10-1-\(member)").weightsPath))
  }

  /// The newest checkpoint of the first member.
  private static func checkpoint(_ directory: RunDirectory) throws -> String {
    try #require(directory.member("wide-resnet-10-1-0").checkpointPaths().first)
  }

  /// Writes a checkpoint anew, with its checksum, as `change` makes it.
  private static func rewrite(
    _ path: String, _ change: (inout [String: String], inout [String: [Float]]) -> Void
  ) throws {
    let file = try SafeTensors(path: path)
    var metadata = file.metadata
    var values: [String: [Float]] = [:]
    for name in file.names { values[name] = try file.floats(named: name) }
    change(&metadata, &values)
    let tensors = try file.names.map { name in
      TensorContent(name: name, shape: try file.entry(name).shape, floats: values[name] ?? [])
    }
    try SafeTensors.write(to: path, tensors: tensors, metadata: metadata, isChecksummed: true)
  }

  private static func train(
    _ experiment: Experiment, in directory: RunDirectory, jobs: Int = 1,
    stoppingAfter steps: Int = .max, observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
  ) throws -> TrainingRun.Outcome {
    let asked = Atomic(0)
    let run = try TrainingRun(
      of: experiment, on: .resident(images(experiment)), in: directory, threads: 1)
    return try run.run(
      jobs: jobs, checkpointInterval: .epochs(1),
      shouldStop: { asked.add(1, ordering: .relaxed).newValue >= steps }, observe: observe)
  }

  private static func metrics(of files: MemberDirectory) throws -> [EpochMetrics] {
    try String(contentsOfFile: files.metricsPath, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(EpochMetrics.self, from: Data($0.utf8))
    }
  }

  @Test func writesEveryFileOfTheRun() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    let experiment = Self.experiment()
    #expect(try Self.train(experiment, in: directory) == .complete)
    let dataset = try Self.images(experiment)
    for member in experiment.allMembers {
      let files = directory.member(member.name)
      #expect(try files.checkpointPaths().isEmpty)
      #expect(!Directory.exists(files.progressPath) && !Directory.exists(files.failurePath))
      let network = try JSONDecoder().decode(
        Network.self, from: Data(contentsOf: URL(fileURLWithPath: files.networkPath)))
      #expect(network.input == ImageShape(channels: 3, height: 8, width: 8))
      #expect(try SafeTensors(path: files.weightsPath).names.count == network.parameters.count)
      let metrics = try Self.metrics(of: files)
      #expect(metrics.map(\.epoch) == [1, 2])
      #expect(metrics.map(\.step) == [4, 8])
      let test = try Predictions(path: files.predictionsPath(split: "test"))
      #expect(test.count == 60 && test.classes == 10 && test.split == "test")
      #expect(test.fingerprint == dataset.test.fingerprint)
      #expect(test.labels == dataset.test.labels)
      #expect(test.multiplyAccumulates == (network.cost.multiplyAccumulates))
      let holdOut = try Predictions(path: files.predictionsPath(split: "hold-out"))
      #expect(holdOut.count == 40)
      #expect(holdOut.fingerprint != test.fingerprint)
      let last = try #require(metrics.last?.holdOutAccuracy)
      #expect(abs(try Metrics(of: [holdOut], rule: .geometricMean).top1Accuracy - last) < 1e-12)
    }
  }

  /// 40 held-out images beside 20 that are trained on: they are asked after every fourth epoch, and the last.
  @Test func aLargeHoldOutIsAskedLessOften() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    var experiment = Self.experiment(epochs: 6)
    experiment.data.trainingImages = 20
    #expect(try Self.train(experiment, in: directory) == .complete)
    for member in experiment.allMembers {
      let metrics = try Self.metrics(of: directory.member(member.name))
      #expect(
        metrics.map { $0.holdOutAccuracy != nil } == [false, false, false, true, false, true])
      #expect(metrics.allSatisfy { ($0.holdOutLoss == nil) == ($0.holdOutAccuracy == nil) })
    }
  }

  @Test func theWeightsFileGivesThePredictions() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    let experiment = Self.experiment(epochs: 1)
    _ = try Self.train(experiment, in: directory)
    let files = directory.member("wide-resnet-10-1-0")
    let network = try JSONDecoder().decode(
      Network.self, from: Data(contentsOf: URL(fileURLWithPath: files.networkPath)))
    try Runtime.setThreads(1)
    let model = try Model(network, generator: Generator(seed: 99))
    try model.readWeights(from: files.weightsPath)
    let dataset = try Self.images(experiment)
    let partition = try DataPartition(of: experiment, labels: dataset.train.labels)
    let evaluation = try Evaluation(
      of: model, on: ImageTensors(dataset.test),
      normalization: Normalization(of: .resident(dataset), training: partition.training))
    let stored = try Predictions(path: files.predictionsPath(split: "test"))
    #expect(stored.withLogProbabilities { Array($0) } == evaluation.logProbabilities)
    let wider = try Model(
      Network(named: "wide-resnet-10-2"), generator: Generator(seed: 1))
    let error = #expect(throws: TrainingError.self) {
      try wider.readWeights(from: files.weightsPath)
    }
    guard case .unusableWeights(files.weightsPath, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func twoRunsGiveTheSameBits() throws {
    let (first, second) = (Self.temporary(), Self.temporary())
    defer { [first, second].forEach(Self.remove) }
    _ = try Self.train(Self.experiment(), in: first)
    _ = try Self.train(Self.experiment(), in: second)
    #expect(try Self.weights(first, 0) == Self.weights(second, 0))
    #expect(try Self.weights(first, 1) == Self.weights(second, 1))
    #expect(try Self.weights(first, 0) != Self.weights(first, 1))
  }

  /// Stopped in the middle of an epoch, at its end, and in the second member.
  @Test(arguments: [2, 4, 6, 11]) func anInterruptedRunGoesOnToTheSameBits(steps: Int) throws {
    let (whole, parts) = (Self.temporary(), Self.temporary())
    defer { [whole, parts].forEach(Self.remove) }
    let experiment = Self.experiment()
    _ = try Self.train(experiment, in: whole)
    #expect(try Self.train(experiment, in: parts, stoppingAfter: steps) == .interrupted)
    #expect(try Self.train(experiment, in: parts) == .complete)
    #expect(try Self.weights(whole, 0) == Self.weights(parts, 0))
    #expect(try Self.weights(whole, 1) == Self.weights(parts, 1))
    let metrics = directoryMetrics(parts)
    #expect(metrics.count == 2)
  }

  /// EfficientNet's optimizer, schedule, average and dropout, with batches in pieces, on the other families of networks.
  @Test(arguments: ["efficientnet-b0", "resnet-20"])
  func otherNetworksGoOnToTheSameBits(network: String) throws {
    let (whole, parts) = (Self.temporary(), Self.temporary())
    defer { [whole, parts].forEach(Self.remove) }
    var experiment = Self.experiment(network: network)
    experiment.members[0].count = 1
    experiment.recipe.optimizer = .rmsProp(decay: 0.9, epsilon: 1e-3)
    experiment.recipe.learningRate = .exponential(
      initial: 0.004, factor: 0.97, epochs: 0.5, warmUpEpochs: 0.5)
    experiment.recipe.emaDecay = 0.9999
    experiment.recipe.decaysNormalization = false
    experiment.recipe.gradientAccumulationSteps = 3
    _ = try Self.train(experiment, in: whole)
    #expect(try Self.train(experiment, in: parts, stoppingAfter: 3) == .interrupted)
    #expect(try Self.train(experiment, in: parts) == .complete)
    let weights = try [whole, parts].map { directory in
      try SafeTensors(path: directory.member("\(network)-0").weightsPath)
    }
    for name in weights[0].names {
      #expect(try weights[0].floats(named: name) == weights[1].floats(named: name))
    }
  }

  private func directoryMetrics(_ directory: RunDirectory) -> [Substring] {
    let path = directory.member("wide-resnet-10-1-0").metricsPath
    return (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
  }

  @Test func aCompleteRunIsLeftAlone() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    _ = try Self.train(Self.experiment(epochs: 1), in: directory)
    let before = try Self.weights(directory, 0)
    #expect(
      try Self.train(Self.experiment(epochs: 1), in: directory, stoppingAfter: 1) == .complete)
    #expect(try Self.weights(directory, 0) == before)
    let error = #expect(throws: ExperimentError.self) {
      try Self.train(Self.experiment(epochs: 3), in: directory)
    }
    guard case .otherExperiment(directory.path, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func anUnusableCheckpointIsNamed() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    #expect(try Self.train(Self.experiment(), in: directory, stoppingAfter: 2) == .interrupted)
    let path = try Self.checkpoint(directory)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: TrainingError.self) {
      try Self.train(Self.experiment(), in: directory)
    }
    guard case .unusableCheckpoint(path, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aCheckpointBeyondTheEndIsNamed() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    #expect(try Self.train(Self.experiment(), in: directory, stoppingAfter: 2) == .interrupted)
    let path = try Self.checkpoint(directory)
    // An epoch has four steps.
    try Self.rewrite(path) { metadata, _ in metadata["step"] = "4" }
    let error = #expect(throws: TrainingError.self) {
      _ = try Self.train(Self.experiment(), in: directory)
    }
    guard case .unusableCheckpoint(path, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// Checkpoints of earlier versions do not hold the metrics, which were then written where the whole ones are.
  @Test func lostMetricsOfEarlierVersionsAreNamed() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    #expect(try Self.train(Self.experiment(), in: directory, stoppingAfter: 6) == .interrupted)
    let member = directory.member("wide-resnet-10-1-0")
    try Self.rewrite(Self.checkpoint(directory)) { metadata, _ in metadata["metricsText"] = nil }
    let lines = try Data(contentsOf: URL(fileURLWithPath: member.epochsPath()))
    try Directory.removeFile(member.epochsPath())
    #expect(throws: TrainingError.unusableMetrics(path: member.metricsPath, epochs: 1)) {
      try Self.train(Self.experiment(), in: directory)
    }
    try lines.write(to: URL(fileURLWithPath: member.metricsPath))
    #expect(try Self.train(Self.experiment(), in: directory) == .complete)
    #expect(directoryMetrics(directory).count == 2)
    #expect(Data(directoryMetrics(directory)[0].utf8) == lines.dropLast())
  }

  @Test func aCheckpointOfNoNumbersIsRefused() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    #expect(try Self.train(Self.experiment(), in: directory, stoppingAfter: 2) == .interrupted)
    let path = try Self.checkpoint(directory)
    try Self.rewrite(path) { _, values in values["momentum/head.bias"]?[3] = .nan }
    let error = #expect(throws: TrainingError.self) {
      try Self.train(Self.experiment(), in: directory)
    }
    guard case .unusableCheckpoint(path, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("finite"))
  }

  /// Sums run in another order with other threads: a run that goes on so says it, and keeps the record of its beginning.
  @Test func goingOnWithOtherThreadsIsTold() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    let experiment = Self.experiment(epochs: 1)
    #expect(try Self.train(experiment, in: directory, stoppingAfter: 2) == .interrupted)
    let began = try #require(RunEnvironment(path: directory.environmentPath))
    #expect(began.threads == 1)
    let changes = Mutex<[[Int]]>([])
    let run = try TrainingRun(
      of: experiment, on: .resident(Self.images(experiment)), in: directory, threads: 2)
    let outcome = try run.run(observe: { event in
      if case .environmentChanged(_, let earlier, let now) = event {
        changes.withLock { $0.append([earlier.threads, now.threads]) }
      }
    })
    #expect(outcome == .complete)
    #expect(changes.withLock { $0 } == [[1, 2]])
    #expect(RunEnvironment(path: directory.environmentPath) == began)
    let member = directory.member("wide-resnet-10-1-0").environmentPath
    #expect(RunEnvironment(path: member)?.threads == 2)
  }

  @Test func aDivergingMemberIsReported() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    var experiment = Self.experiment()
    experiment.recipe.learningRate = .oneCycle(peak: 1000, warmUp: 0)
    experiment.recipe.epochs = 30
    let failed = Mutex<[String]>([])
    let outcome = try Self.train(
      experiment, in: directory,
      observe: { event in
        if case .memberFailed(let member, _) = event { failed.withLock { $0.append(member.name) } }
      })
    let names = experiment.allMembers.map(\.name)
    #expect(outcome == .membersFailed(names))
    #expect(failed.withLock { $0 } == names)
    #expect(try #require(directory.member(names[0]).failure()).step > 0)
  }

  /// Nothing is held out, so that only the trained weights show it: no other member is kept from its training.
  @Test func aMemberThatDivergesInItsLastStepIsReported() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    var experiment = Self.experiment(epochs: 1)
    (experiment.data.holdOut, experiment.data.trainingImages) = (0, 64)
    experiment.members.append(.init(network: "wide-resnet-16-1", count: 1))
    let names = experiment.allMembers.map(\.name)
    experiment.recipe.learningRate = .oneCycle(peak: 1000, warmUp: 0)
    for _ in 0..<2 {
      // A rerun ends in the same way.
      #expect(try Self.train(experiment, in: directory) == .membersFailed(names.sorted()))
      for name in names {
        let files = directory.member(name)
        let failure = try #require(files.failure())
        #expect(failure.epoch == 1 && failure.step == 2 && failure.reason.contains(name))
        #expect(!Directory.exists(files.weightsPath))
        #expect(!Directory.exists(files.predictionsPath(split: "test")))
      }
    }
  }

  @Test func aCheckpointAfterMoreEpochsThanCanBeCountedIsNeverDue() throws {
    let interval = try #require(CheckpointInterval("9223372036854775807epochs"))
    #expect(interval == .epochs(.max))
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    let experiment = Self.experiment(epochs: 1)
    let run = try TrainingRun(
      of: experiment, on: .resident(Self.images(experiment)), in: directory, threads: 1)
    #expect(try run.run(checkpointInterval: interval) == .complete)
  }

  private static let gpuCount = (try? Runtime.loadCUDA()) ?? 0

  /// The same training on a GPU: the same random numbers, and about the same losses.
  @Test(.enabled(if: gpuCount > 0, "skipped: no NVIDIA GPU, or no CUDA libraries"))
  func aGPUTrainsLikeTheCPU() throws {
    let (onCPU, onGPU) = (Self.temporary(), Self.temporary())
    defer { [onCPU, onGPU].forEach(Self.remove) }
    let experiment = Self.experiment(epochs: 1)
    var losses: [[Double]] = []
    for (directory, device) in [(onCPU, Device.cpu), (onGPU, .cuda(0))] {
      let found = Mutex<[Double]>([])
      let run = try TrainingRun(
        of: experiment, on: .resident(Self.images(experiment)), in: directory, devices: [device],
        threads: 1)
      let outcome = try run.run(observe: { event in
        if case .epochFinished(_, let metrics, _) = event {
          found.withLock { $0.append(metrics.trainingLoss) }
        }
      })
      #expect(outcome == .complete)
      losses.append(found.withLock { $0 })
    }
    #expect(losses[0].count == 2 && losses[1].count == 2)
    #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) < 0.01 * $0 })
  }

  /// Few images, always the same: by heart in seconds, in both precisions.
  @Test func bfloat16LearnsAsWell() throws {
    var losses: [Double] = []
    for precision in Recipe.Precision.allCases {
      let directory = Self.temporary()
      defer { Self.remove(directory) }
      var experiment = Self.experiment(epochs: 40)
      experiment.members[0].count = 1
      (experiment.recipe.cropPadding, experiment.recipe.flips) = (0, false)
      experiment.recipe.precision = precision
      let last = Mutex(Double.infinity)
      let outcome = try Self.train(experiment, in: directory) { event in
        if case .epochFinished(_, let metrics, _) = event {
          last.withLock { $0 = metrics.trainingLoss }
        }
      }
      #expect(outcome == .complete)
      losses.append(last.withLock { $0 })
    }
    #expect(losses.allSatisfy { $0 < 0.2 }, Comment(rawValue: "\(losses)"))
    #expect(abs(losses[0] - losses[1]) < 0.03, Comment(rawValue: "\(losses)"))
  }

  /// Several members at once on one GPU, each on its own stream with its own graph: as each by itself.
  @Test(
    .enabled(if: gpuCount > 0, "skipped: no NVIDIA GPU, or no CUDA libraries"),
    arguments: Recipe.Precision.allCases)
  func membersShareAGPU(precision: Recipe.Precision) throws {
    var losses: [[Double]] = []
    for jobs in [1, 4] {
      let directory = Self.temporary()
      defer { Self.remove(directory) }
      var experiment = Self.experiment(epochs: 3)
      experiment.members[0].count = 4
      experiment.recipe.precision = precision
      let found = Mutex<[String: Double]>([:])
      let run = try TrainingRun(
        of: experiment, on: .resident(Self.images(experiment)), in: directory, devices: [.cuda(0)],
        threads: 1)
      let outcome = try run.run(
        jobs: jobs,
        observe: { event in
          if case .epochFinished(let member, let metrics, _) = event {
            found.withLock { $0[member.name] = metrics.trainingLoss }
          }
        })
      #expect(outcome == .complete)
      losses.append(found.withLock { found in experiment.allMembers.compactMap { found[$0.name] } })
    }
    #expect(losses[0].count == 4 && losses[1].count == 4)
    #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) < 0.02 * $0 })
  }

  @Test(arguments: [2, 4]) func sideBySideMembersHaveTheSameBits(jobs: Int) throws {
    let (apart, together) = (Self.temporary(), Self.temporary())
    defer { [apart, together].forEach(Self.remove) }
    var experiment = Self.experiment()
    experiment.members[0].count = 4
    _ = try Self.train(experiment, in: apart)
    #expect(try Self.train(experiment, in: together, jobs: jobs, stoppingAfter: 9) == .interrupted)
    #expect(try Self.train(experiment, in: together, jobs: jobs) == .complete)
    for member in 0..<4 {
      #expect(try Self.weights(apart, member) == Self.weights(together, member))
    }
  }

  @Test func aMemberThatDivergesLeavesTheOthersAlone() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    var experiment = Self.experiment(epochs: 1)
    experiment.members = [
      .init(network: "wide-resnet-10-1", count: 1), .init(network: "wide-resnet-16-1", count: 1),
    ]
    // The longest training comes first.
    #expect(try Self.train(experiment, in: directory, stoppingAfter: 2) == .interrupted)
    let failed = directory.member("wide-resnet-16-1-0")
    // Weights so large that the next loss is infinite.
    for path in try failed.checkpointPaths() {
      try Self.rewrite(path) { _, values in
        values["head.weight"] = values["head.weight"]?.map { _ in 3e38 }
      }
    }
    #expect(
      try Self.train(experiment, in: directory) == .membersFailed(["wide-resnet-16-1-0"]))
    let failure = try #require(failed.failure())
    #expect(failure.reason.contains("wide-resnet-16-1-0: the loss is not finite"))
    #expect(failure.epoch == 1)
    #expect(try failed.checkpointPaths().count == 1)
    let other = directory.member("wide-resnet-10-1-0").predictionsPath(split: "test")
    #expect(Directory.exists(other))
  }

  /// The average of weights and statistics is what is kept, whole or interrupted.
  @Test func anAverageOfTheWeightsIsKept() throws {
    let (plain, whole, parts) = (Self.temporary(), Self.temporary(), Self.temporary())
    defer { [plain, whole, parts].forEach(Self.remove) }
    _ = try Self.train(Self.experiment(), in: plain)
    var experiment = Self.experiment()
    experiment.recipe.emaDecay = 0.9
    _ = try Self.train(experiment, in: whole)
    #expect(try Self.weights(plain, 0) != Self.weights(whole, 0))
    #expect(try Self.train(experiment, in: parts, stoppingAfter: 3) == .interrupted)
    #expect(try Self.train(experiment, in: parts) == .complete)
    #expect(try Self.weights(parts, 0) == Self.weights(whole, 0))
    #expect(try Self.weights(parts, 1) == Self.weights(whole, 1))
  }

  @Test func aRunCanBeGivenMoreMembers() throws {
    let (grown, fresh) = (Self.temporary(), Self.temporary())
    defer { [grown, fresh].forEach(Self.remove) }
    var experiment = Self.experiment(epochs: 1)
    _ = try Self.train(experiment, in: grown)
    let before = try (0..<2).map { try Self.weights(grown, $0) }
    experiment.members[0].count = 3
    let complete = Atomic(0)
    let outcome = try Self.train(
      experiment, in: grown,
      observe: { event in
        if case .alreadyComplete = event { complete.add(1, ordering: .relaxed) }
      })
    #expect(outcome == .complete)
    #expect(complete.load(ordering: .relaxed) == 2)
    _ = try Self.train(experiment, in: fresh)
    for member in 0..<3 {
      #expect(try Self.weights(grown, member) == Self.weights(fresh, member))
    }
    #expect(try (0..<2).map { try Self.weights(grown, $0) } == before)
  }

  @Test func someMembersCanBeTrainedAlone() throws {
    let (whole, parts) = (Self.temporary(), Self.temporary())
    defer { [whole, parts].forEach(Self.remove) }
    let experiment = Self.experiment(epochs: 1)
    _ = try Self.train(experiment, in: whole)
    let run = try TrainingRun(
      of: experiment, on: .resident(Self.images(experiment)), in: parts, threads: 1)
    #expect(try run.run(only: ["wide-resnet-10-1-1"]) == .complete)
    #expect(try Directory.names(in: "\(parts.path)/members") == ["wide-resnet-10-1-1"])
    #expect(try Self.weights(parts, 1) == Self.weights(whole, 1))
  }

  /// A network given as data is trained to the bits of the same network known by name, also when it is stopped.
  @Test func aGivenNetworkTrainsAsTheNamedOne() throws {
    let (named, given) = (Self.temporary(), Self.temporary())
    defer { [named, given].forEach(Self.remove) }
    var experiment = Self.experiment()
    _ = try Self.train(experiment, in: named)
    let network = try Network(named: "wide-resnet-10-1").replacing(name: "mine")
    let path = "\(given.path)-network.json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try DurableFile.write(network.readableJSON(), to: path)
    experiment.members = [.init(network: try Network(file: path), count: 2)]
    #expect(experiment.allMembers.map(\.architecture) == [network, network])
    #expect(try Self.train(experiment, in: given, stoppingAfter: 5) == .interrupted)
    #expect(try Self.train(given.experiment(), in: given) == .complete)
    for number in 0..<2 {
      let files = ["wide-resnet-10-1-\(number)", "mine-\(number)"]
      let directories = zip([named, given], files).map { $0.member($1) }
      let weights = try directories.map { try SafeTensors(path: $0.weightsPath) }
      #expect(weights[0].names == weights[1].names && weights[1].metadata["network"] == "mine")
      for name in weights[0].names {
        #expect(try weights[0].floats(named: name) == weights[1].floats(named: name), "\(name)")
      }
      let predictions = try directories.map {
        try Predictions(path: $0.predictionsPath(split: "test")).withLogProbabilities { Array($0) }
      }
      #expect(predictions[0] == predictions[1])
      let trained = try network.replacing(
        input: ImageShape(channels: 3, height: 8, width: 8))
      #expect(try Network(file: directories[1].networkPath) == trained)
    }
  }

  @Test func aGivenNetworkThatDoesNotFitIsNamed() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    func problem(_ network: Network) -> String {
      var experiment = Self.experiment()
      experiment.members = [.init(network: network, count: 1)]
      do {
        _ = try Self.train(experiment, in: directory)
        return "none"
      } catch {
        return "\(error)"
      }
    }
    var network = try Network(named: "wide-resnet-10-1", classes: 4).replacing(name: "mine")
    #expect(
      problem(network)
        == "network 'mine': it has 4 classes, the images 10: give its last layer 10 outputs")
    network = try Network(
      name: "mine", input: ImageShape(channels: 3, height: 32, width: 32),
      layers: [
        Layer(
          "stem",
          .convolution(
            Convolution(outputChannels: 10, kernelSize: 9, stride: 1, padding: .symmetric(0))),
          inputs: ["input"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["stem"]),
      ])
    #expect(
      problem(network)
        == "network 'mine': for an input of 3 x 8 x 8, layer 'stem': a kernel of 9 does not fit into 8 x 8"
    )
    // What could not be read again is not begun.
    var layers = network.layers
    layers[0].operation = .convolution(
      Convolution(outputChannels: 10, kernelSize: 3, stride: 1, padding: .same))
    network = try network.replacing(name: "no/name", layers: layers)
    #expect(problem(network).contains("members[0].network does not work: its name is 'no/name'"))
    #expect(!Directory.exists(directory.path))
  }

  @Test func ensemblesOfTheMembersCanBeAnalyzed() throws {
    let directory = Self.temporary()
    defer { Self.remove(directory) }
    let experiment = Self.experiment(epochs: 1)
    _ = try Self.train(experiment, in: directory)
    let predictions = try experiment.allMembers.map {
      try Predictions(path: directory.member($0.name).predictionsPath(split: "test"))
    }
    let frontier = try Frontier.analyze(predictions)
    #expect(frontier.curves.map(\.points.count) == [2])
    #expect(frontier.images == 60)
  }
}
