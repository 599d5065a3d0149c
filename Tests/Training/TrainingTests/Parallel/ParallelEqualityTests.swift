import Datasets
import Foundation
import Networks
import Runs
import TestSupport
import Testing
import Torch

@testable import Training

/// What several processes train, against one process.
@Suite(.serialized) struct ParallelEqualityTests {
  /// Batches of 24, and a last one of 8: some of 12 shards are then empty.
  private static func experiment(_ network: Network) -> Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (20, 24)
    return Experiment(
      name: "tiny",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 90, testCount: 10, seed: 3),
        holdOut: 10),
      members: [.init(network: network, count: 1)], recipe: recipe, seed: 5)
  }

  /// Fused normalisations with and without a sum before them, one without ReLU, dropped elements and dropped images.
  private static func network() throws -> Network {
    func convolution(_ name: String, _ channels: Int, _ input: String, stride: Int = 1) -> Layer {
      Layer(
        name,
        .convolution(
          Convolution(outputChannels: channels, kernelSize: 3, stride: stride, padding: .same)),
        inputs: [input])
    }
    func normalization(_ name: String, _ input: String) -> Layer {
      Layer(name, .batchNorm(epsilon: 1e-5, momentum: 0.1), inputs: [input])
    }
    return try Network(
      name: "mixed", input: ImageShape(channels: 3, height: 8, width: 8),
      layers: [
        convolution("conv1", 8, "input"), normalization("bn1", "conv1"),
        Layer("relu1", .relu, inputs: ["bn1"]),
        convolution("conv2", 8, "relu1"), normalization("bn2", "conv2"),
        Layer("path", .dropPath(rate: 0.3), inputs: ["bn2"]),
        Layer("sum", .add, inputs: ["relu1", "path"]), normalization("bn3", "sum"),
        Layer("relu3", .relu, inputs: ["bn3"]),
        Layer("dropped", .dropout(rate: 0.2), inputs: ["relu3"]),
        convolution("conv4", 16, "dropped", stride: 2), normalization("bn4", "conv4"),
        Layer("silu4", .silu, inputs: ["bn4"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["silu4"]),
        Layer("last", .linear(outputs: 10), inputs: ["pool"]),
      ])
  }

  @Test func reproducibleTrainingHasTheSameBitsForAnyNumberOfProcesses() throws {
    let network = try Self.network()
    var experiment = Self.experiment(network)
    experiment.recipe.reproducible = true
    let alone = try TrainingProcesses.states(1, of: experiment, network: network, steps: 50)[0]
    #expect(alone.allSatisfy { $0.isFinite })
    for count in 2...4 {
      let states = try TrainingProcesses.states(
        count, of: experiment, network: network, steps: 50)
      #expect(states.allSatisfy { $0 == alone }, "\(count) processes")
    }
    // It is another training than one without shards.
    let plain = try TrainingProcesses.states(
      1, of: Self.experiment(network), network: network, steps: 1)[0]
    let sharded = try TrainingProcesses.states(1, of: experiment, network: network, steps: 1)[0]
    #expect(plain != sharded && relativeDistance(sharded, plain) < 1e-6)
  }

  /// Also with pieces, each of which is shared out; and with fewer images than processes in the last batch.
  @Test(arguments: [1, 2])
  func otherwiseItIsNearTheTrainingOfOneProcess(pieces: Int) throws {
    let network = try Self.network()
    var experiment = Self.experiment(network)
    experiment.recipe.gradientAccumulationSteps = pieces
    experiment.recipe.batchSize = 26
    let alone = try TrainingProcesses.states(1, of: experiment, network: network, steps: 3)[0]
    for count in [2, 3] {
      let states = try TrainingProcesses.states(count, of: experiment, network: network, steps: 3)
      #expect(states.allSatisfy { $0 == states[0] })
      #expect(relativeDistance(states[0], alone) < 1e-5, "\(count) processes")
    }
    let tail = try TrainingProcesses.states(1, of: experiment, network: network, steps: 4)[0]
    let states = try TrainingProcesses.states(3, of: experiment, network: network, steps: 4)
    #expect(states.allSatisfy { $0 == states[0] })
    #expect(relativeDistance(states[0], tail) < 1e-4)
  }

  @Test func twoProcessesTrainAsUnderPyTorchsDataParallel() throws {
    struct File: Decodable {
      struct Sample: Decodable {
        let norm: Double
        let first: [Double]
      }
      let weights: [String: Sample]
    }
    let url = try #require(
      Bundle.module.url(
        forResource: "data_parallel", withExtension: "json", subdirectory: "Fixtures"))
    let expected = try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).weights
    let results = try TrainingProcesses.run(2) { group in
      try DataParallelFixture.weights(in: #require(group))
    }
    for result in results {
      let weights = try result.get()
      #expect(Set(weights.keys) == Set(expected.keys))
      for (name, sample) in expected {
        let values = try #require(weights[name]).map(Double.init)
        let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(norm - sample.norm) < 1e-5 * sample.norm, "\(name)")
        for (value, wanted) in zip(values, sample.first) {
          #expect(abs(value - wanted) < 1e-5 * sample.norm, "\(name)")
        }
      }
    }
  }

  @Test func localNormalizationIsAnotherTrainingWithEqualStatistics() throws {
    let network = try Self.network()
    var experiment = Self.experiment(network)
    let whole = try TrainingProcesses.states(2, of: experiment, network: network, steps: 3)
    experiment.recipe.batchNorm = .local
    let local = try TrainingProcesses.states(2, of: experiment, network: network, steps: 3)
    #expect(local[0] == local[1])
    #expect(relativeDistance(local[0], whole[0]) > 1e-4)
  }
}

/// The training of `Fixtures/make_data_parallel.py`.
private enum DataParallelFixture {
  private static let (imageCount, steps, rate) = (8, 3, 0.05)

  private static func network() throws -> Network {
    func convolution(_ name: String, _ channels: Int, _ input: String, stride: Int = 1) -> Layer {
      Layer(
        name,
        .convolution(
          Convolution(
            outputChannels: channels, kernelSize: 3, stride: stride, padding: .symmetric(1))),
        inputs: [input])
    }
    func normalization(_ name: String, _ input: String) -> Layer {
      Layer(name, .batchNorm(epsilon: 1e-5, momentum: 0.1), inputs: [input])
    }
    return try Network(
      name: "small", input: ImageShape(channels: 3, height: 8, width: 8),
      layers: [
        convolution("conv1", 8, "input"), normalization("bn1", "conv1"),
        Layer("first", .relu, inputs: ["bn1"]),
        convolution("conv2", 8, "first"), Layer("sum", .add, inputs: ["conv2", "first"]),
        normalization("bn2", "sum"), Layer("second", .relu, inputs: ["bn2"]),
        convolution("conv3", 16, "second", stride: 2), normalization("bn3", "conv3"),
        Layer("third", .silu, inputs: ["bn3"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["third"]),
        Layer("fc", .linear(outputs: 10), inputs: ["pool"]),
      ])
  }

  /// A batch of images a step.
  private final class Batches: BatchSource {
    private let images: ImageTensors

    init() throws {
      let numbers = (0..<steps).flatMap { fixtureNumbers(imageCount * 3 * 64, phase: 1000 + $0) }
      let labels = (0..<steps).flatMap { step in
        (0..<imageCount).map { Int64(($0 * 3 + step) % 10) }
      }
      images = try ImageTensors(
        ImageSplit(
          name: "fixture", height: 8, width: 8,
          pixels: numbers.map { UInt8((($0 + 1) * 127.5).rounded(.down)) }, labels: labels,
          classNames: (0..<10).map(String.init)))
    }

    func batch(epoch: Int, step: Int) -> BatchImages {
      let plain = Augmentation(cropPadding: 0, flips: false)
      let indices = Array(step * imageCount..<(step + 1) * imageCount)
      let draws = indices.map { _ in Augmentation.Draw(top: 0, left: 0, isFlipped: false) }
      return .places(plain.places(of: indices, draws, in: images), in: images)
    }
  }

  /// The trainable parameters of one process after the last step.
  static func weights(in group: TrainingGroup) throws -> [String: [Float]] {
    let model = try Model(network(), generator: Generator(seed: 1))
    var recipe = Recipe(.fast)
    (recipe.batchSize, recipe.batchNorm) = (imageCount, .local)
    let trainable = model.parameters.filter(\.isTrainable)
    try withoutGradients {
      for (phase, parameter) in trainable.enumerated() {
        let count = parameter.shape.reduce(1, *)
        let numbers = fixtureNumbers(count, phase: phase)
        let fan = Float(count / parameter.shape[0])
        let values: [Float] =
          switch parameter.kind {
          case .convolutionWeight: numbers.map { $0 * (6 / fan).squareRoot() }
          case .linearWeight: numbers.map { $0 * 0.2 }
          case .normalizationWeight: numbers.map { $0 * 0.1 + 1 }
          default: numbers.map { $0 * 0.1 }
          }
        try model[parameter.name]?.copy(from: Tensor(values, shape: parameter.shape))
      }
    }
    let step = try ShardedStep(
      model, recipe.optimizer(of: model),
      Normalization(mean: [128, 128, 128], standardDeviation: [64, 64, 64]), recipe, group)
    let batches = try Batches()
    for number in 0..<steps {
      let place = StepPlace(epoch: 0, step: number, learningRate: rate, dropoutSeed: 0)
      _ = try step.run(place, from: batches)
    }
    var weights: [String: [Float]] = [:]
    for parameter in trainable {
      weights[parameter.name] = try model[parameter.name]?.detached().elements()
    }
    return weights
  }
}
