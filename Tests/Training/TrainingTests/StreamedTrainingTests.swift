import Datasets
import Ensembles
import Foundation
import Networks
import Predictions
import Runs
import Synchronization
import TestSupport
import Testing
import Training
import Weights

/// Trainings whose images are decoded while it goes on.
@Suite struct StreamedTrainingTests {
  private static let sources = ["rgb.png", "subsampled.jpg", "full.jpeg", "grey.jpg"]

  /// Class folders: 3 classes of 6 images to train on and 2 to test on.
  private static func withImages(_ body: (String) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.path + "/streamed-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let fixtures = checkout.appendingPathComponent("Tests/Data/DatasetsTests/Fixtures")
    for (split, count) in [("train", 6), ("val", 2)] {
      for label in 0..<3 {
        let folder = "\(root)/images/\(split)/class-\(label)"
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
        for number in 0..<count {
          let source = sources[(label + number) % sources.count]
          try FileManager.default.copyItem(
            atPath: fixtures.appendingPathComponent(source).path,
            toPath: "\(folder)/\(number)-\(source)")
        }
      }
    }
    try body(root)
  }

  private static func experiment(
    networks: [String] = ["resnet-20"], imageSize: Int? = 16, weights: String? = nil,
    corruptImages: CorruptImages = .fail
  ) -> Experiment {
    var recipe = Recipe(.efficientNetOfficial)
    (recipe.epochs, recipe.batchSize) = (2, 4)
    return Experiment(
      name: "streamed",
      data: DataSelection(imageSize: imageSize, corruptImages: corruptImages, holdOut: 3),
      members: networks.map { .init(network: $0, count: 1, weights: weights) }, recipe: recipe,
      seed: 1)
  }

  private static func train(
    _ experiment: Experiment, root: String, into name: String, decoders: Int = 1,
    stoppingAfter steps: Int = .max,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in }
  ) throws -> (outcome: TrainingRun.Outcome, directory: RunDirectory) {
    let asked = Atomic(0)
    let directory = RunDirectory(path: "\(root)/\(name)")
    let images = RunImages.streamed(try EncodedDataset.load(directory: "\(root)/images"))
    let run = try TrainingRun(
      of: experiment, on: images, in: directory, threads: 1, decoders: decoders)
    let outcome = try run.run(
      checkpointInterval: .epochs(1),
      shouldStop: { asked.add(1, ordering: .relaxed).newValue >= steps }, observe: observe)
    return (outcome, directory)
  }

  private static func weights(_ directory: RunDirectory) throws -> Data {
    try Data(
      contentsOf: URL(fileURLWithPath: directory.member("resnet-20-0").weightsPath))
  }

  /// Each process decodes its own shards' images only. One image is damaged, and the last batches have fewer images than
  /// there are shards.
  @Test func severalProcessesTrainAsOne() throws {
    try Self.withImages { root in
      let damaged = "\(root)/images/train/class-1/0-subsampled.jpg"
      try Data("no image".utf8).write(to: URL(fileURLWithPath: damaged))
      var experiment = Self.experiment(corruptImages: .skip)
      experiment.recipe.reproducible = true
      let (outcome, alone) = try Self.train(experiment, root: root, into: "alone")
      #expect(outcome == .complete)
      let outcomes = try TrainingProcesses.run(3) { [experiment] group in
        let group = try #require(group)
        guard !group.isFirst else {
          let images = RunImages.streamed(try EncodedDataset.load(directory: "\(root)/images"))
          return try TrainingRun(
            of: experiment, on: images, in: RunDirectory(path: "\(root)/together"), threads: 1
          ).run(group: group)
        }
        return try FollowingRun(
          of: experiment,
          on: .streamed(EncodedDataset.load(directory: "\(root)/images")), in: group,
          device: .cpu, decoders: 2
        ).run()
      }.map { try $0.get() }
      #expect(outcomes == [.complete, .complete, .complete])
      #expect(
        try Self.weights(RunDirectory(path: "\(root)/together")) == Self.weights(alone))
    }
  }

  @Test func neitherThreadsNorAnInterruptionChangeTheWeights() throws {
    try Self.withImages { root in
      let experiment = Self.experiment()
      let whole = try Self.train(experiment, root: root, into: "whole")
      #expect(whole.outcome == .complete)
      let wide = try Self.train(experiment, root: root, into: "wide", decoders: 3)
      #expect(try Self.weights(wide.directory) == Self.weights(whole.directory))
      // Four steps an epoch: it stops in the middle of the second.
      let first = try Self.train(experiment, root: root, into: "parts", stoppingAfter: 6)
      #expect(first.outcome == .interrupted)
      let parts = try Self.train(experiment, root: root, into: "parts", decoders: 2)
      #expect(parts.outcome == .complete)
      #expect(try Self.weights(parts.directory) == Self.weights(whole.directory))
    }
  }

  /// Members of other input sizes have predictions of the same images, which can be combined.
  @Test func membersOfOtherSizesSeeTheSameImages() throws {
    try Self.withImages { root in
      let experiment = Self.experiment(networks: ["resnet-20", "resnet-18"], imageSize: nil)
      var quick = experiment
      quick.recipe.epochs = 1
      let (_, directory) = try Self.train(quick, root: root, into: "sizes")
      for split in ["hold-out", "test"] {
        let predictions = try experiment.allMembers.map {
          try Predictions(path: directory.member($0.name).predictionsPath(split: split))
        }
        #expect(
          predictions.map(\.fingerprint) == [
            predictions[0].fingerprint, predictions[0].fingerprint,
          ])
        #expect(predictions[0].labels == predictions[1].labels)
        _ = try Metrics(of: predictions, rule: .geometricMean)
      }
    }
  }

  /// A network given as data has its own input, whatever the size for those that are known by name.
  @Test func aGivenNetworkHasItsOwnSize() throws {
    try Self.withImages { root in
      var experiment = Self.experiment(imageSize: 16)
      experiment.recipe.epochs = 1
      let network = try Network(named: "resnet-20", inputSize: 24, classes: 3)
        .replacing(name: "mine")
      experiment.members.append(.init(network: network, count: 1))
      let (outcome, directory) = try Self.train(experiment, root: root, into: "given")
      #expect(outcome == .complete)
      #expect(try Network(file: directory.member("mine-0").networkPath) == network)
      #expect(
        try directory.member("mine-0").description()?.preprocessing.height == 24)
      let oblong = try network.replacing(
        input: ImageShape(channels: 3, height: 20, width: 24))
      experiment.members = [.init(network: oblong, count: 1)]
      let error = #expect(throws: TrainingError.self) {
        try Self.train(experiment, root: root, into: "oblong")
      }
      guard case .networkDoesNotFit("mine", let reason)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(reason.hasPrefix("it takes 3 x 20 x 24"))
    }
  }

  @Test func imagesThatCannotBeDecodedAreNamed() throws {
    try Self.withImages { root in
      let broken = "\(root)/images/train/class-1/broken.jpg"
      try Data([0xFF, 0xD8, 0xFF, 1, 2, 3]).write(to: URL(fileURLWithPath: broken))
      let names = Mutex<[String]>([])
      let skipping = try Self.train(
        Self.experiment(corruptImages: .skip), root: root, into: "skip",
        observe: { event in
          if case .imageSkipped(let image, let count) = event {
            names.withLock { $0.append("\(image.name) \(count)") }
          }
        })
      #expect(skipping.outcome == .complete)
      // Once, though it comes in both epochs.
      #expect(names.withLock { $0 } == ["\(broken) 1"])
      let error = #expect(throws: DatasetError.self) {
        try Self.train(Self.experiment(), root: root, into: "fail")
      }
      guard case .unreadableImage(broken, _)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// A fine-tuning starts from given weights, with a last layer of its own where the classes are others.
  @Test func trainingStartsFromGivenWeights() throws {
    try Self.withImages { root in
      let first = try Self.train(Self.experiment(), root: root, into: "first")
      let member = first.directory.member("resnet-20-0")
      var still = Self.experiment(weights: member.path)
      still.recipe.epochs = 1
      still.recipe.emaDecay = nil
      still.recipe.weightDecay = 0
      still.recipe.learningRate = .steps(initial: 1e-9, factor: 1, epochs: [])
      let second = try Self.train(still, root: root, into: "second")
      let (before, after) = (
        try SafeTensors(path: member.weightsPath),
        try SafeTensors(path: second.directory.member("resnet-20-0").weightsPath)
      )
      for name in before.names where !name.contains("running") {
        let pairs = zip(try before.floats(named: name), try after.floats(named: name))
        #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
      }
      // Two classes in place of three: the last layer is drawn anew, all others stay.
      try FileManager.default.removeItem(atPath: "\(root)/images/train/class-2")
      try FileManager.default.removeItem(atPath: "\(root)/images/val/class-2")
      let third = try Self.train(still, root: root, into: "third")
      let other = try SafeTensors(path: third.directory.member("resnet-20-0").weightsPath)
      #expect(try other.entry("fc.weight").shape == [2, 64])
      let pairs = zip(
        try before.floats(named: "conv1.weight"), try other.floats(named: "conv1.weight"))
      #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 })
      // Another network's weights are refused before anything is written.
      var wrong = Self.experiment(networks: ["resnet-32"], weights: member.path)
      wrong.name = "wrong"
      let error = #expect(throws: TrainingError.self) {
        try Self.train(wrong, root: root, into: "wrong")
      }
      guard case .unusableWeights(_, let reason)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(reason.contains("missing"))
      #expect(!FileManager.default.fileExists(atPath: "\(root)/wrong"))
    }
  }
}
