import ArchitectureSearch
import Networks
import Runs
import TestSupport
import Testing
import Torch

@testable import SearchTraining
@testable import Training

/// Networks on parts of shared weights against the same networks with weights of their own.
@Suite struct SharedWeightsTests {
  private static let wide = WideResNetSpace(
    inputSize: 8,
    groups: [
      .init(blocks: [1, 2], channels: [8, 16]), .init(blocks: [1, 2], channels: [16, 24]),
    ])

  private static let mobile = MobileSpace(
    inputSize: 8, classes: 10, stem: 8, stemStride: 1, head: 32,
    stages: [
      .init(
        stride: 2, kernelSizes: [3, 5], expansions: [1, 2], squeezeRatios: [0, 0.25],
        blocks: [1, 2], channels: [8, 16], skips: [true, false])
    ], dropout: 0, dropPathRate: 0, conventions: .symmetric)

  private func sharedWeights(_ space: any SearchSpace) throws -> SharedWeights {
    try SharedWeights(
      SharedWeights.largestParameters(of: space), space.initialization(),
      generator: Generator(seed: 1), device: .cpu, precision: .float32)
  }

  /// All architectures of a small space.
  private func architectures(_ space: any SearchSpace) -> [Architecture] {
    space.decisions.reduce([Architecture([])]) { beginnings, decision in
      beginnings.flatMap { beginning in
        decision.options.indices.map { Architecture(beginning.choices + [$0]) }
      }
    }
  }

  @Test(arguments: [wide as any SearchSpace, mobile])
  func everyNetworkRunsOnItsPart(_ space: any SearchSpace) throws {
    let weights = try sharedWeights(space)
    let images = try Tensor.normal(
      [4, 3, 8, 8], standardDeviation: 1, generator: Generator(seed: 2))
    for architecture in architectures(space) {
      let network = try space.network(architecture)
      let shared = try weights.model(of: network)
      let own = try Model(network, generator: Generator(seed: 3))
      try withoutGradients {
        for parameter in own.parameters where parameter.isTrainable {
          let part = try #require(shared[parameter.name])
          #expect(try part.shape() == parameter.shape)
          try #require(own[parameter.name]).copy(from: part)
        }
        // By the batch's statistics in both, outside of training in one of them.
        let expected: [Float] = try own.logits(images, training: true).elements()
        let logits: [Float] = try shared.logits(images, training: false).elements()
        for (one, other) in zip(expected, logits) { #expect(abs(one - other) < 1e-3) }
      }
    }
  }

  /// A kernel of 3 is the middle of one of 5; the first channels are used.
  @Test func partsAreTheFirstChannelsAndTheMiddleOfKernels() throws {
    let weights = try sharedWeights(Self.mobile)
    let network = try Self.mobile.network(Architecture([0, 1, 0, 0, 0, 0]))
    let part = try #require(weights.model(of: network)["blocks.0.0.conv_dw.weight"])
    let whole = try #require(
      weights.state.first { $0.name == "blocks.0.0.conv_dw.weight" }
    ).tensor
    #expect(try part.shape() == [16, 1, 3, 3])
    #expect(try whole.shape() == [16, 1, 5, 5])
    let (small, large): ([Float], [Float]) = (try part.elements(), try whole.elements())
    for channel in 0..<16 {
      for row in 0..<3 {
        for column in 0..<3 {
          #expect(
            small[(channel * 3 + row) * 3 + column]
              == large[(channel * 5 + row + 1) * 5 + column + 1])
        }
      }
    }
  }

  /// Only what a path uses has gradients; a step moves that and nothing else.
  @Test func aStepMovesThePartOfItsPathOnly() throws {
    let weights = try sharedWeights(Self.wide)
    let optimizer = try Recipe(.fast).optimizer(
      of: weights.parameters, weights.state.map(\.tensor))
    let before: [[Float]] = try weights.state.map { try $0.tensor.elements() }
    let images = try Tensor.normal(
      [4, 3, 8, 8], standardDeviation: 1, generator: Generator(seed: 2))
    let smallest = try Self.wide.network(Architecture([0, 0, 0, 0]))
    let logits = try weights.model(of: smallest).logits(images, training: true)
    try logits.crossEntropy(Tensor([Int64](0..<4), shape: [4])).backward()
    try optimizer.step(learningRate: 0.1)
    let used = Set(smallest.parameters.map(\.name))
    for ((name, tensor), earlier) in zip(weights.state, before) {
      let now: [Float] = try tensor.elements()
      #expect((now != earlier) == used.contains(name), "\(name)")
    }
  }

  @Test func weightsAreReadAsTheyWereWritten() throws {
    let directory = try TemporaryDirectory()
    let weights = try sharedWeights(Self.mobile)
    let path = directory.path + "/weights.safetensors"
    try weights.write(to: path, identity: "t")
    let read = try SharedWeights(
      weights.parameters, Self.mobile, device: .cpu, precision: .float32, path: path)
    for (one, other) in zip(weights.state, read.state) {
      let (first, second): ([Float], [Float]) = (
        try one.tensor.elements(), try other.tensor.elements()
      )
      #expect(first == second)
    }
  }
}
