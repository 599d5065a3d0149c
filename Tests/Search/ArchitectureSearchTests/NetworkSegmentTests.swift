import ArchitectureSearch
import Networks
import Testing

@Suite struct NetworkSegmentTests {
  @Test func aWideResNetFallsIntoItsBlocks() throws {
    let segments = try Network(named: "wide-resnet-16-1").segments()
    #expect(
      segments.map(\.text) == [
        "3 x 32 x 32: conv16/3",
        "16 x 32 x 32: bn relu conv16/3 bn relu conv16/3 add",
        // The next block projects what comes out of its first activation, so that this is all it needs.
        "16 x 32 x 32: bn relu conv16/3 bn relu conv16/3 add bn relu",
        "16 x 32 x 32: conv32/3s2 bn relu conv32/3 conv32/1s2 add",
        "32 x 16 x 16: bn relu conv32/3 bn relu conv32/3 add bn relu",
        "32 x 16 x 16: conv64/3s2 bn relu conv64/3 conv64/1s2 add",
        "64 x 8 x 8: bn relu conv64/3 bn relu conv64/3 add bn relu",
        "64 x 8 x 8: pool linear10",
      ])
    #expect(segments[3].steps.map(\.first) == [0, 1, 2, 3, 0, 4])
    #expect(segments[3].steps.map(\.second) == [nil, nil, nil, nil, nil, 5])
    #expect(segments[1].steps.last == NetworkSegment.Step(.add, first: 6, second: 0))
  }

  @Test func aBlockWithoutShortcutFallsIntoItsConvolutions() throws {
    let segments = try Network(named: "efficientnet-b0").segments()
    #expect(
      segments.prefix(3).map(\.text) == [
        "3 x 224 x 224: conv32/3s2 bn silu",
        "32 x 112 x 112: conv32/3g32 bn silu squeeze conv8/1 silu conv32/1 sigmoid scale",
        "32 x 112 x 112: conv16/1 bn",
      ])
    #expect(segments[1].steps.last == NetworkSegment.Step(.scale, first: 3, second: 8))
  }

  @Test func aBlockWithShortcutIsOneSegmentAndLacksWhatOnlyTrainingsDo() throws {
    let network = try Network(named: "efficientnet-b0")
    #expect(network.layers.contains { $0.name == "blocks.1.1.drop_path" })
    let segments = network.segments()
    #expect(
      segments[6].text
        == "24 x 56 x 56: conv144/1 bn silu conv144/3g144 bn silu squeeze conv6/1 silu conv144/1 "
        + "sigmoid scale conv24/1 bn add")
    // The rate of the stochastic depth differs, nothing else.
    #expect(segments[14] == segments[15])
  }

  @Test func withoutExcitationTheConvolutionsAreAlone() throws {
    let network = try Network(
      name: "inverted", input: ImageShape(channels: 3, height: 8, width: 8),
      layers: [
        Layer("stem", .convolution(Self.convolution(8)), inputs: ["input"]),
        Layer("widen", .convolution(Self.convolution(24, kernelSize: 1)), inputs: ["stem"]),
        Layer("silu", .silu, inputs: ["widen"]),
        Layer("depth", .convolution(Self.convolution(24, groups: 24)), inputs: ["silu"]),
        Layer("narrow", .convolution(Self.convolution(8, kernelSize: 1)), inputs: ["depth"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["narrow"]),
        Layer("dropout", .dropout(rate: 0.2), inputs: ["pool"]),
        Layer("head", .linear(outputs: 5), inputs: ["dropout"]),
      ])
    #expect(
      network.segments().map(\.text) == [
        "3 x 8 x 8: conv8/3", "8 x 8 x 8: conv24/1 silu", "24 x 8 x 8: conv24/3g24",
        "24 x 8 x 8: conv8/1", "8 x 8 x 8: pool linear5",
      ])
  }

  @Test func aStemKeepsItsMaximumAndALastPoolingItsConvolution() throws {
    let resNet = try Network(named: "resnet-18").segments()
    #expect(resNet[0].text == "3 x 224 x 224: conv64/7s2 bn relu max3")
    let convolutional = try Network(
      name: "convolutional", input: ImageShape(channels: 3, height: 8, width: 8),
      layers: [
        Layer("stem", .convolution(Self.convolution(8)), inputs: ["input"]),
        Layer("head", .convolution(Self.convolution(5, kernelSize: 1)), inputs: ["stem"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["head"]),
      ])
    #expect(
      convolutional.segments().map(\.text) == ["3 x 8 x 8: conv8/3", "8 x 8 x 8: conv5/1 pool"])
  }

  @Test(arguments: ["wide-resnet-16-4", "resnet-18", "resnet-50", "efficientnet-b3"])
  func segmentsOneAfterAnotherAreTheNetwork(name: String) throws {
    let network = try Network(named: name)
    var layers: [Layer] = []
    var shape = FeatureShape.map(network.input)
    for (index, segment) in network.segments().enumerated() {
      #expect(shape == .map(segment.input))
      shape = try segment.output()
      layers += segment.layers(
        prefix: "\(index)", reading: layers.last?.name ?? Network.inputName)
    }
    let joined = try Network(name: name, input: network.input, layers: layers)
    let (wanted, found) = (network.cost, joined.cost)
    #expect(found.parameters == wanted.parameters)
    #expect(found.multiplyAccumulates == wanted.multiplyAccumulates)
  }

  @Test func manyLayersBackAreFound() throws {
    var layers = [Layer("stem", .convolution(Self.convolution(4)), inputs: ["input"])]
    for index in 0..<100 {
      layers.append(
        Layer("\(index)", .convolution(Self.convolution(4)), inputs: [layers[index].name]))
    }
    layers.append(Layer("add", .add, inputs: ["99", "stem"]))
    layers.append(Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["add"]))
    layers.append(Layer("head", .linear(outputs: 2), inputs: ["pool"]))
    let segments = try Network(
      name: "far", input: ImageShape(channels: 3, height: 4, width: 4), layers: layers
    ).segments()
    #expect(segments.map(\.steps.count) == [1, 101, 2])
    #expect(segments[1].steps.last == NetworkSegment.Step(.add, first: 100, second: 0))
  }

  private static func convolution(
    _ outputs: Int, kernelSize: Int = 3, groups: Int = 1
  ) -> Convolution {
    Convolution(
      outputChannels: outputs, kernelSize: kernelSize, padding: .half(of: kernelSize),
      groups: groups)
  }
}

extension NetworkSegment {
  /// Such as "16 x 32 x 32: bn relu conv16/3".
  fileprivate var text: String {
    "\(FeatureShape.map(input)): " + steps.map(\.operation.text).joined(separator: " ")
  }
}

extension Layer.Operation {
  fileprivate var text: String {
    switch self {
    case .convolution(let convolution):
      "conv\(convolution.outputChannels)/\(convolution.kernelSize)"
        + (convolution.stride > 1 ? "s\(convolution.stride)" : "")
        + (convolution.groups > 1 ? "g\(convolution.groups)" : "")
    case .batchNorm: "bn"
    case .relu: "relu"
    case .relu6: "relu6"
    case .silu: "silu"
    case .sigmoid: "sigmoid"
    case .add: "add"
    case .scale: "scale"
    case .maxPool(let kernelSize, _, _): "max\(kernelSize)"
    case .globalAveragePool(keepsDimensions: false): "pool"
    case .globalAveragePool(keepsDimensions: true): "squeeze"
    case .dropout: "dropout"
    case .dropPath: "depth"
    case .linear(let outputs): "linear\(outputs)"
    case .memberMean(let members): "mean\(members)"
    }
  }
}
