import Foundation
import Networks
import Testing

@Suite struct NetworkTests {
  private static func network(_ layers: [Layer]) throws(NetworkError) -> Network {
    try Network(
      name: "test", input: ImageShape(channels: 3, height: 8, width: 8), layers: layers)
  }
  private static let stem = Layer(
    "stem", .convolution(outputChannels: 4, kernelSize: 3, stride: 1, padding: 1), inputs: ["input"]
  )
  private static let pool = Layer(
    "pool", .globalAveragePool(keepsDimensions: false), inputs: ["stem"])
  private static let head = Layer("head", .linear(outputs: 2), inputs: ["pool"])

  @Test func shapesFollowTheLayers() throws {
    let network = try Self.network([Self.stem, Self.pool, Self.head])
    let map = FeatureShape.map(ImageShape(channels: 4, height: 8, width: 8))
    #expect(network.shapes == [map, .vector(4), .vector(2)])
    #expect(network.classes == 2)
    // The stem's output lives beside the image; later layers are smaller.
    #expect(network.cost.peakActivationBytes == 4 * (3 * 64 + 4 * 64))
    #expect(network.cost.trainingActivationBytes == 4 * (4 * 64 + 4 + 2))
  }

  @Test(arguments: ["wide-resnet-16-2", "resnet-50", "efficientnet-b0"])
  func totalsAreTheSumsOfTheCost(name: String) throws {
    let network = try Network(named: name)
    let (totals, cost) = (network.totals, network.cost)
    #expect(totals.parameters == cost.parameters)
    #expect(totals.multiplyAccumulates == cost.multiplyAccumulates)
    #expect(totals.trainingActivationBytes == cost.trainingActivationBytes)
    #expect(totals.multiplyAccumulates == cost.layers.map(\.multiplyAccumulates).reduce(0, +))
    let learnt = network.parameters.filter(\.isTrainable).map(\.count)
    #expect(totals.parameters == learnt.reduce(0, +))
  }

  /// The stem's output is freed once, though it is read twice at one place.
  @Test func aLayerAddedToItselfIsAliveOnce() throws {
    let twice = Layer("twice", .add, inputs: ["stem", "stem"])
    let pool = Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["twice"])
    let cost = try Self.network([Self.stem, twice, pool, Self.head]).cost
    #expect(cost.peakActivationBytes == 4 * (4 * 64 + 4 * 64))
  }

  @Test func countsThatOverflowAreRefused() throws {
    let wide = Layer.Operation.convolution(
      outputChannels: 1 << 20, kernelSize: 1 << 20, stride: 1, padding: 1 << 19)
    #expect(throws: NetworkError.tooLarge(layer: "stem")) {
      _ = try Self.network([Layer("stem", wide, inputs: ["input"]), Self.pool, Self.head])
    }
  }

  @Test func parametersAreNamedAsInPyTorch() throws {
    let names = try Network(named: "wide-resnet-10-1").parameters.map(\.name)
    #expect(names.first == "stem.weight")
    #expect(names.contains("blocks.1.bn2.running_var"))
    #expect(names.suffix(2) == ["head.weight", "head.bias"])
  }

  @Test(arguments: [
    "wide-resnet-16-2", "resnet-50", "efficientnet-b0", "efficientnet-b0-symmetric",
  ])
  func jsonRoundTrips(name: String) throws {
    let network = try Network(named: name)
    let data = try JSONEncoder().encode(network)
    #expect(try JSONDecoder().decode(Network.self, from: data) == network)
  }

  /// A convolution without groups and bias, and a network that says nothing of its weights.
  @Test func whatIsLeftOutHasItsUsualValue() throws {
    let json = """
      {"name": "test", "input": {"channels": 3, "height": 8, "width": 8}, "layers": [
        {"name": "stem", "inputs": ["input"], "operation":
          {"convolution": {"outputChannels": 4, "kernelSize": 3, "stride": 1, "padding": 1}}},
        {"name": "pool", "inputs": ["stem"], "operation": {"globalAveragePool": {}}},
        {"name": "head", "inputs": ["pool"], "operation": {"linear": {"outputs": 2}}}]}
      """
    let network = try JSONDecoder().decode(Network.self, from: Data(json.utf8))
    #expect(try network == Self.network([Self.stem, Self.pool, Self.head]))
  }

  @Test(arguments: [
    #"{"relu": {}, "silu": {}}"#, #"{}"#, #"{"swish": {}}"#, #"{"linear": {}}"#,
    #"{"convolution": {"outputChannels": 4, "kernelSize": 3, "stride": 1, "padding": "valid"}}"#,
  ])
  func operationsThatMakeNoSenseAreRefused(json: String) {
    #expect(throws: DecodingError.self) {
      _ = try JSONDecoder().decode(Layer.Operation.self, from: Data(json.utf8))
    }
  }

  @Test func illFormedGraphsNameTheLayer() {
    let side = Layer(
      "side", .convolution(outputChannels: 4, kernelSize: 3, stride: 2, padding: 1),
      inputs: ["input"])
    let cases: [([Layer], NetworkError)] = [
      ([], .noLayers(network: "test")),
      ([Self.stem, Self.stem], .duplicateName(layer: "stem")),
      ([Layer("input", .relu, inputs: ["input"])], .duplicateName(layer: "input")),
      ([Self.pool, Self.stem], .unknownInput(layer: "pool", input: "stem")),
      ([Layer("self", .relu, inputs: ["self"])], .unknownInput(layer: "self", input: "self")),
      (
        [Layer("sum", .add, inputs: ["input"])],
        .wrongInputCount(layer: "sum", expected: 2, actual: 1)
      ),
      (
        [Self.stem, side, Layer("sum", .add, inputs: ["stem", "side"])],
        .shapeMismatch(layer: "sum", reason: "cannot add 4 x 8 x 8 and 4 x 4 x 4")
      ),
      ([Self.stem, side, Self.pool, Self.head], .unusedLayer(layer: "side")),
      ([Self.stem], .outputIsNotLogits(layer: "stem")),
    ]
    for (layers, expected) in cases {
      #expect(throws: expected) { _ = try Self.network(layers) }
    }
  }

  @Test func numbersOutOfRangeNameTheLayer() {
    let operations: [Layer.Operation] = [
      .convolution(outputChannels: 0, kernelSize: 3, stride: 1, padding: 1),
      .convolution(outputChannels: 4, kernelSize: 3, stride: 0, padding: 1),
      .convolution(outputChannels: 4, kernelSize: 3, stride: 1, padding: -1),
      .convolution(outputChannels: .max, kernelSize: 3, stride: 1, padding: 1),
      .batchNorm(epsilon: 0, momentum: 0.1),
      .batchNorm(epsilon: 1e-5, momentum: .nan),
      .dropout(rate: 1), .dropPath(rate: -0.1),
      .maxPool(kernelSize: 3, stride: 2, padding: 2),
      .maxPool(kernelSize: 0, stride: 2, padding: 0),
      .convolution(Convolution(outputChannels: 4, kernelSize: 3, padding: .same, groups: 2)),
      .convolution(Convolution(outputChannels: 4, kernelSize: 3, padding: .same, groups: 0)),
      .convolution(
        Convolution(outputChannels: 4, kernelSize: 3, stride: 0, padding: .same)),
    ]
    for operation in operations {
      let error = #expect(throws: NetworkError.self) {
        _ = try Self.network([Layer("bad", operation, inputs: ["input"])])
      }
      guard case .invalidParameter("bad", _)? = error else {
        Issue.record("\(operation): \(String(describing: error))")
        continue
      }
    }
    for operation: Layer.Operation in [
      .linear(outputs: 3), .convolution(outputChannels: 4, kernelSize: 99, stride: 1, padding: 1),
    ] {
      let error = #expect(throws: NetworkError.self) {
        _ = try Self.network([Layer("bad", operation, inputs: ["input"])])
      }
      guard case .shapeMismatch("bad", _)? = error else {
        Issue.record("\(operation): \(String(describing: error))")
        continue
      }
    }
  }
}

@Suite struct NetworkNameTests {
  /// As other libraries and papers call them.
  @Test(arguments: [
    ("resnet18", "resnet-18"), ("ResNet-50", "resnet-50"), ("resnet_20", "resnet-20"),
    ("resnet", "resnet-18"),
    ("wideresnet-16-4", "wide-resnet-16-4"), ("WRN-28-10", "wide-resnet-28-10"),
    ("wide_resnet28x10", "wide-resnet-28-10"), ("wide-resnet-16", "wide-resnet-16-1"),
    ("efficientnet", "efficientnet-b0"), ("efficientnet_b3", "efficientnet-b3"),
    ("tf_efficientnet_b0", "efficientnet-b0"),
    ("efficientnet-b1-simmetric", "efficientnet-b1-symmetric"),
  ])
  func aNearMissIsNamed(name: String, meant: String) {
    let error = #expect(throws: NetworkError.self) { _ = try Network(named: name) }
    #expect("\(error.map { "\($0)" } ?? "")".hasSuffix("(did you mean '\(meant)'?)"))
  }

  @Test(arguments: ["vgg16", "wide_resnet50_2", "", "x"])
  func whatIsFarIsNotGuessed(name: String) {
    let error = #expect(throws: NetworkError.self) { _ = try Network(named: name) }
    #expect(!"\(error.map { "\($0)" } ?? "")".contains("did you mean"))
  }
}
