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
    let cost = try Network(named: name).cost
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

  @Test func groupsOfOneDepthAndDoubledWidthsAreTheOriginal() throws {
    typealias Group = WideResNet.Group
    let original = try WideResNet(depth: 16, widenFactor: 4, classes: 7, dropout: 0.3).network
    let groups = [64, 128, 256].map { Group(blocks: 2, channels: $0) }
    let same = try WideResNet(name: original.name, groups: groups, classes: 7, dropout: 0.3)
    #expect(same.network == original)
  }

  /// Counts as PyTorch has them: Fixtures/make_counts.py. A group as wide as the one before needs a shortcut too, for it
  /// halves the sides.
  @Test(arguments: [
    ([(1, 24), (3, 24), (2, 56)], 32, 140_682, 24_072_752),
    ([(2, 16), (1, 16), (1, 40), (1, 8)], 45, 39_594, 25_241_472),
  ])
  func unevenGroups(_ groups: [(Int, Int)], size: Int, parameters: Int, macs: Int) throws {
    let network = try WideResNet(
      name: "uneven", groups: groups.map { .init(blocks: $0, channels: $1) }, inputSize: size
    ).network
    let totals = network.totals
    #expect(totals.parameters == parameters)
    #expect(totals.multiplyAccumulates == macs)
  }

  @Test func badGroupsAreRefused() {
    let cases: [(String, [WideResNet.Group], Double)] = [
      ("at least one group", [], 0),
      ("group 0: the blocks", [.init(blocks: 0, channels: 16)], 0),
      ("group 0: the channels", [.init(blocks: 1, channels: 0)], 0),
      (
        "more than 10000 blocks",
        [.init(blocks: 9999, channels: 1), .init(blocks: 2, channels: 1)], 0
      ),
      ("the dropout", [.init(blocks: 1, channels: 16)], -0.1),
      ("the dropout", [.init(blocks: 1, channels: 16)], 1),
    ]
    for (reason, groups, dropout) in cases {
      let error = #expect(throws: NetworkError.self) {
        try WideResNet(name: "bad", groups: groups, dropout: dropout)
      }
      switch error {
      case .invalidNumber("bad", let found)?, .invalidParameter(_, let found)?:
        #expect(found.contains(reason))
      default: Issue.record("\(reason): \(String(describing: error))")
      }
    }
  }

  @Test(arguments: [
    ("wide-resnet-15-1", NetworkError.invalidWideResNet(depth: 15, widenFactor: 1)),
    ("wide-resnet-16-0", .invalidWideResNet(depth: 16, widenFactor: 0)),
    ("wide-resnet-4-1", .invalidWideResNet(depth: 4, widenFactor: 1)),
    ("wide-resnet", .unknownName("wide-resnet")), ("", .unknownName("")),
  ])
  func otherNamesAreRefused(name: String, error: NetworkError) {
    #expect(throws: error) { _ = try Network(named: name) }
  }
}
