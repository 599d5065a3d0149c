import Foundation
import Networks
import Testing

@Suite struct PackedWideResNetTests {
  /// As PyTorch counts the packed layers of torch-uncertainty 0.13: `PackedWideResNet` of
  /// Tests/Training/TrainingTests/Fixtures/make_economy.py, and `torch.utils.flop_counter` (half its FLOPs).
  @Test(arguments: [
    ("packed-wide-resnet-10-1-m4-a2-g1", 79_432, 12_944_640),
    ("packed-wide-resnet-16-4-m4-a2-g1", 2_755_528, 393_057_280),
    ("packed-wide-resnet-16-2-m2-a1.5-g1", 779_468, 113_911_680),
    ("packed-wide-resnet-10-8-m2-a2-g2", 4_794_292, 663_595_008),
    ("packed-wide-resnet-28-10-m4-a2-g2", 19_352_008, 3_526_734_336),
  ])
  func countsEqualPyTorchs(name: String, parameters: Int, macs: Int) throws {
    let network = try Network(named: name)
    #expect(network.name == name && network.classes == 10)
    #expect(network.totals.parameters == parameters)
    #expect(network.totals.multiplyAccumulates == macs)
    let read = try JSONDecoder().decode(Network.self, from: JSONEncoder().encode(network))
    #expect(read == network)
  }

  @Test(arguments: [
    ("packed-wide-resnet-16-1-m3-a2-g1", "cannot be parted among 3 members"),
    ("packed-wide-resnet-16-1-m4-a0-g1", "alpha above 0"),
    ("packed-wide-resnet-16-1-m0-a2-g1", "members and gamma"),
    ("packed-wide-resnet-16-1-m4-a2-g0", "members and gamma"),
    ("packed-wide-resnet-15-1-m4-a2-g1", "the depth must be"),
    ("packed-wide-resnet-16-1-m4-a2.0-g1", "no network is called"),
    ("packed-wide-resnet-16-1-m4-anan-g1", "alpha above 0"),
    ("packed-wide-resnet-16-1-m4-a1e9-g1", "no network is called"),
    ("packed-wide-resnet-16-1-m4-g1-a2", "no network is called"),
    ("packed-wide-resnet-16-1", "no network is called"),
  ])
  func otherNamesAreRefused(name: String, reason: String) {
    let error = #expect(throws: NetworkError.self) { try Network(named: name) }
    #expect(error.map { "\($0)".contains(reason) } ?? false, "\(String(describing: error))")
  }

  @Test func aMeanOfMembersStandsLastAndPartsItsChannels() throws {
    let input = ImageShape(channels: 3, height: 4, width: 4)
    func network(_ channels: Int, _ rest: [Layer]) throws -> Network {
      try Network(
        name: "n", input: input,
        layers: [
          Layer(
            "conv",
            .convolution(outputChannels: channels, kernelSize: 1, stride: 1, padding: 0),
            inputs: ["input"]),
          Layer("pool", .globalAveragePool(keepsDimensions: true), inputs: ["conv"]),
        ] + rest)
    }
    let mean = Layer("mean", .memberMean(members: 3), inputs: ["pool"])
    #expect(try network(6, [mean]).classes == 2)
    for (channels, layers, reason) in [
      (4, [mean], "among 3 members"),
      (6, [Layer("mean", .memberMean(members: 3), inputs: ["conv"])], "among 3 members"),
      (6, [Layer("mean", .memberMean(members: 0), inputs: ["pool"])], "among 0 members"),
      (6, [mean, Layer("relu", .relu, inputs: ["mean"])], "must be the last layer"),
    ] {
      let error = #expect(throws: NetworkError.self) { try network(channels, layers) }
      #expect(error.map { "\($0)".contains(reason) } ?? false, "\(String(describing: error))")
    }
  }
}
