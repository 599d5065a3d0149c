import Networks
import Testing

@Suite struct MobileNetworkTests {
  private typealias Stage = MobileNetwork.Stage

  @Test(arguments: [EfficientNet.Flavor.tensorFlow, .symmetric])
  func efficientNetIsOne(flavor: EfficientNet.Flavor) throws {
    let stages = [
      Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 16),
      Stage(blocks: 2, kernelSize: 3, stride: 2, expansion: 6, channels: 24),
      Stage(blocks: 2, kernelSize: 5, stride: 2, expansion: 6, channels: 40),
      Stage(blocks: 3, kernelSize: 3, stride: 2, expansion: 6, channels: 80),
      Stage(blocks: 3, kernelSize: 5, stride: 1, expansion: 6, channels: 112),
      Stage(blocks: 4, kernelSize: 5, stride: 2, expansion: 6, channels: 192),
      Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 6, channels: 320),
    ]
    let expected = try EfficientNet(.b0, flavor: flavor).network
    let mobile = try MobileNetwork(
      name: expected.name, inputSize: 224, stem: 32, stemStride: 2, stages: stages, head: 1280,
      classes: 1000, flavor: flavor)
    #expect(mobile.network == expected)
    #expect(mobile.network.totals.parameters == 5_288_548)
    #expect(mobile.network.totals.multiplyAccumulates == 385_814_752)
  }

  /// Counts as PyTorch has them of timm's networks: Fixtures/make_counts.py.
  @Test func withoutSqueezeAndSkip() throws {
    func stage(_ blocks: Int, _ kernel: Int, _ stride: Int, _ expansion: Int, to channels: Int)
      -> Stage
    {
      Stage(
        blocks: blocks, kernelSize: kernel, stride: stride, expansion: expansion,
        channels: channels, squeezeRatio: 0, hasSkip: false)
    }
    let mobile = try MobileNetwork(
      name: "plain", inputSize: 67, stem: 24, stemStride: 2,
      stages: [
        stage(1, 3, 1, 1, to: 12), stage(2, 5, 2, 3, to: 20), stage(3, 7, 2, 4, to: 36),
      ], head: 100, classes: 10)
    #expect(mobile.network.totals.parameters == 57_434)
    #expect(mobile.network.totals.multiplyAccumulates == 7_554_872)
    let operations = mobile.network.layers.map(\.operation)
    #expect(
      !operations.contains {
        [.add, .scale, .globalAveragePool(keepsDimensions: true)].contains($0)
      })
  }

  /// Channels that are no multiples of 8, and squeezed ones half-way between two numbers.
  @Test func squeezedChannelsAreRoundedAsInTimm() throws {
    let mobile = try MobileNetwork(
      name: "squeezed", inputSize: 32, stem: 10, stemStride: 1,
      stages: [
        Stage(blocks: 2, kernelSize: 3, stride: 1, expansion: 1, channels: 10),
        Stage(blocks: 2, kernelSize: 3, stride: 2, expansion: 6, channels: 22),
        Stage(
          blocks: 2, kernelSize: 5, stride: 1, expansion: 3, channels: 22, squeezeRatio: 0),
        Stage(
          blocks: 1, kernelSize: 5, stride: 2, expansion: 2, channels: 30, squeezeRatio: 0.5),
      ], head: 64, classes: 10)
    #expect(mobile.network.totals.parameters == 30_259)
    #expect(mobile.network.totals.multiplyAccumulates == 6_407_864)
    #expect(mobile.network.layers.count { $0.operation == .add } == 5)
  }

  @Test func numbersOutOfRangeNameTheStage() {
    let good = Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 8)
    func bad(_ change: (inout Stage) -> Void) -> Stage {
      var stage = good
      change(&stage)
      return stage
    }
    let stages = [
      bad { $0.blocks = 0 }, bad { $0.blocks = .max }, bad { $0.kernelSize = 4 },
      bad { $0.kernelSize = -1 }, bad { $0.stride = 0 }, bad { $0.expansion = 0 },
      bad { $0.expansion = .max }, bad { $0.channels = 0 }, bad { $0.channels = .max },
      bad { $0.squeezeRatio = -0.1 }, bad { $0.squeezeRatio = 1.1 },
      bad { $0.squeezeRatio = .nan },
    ]
    for stage in stages {
      let error = #expect(throws: NetworkError.self) { try Self.network(stages: [good, stage]) }
      guard case .invalidNumber("bad", let reason)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(reason.hasPrefix("stage 1: the "))
    }
  }

  @Test func otherNumbersOutOfRangeAreRefused() {
    let stage = Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 8)
    let many = Stage(blocks: 6000, kernelSize: 3, stride: 1, expansion: 1, channels: 8)
    let wide = Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 1 << 20, channels: 1 << 20)
    let cases: [(String, () throws -> MobileNetwork)] = [
      ("at least one stage", { try Self.network(stages: []) }),
      ("more than 10000 blocks", { try Self.network(stages: [many, many]) }),
      ("the stem's channels", { try Self.network(stages: [stage], stem: 0) }),
      ("the stem's stride", { try Self.network(stages: [stage], stemStride: 0) }),
      ("the head's channels", { try Self.network(stages: [stage], head: -1) }),
      ("stochastic depth", { try Self.network(stages: [stage], dropPathRate: .nan) }),
      ("dropout rate", { try Self.network(stages: [stage], dropout: 1) }),
      ("a number is above", { try Self.network(stages: [wide]) }),
    ]
    for (reason, make) in cases {
      let error = #expect(throws: NetworkError.self) { try make() }
      switch error {
      case .invalidNumber("bad", let found)?, .invalidParameter(_, let found)?:
        #expect(found.contains(reason))
      default: Issue.record("\(reason): \(String(describing: error))")
      }
    }
  }

  @discardableResult
  private static func network(
    stages: [Stage], stem: Int = 8, stemStride: Int = 2, head: Int = 8, dropout: Double = 0.2,
    dropPathRate: Double = 0.2
  ) throws -> MobileNetwork {
    try MobileNetwork(
      name: "bad", inputSize: 32, stem: stem, stemStride: stemStride, stages: stages, head: head,
      classes: 10, dropout: dropout, dropPathRate: dropPathRate)
  }
}
