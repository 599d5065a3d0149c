import Networks
import Testing

@Suite struct EfficientNetTests {
  /// Parameters and multiply-accumulates as `torch.utils.flop_counter` (half its FLOPs) counts timm 1.0.31's
  /// `tf_efficientnet_b*` and `efficientnet_b*`, which cost the same.
  @Test(
    arguments: [
      ("b0", 5_288_548, 385_814_752), ("b1", 7_794_184, 686_802_832),
      ("b2", 9_109_994, 993_561_872), ("b3", 12_233_232, 1_827_141_392),
      ("b4", 19_341_616, 4_393_771_024), ("b5", 30_389_784, 10_266_384_752),
      ("b6", 43_040_704, 19_067_593_536), ("b7", 66_347_960, 37_745_884_192),
    ], ["", "-symmetric"])
  func countsEqualPyTorchs(_ expected: (String, Int, Int), flavor: String) throws {
    let (scale, parameters, macs) = expected
    let cost = try Network(named: "efficientnet-\(scale)\(flavor)").cost
    #expect(cost.parameters == parameters)
    #expect(cost.multiplyAccumulates == macs)
  }

  /// Parameters and multiply-accumulates as `torch.utils.flop_counter` counts the networks of efficientnet-lite-pytorch 0.1.0.
  @Test(
    arguments: [
      ("lite0", 4_652_008, 385_187_552), ("lite1", 5_416_680, 600_185_232),
      ("lite2", 6_092_072, 859_736_272),
    ], ["", "-symmetric"])
  func liteCountsEqualPyTorchs(_ expected: (String, Int, Int), flavor: String) throws {
    let (scale, parameters, macs) = expected
    let network = try Network(named: "efficientnet-\(scale)\(flavor)")
    #expect(network.cost.parameters == parameters)
    #expect(network.cost.multiplyAccumulates == macs)
    #expect(network.layers.contains { $0.operation == .relu6 })
    #expect(!network.layers.contains { [.silu, .scale].contains($0.operation) })
  }

  @Test func aHeadOfOtherClassesAndAnotherSize() throws {
    let network = try Network(named: "efficientnet-b0", inputSize: 65, classes: 7)
    #expect(network.classes == 7)
    // SAME padding halves upwards, five times.
    let maps = zip(network.layers, network.shapes).first { $0.0.name == "conv_head" }
    #expect(maps?.1 == .map(ImageShape(channels: 1280, height: 3, width: 3)))
  }

  /// Survival falls evenly from the first block to the last, and blocks that change the shape have no shortcut.
  @Test func stochasticDepthGrowsWithDepth() throws {
    let layers = try EfficientNet(.b0).network.layers
    let rates = layers.compactMap { layer -> Double? in
      if case .dropPath(let rate) = layer.operation { rate } else { nil }
    }
    #expect(rates == [2, 4, 6, 7, 9, 10, 12, 13, 14].map { 0.2 * Double($0) / 16 })
    #expect(layers.count { $0.operation == .add } == rates.count)
  }

  @Test func sameZerosAreTensorFlows() {
    func zeros(_ size: Int, _ kernelSize: Int, _ stride: Int) -> [Int] {
      let convolution = Convolution(
        outputChannels: 1, kernelSize: kernelSize, stride: stride, padding: .same)
      let (before, after) = convolution.zeros(size: size)
      return [before, after]
    }
    #expect(zeros(224, 3, 2) == [0, 1])
    #expect(zeros(225, 3, 2) == [1, 1])
    #expect(zeros(7, 5, 1) == [2, 2])
    #expect(zeros(112, 5, 2) == [1, 2])
    #expect(zeros(1, 1, 2) == [0, 0])
  }

  @Test(arguments: ["efficientnet-b8", "efficientnet-b0-tf", "efficientnet", "efficientnet-b0-"])
  func otherNamesAreRefused(name: String) {
    #expect(throws: NetworkError.unknownName(name)) { _ = try Network(named: name) }
  }
}
