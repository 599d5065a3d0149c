import Networks
import Testing

@Suite struct ResNetTests {
  /// Parameters and multiply-accumulates as `torch.utils.flop_counter` (half its FLOPs) counts torchvision 0.26's; for
  /// the small ones, sums over their layers: 16, 32 and 64 channels at 32, 16 and 8 pixels, N blocks each.
  @Test(arguments: [
    ("resnet-18", 11_689_512, 1_814_073_344),
    ("resnet-34", 21_797_672, 3_663_761_408),
    ("resnet-50", 25_557_032, 4_089_184_256),
  ])
  func countsEqualTorchvisions(name: String, parameters: Int, macs: Int) throws {
    let cost = try Network(named: name).cost
    #expect(cost.parameters == parameters)
    #expect(cost.multiplyAccumulates == macs)
  }

  @Test(arguments: [(20, 3), (32, 5), (44, 7), (56, 9), (110, 18)])
  func smallOnesFollowTheFormula(depth: Int, blocks: Int) throws {
    // Normalisations have two numbers a channel; two shortcuts of 1 x 1 join the three stages.
    let stages = [16, 32, 64]
    var (parameters, macs) = (3 * 9 * 16 + 2 * 16 + 64 * 10 + 10, 3 * 9 * 16 * 1024 + 640)
    for (index, channels) in stages.enumerated() {
      let (inputs, positions) = (index == 0 ? 16 : channels / 2, 1024 >> (2 * index))
      let weights = 9 * (inputs * channels + (2 * blocks - 1) * channels * channels)
      let shortcut = index == 0 ? 0 : inputs * channels
      parameters += weights + shortcut + 2 * channels * (2 * blocks + (index == 0 ? 0 : 1))
      macs += positions * (weights + shortcut)
    }
    let cost = try Network(named: "resnet-\(depth)").cost
    #expect(cost.parameters == parameters)
    #expect(cost.multiplyAccumulates == macs)
  }

  @Test(arguments: [
    ("resnet-19", NetworkError.invalidResNet(depth: 19)), ("resnet-0", .invalidResNet(depth: 0)),
    ("resnet-", .unknownName("resnet-")),
  ])
  func otherDepthsAreRefused(name: String, error: NetworkError) {
    #expect(throws: error) { _ = try Network(named: name) }
  }
}
