import Networks
import Testing

@Suite struct WideResNetTests {
  /// Parameters and multiply-accumulates as `torch.utils.flop_counter` (half its FLOPs) counts them.
  @Test(arguments: [
    ("wide-resnet-16-1", 175_066, 26_657_408),
    ("wide-resnet-16-2", 691_674, 101_106_944),
    ("wide-resnet-16-4", 2_748_890, 392_612_352),
    ("wide-resnet-16-8", 10_961_370, 1_548_145_664),
    ("wide-resnet-28-10", 36_479_194, 5_243_328_768),
    ("wide-resnet-40-2", 2_243_546, 327_599_360),
  ])
  func countsEqualPyTorchs(name: String, parameters: Int, macs: Int) throws {
    let cost = try Network(named: name).cost()
    #expect(cost.parameters == parameters)
    #expect(cost.multiplyAccumulates == macs)
    #expect(cost.floatingPointOperations == 2 * macs)
  }

  @Test func aWidthOfOneHasNoShortcutInTheFirstGroup() throws {
    let names = try Network(named: "wide-resnet-16-1").layers.map(\.name)
    #expect(
      names.filter { $0.hasSuffix("shortcut") } == ["blocks.2.shortcut", "blocks.4.shortcut"])
  }

  @Test func dropoutStandsBeforeTheSecondConvolution() throws {
    let layers = try WideResNet(depth: 10, widenFactor: 1, dropout: 0.3).network.layers
    let second = try #require(layers.first { $0.name == "blocks.0.conv2" })
    #expect(second.inputs == ["blocks.0.dropout"])
  }

  @Test(arguments: ["wide-resnet-15-1", "wide-resnet-16-0", "wide-resnet-4-1", "wide-resnet", ""])
  func otherNamesAreRefused(name: String) {
    #expect(throws: NetworkError.self) { _ = try Network(named: name) }
  }
}
