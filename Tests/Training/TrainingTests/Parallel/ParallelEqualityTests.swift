import Datasets
import Networks
import Runs
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
