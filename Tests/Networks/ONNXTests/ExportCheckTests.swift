import Networks
import Testing

@testable import ONNX

/// A model is read back before its file is written.
@Suite struct ExportCheckTests {
  private static let network = Result {
    try Network(
      name: "small", input: ImageShape(channels: 3, height: 4, width: 4),
      layers: [
        Layer(
          "conv",
          .convolution(Convolution(outputChannels: 2, kernelSize: 1, padding: .symmetric(0))),
          inputs: ["input"]),
        Layer("norm", .batchNorm(epsilon: 1e-5, momentum: 0.1), inputs: ["conv"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["norm"]),
        Layer("head", .linear(outputs: 3), inputs: ["pool"]),
      ])
  }

  private static func check(
    input: String = "images", classes: Int = 3, numbers: Int = 17,
    metadata: [String: String] = ["name": "x"]
  ) -> ExportedModelCheck {
    ExportedModelCheck(
      network: "small", inputs: [.images(input, [3, 4, 4])],
      outputs: [.images("logits", [classes])],
      metadata: metadata, numbers: numbers)
  }

  @Test func whatIsNotWhatWasMeantIsRefused() throws {
    // 2 x 3 weights and 2 numbers added of the convolution, 3 x 2 and 3 of the last layer.
    let bytes = try testModel(Self.network.get(), metadata: ["name": "x"])
    try Self.check().check(bytes)
    for (check, bytes, message) in [
      (Self.check(input: "image"), bytes, "it has other inputs"),
      (Self.check(classes: 4), bytes, "it has other outputs"),
      (Self.check(numbers: 16), bytes, "it has 17 numbers, not 16"),
      (Self.check(metadata: [:]), bytes, "it has other metadata"),
      (Self.check(), Array(bytes.dropLast(3)), "at byte"),
      (Self.check(), [], "it has no graph"),
    ] {
      let error = #expect(throws: ONNXError.self) { try check.check(bytes) }
      guard case .unusableExport("small", let reason)? = error else {
        Issue.record("\(message): \(String(describing: error))")
        continue
      }
      #expect(reason.hasPrefix("read back, ") && reason.contains(message), "\(reason)")
    }
  }

  /// Two operations of one name, as a fault in naming would write them.
  @Test func aGraphWhoseNamesCollideIsRefused() throws {
    var graph = ONNXGraph()
    graph.append("Relu", "x", ["images"])
    graph.append("Sigmoid", "x", ["x"])
    graph.append("Flatten", "logits", ["x"], [("axis", .integer(1))])
    let error = #expect(throws: ONNXError.self) {
      try graph.model(
        named: "small", inputs: [.images("images", [3, 4, 4])],
        outputs: [.images("logits", [3])], operatorSet: ONNXExport.operatorSet,
        formatVersion: ONNXExport.formatVersion, metadata: [:])
    }
    guard case .unusableExport("small", let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("two of its operations give 'x'"), "\(reason)")
  }

  /// Each weight is finite, and what the model would hold is not.
  @Test func foldedWeightsThatAreNotFiniteAreRefused() throws {
    let network = try Self.network.get()
    let weights = network.parameters.map { parameter in
      (
        parameter.name,
        [Float](
          repeating: parameter.name.hasSuffix("running_var") ? 0 : 3e38, count: parameter.count)
      )
    }
    let export = try ONNXExport(of: network, weights: Dictionary(uniqueKeysWithValues: weights))
    let error = #expect(throws: ONNXError.self) { try export.bytes() }
    guard case .unusableExport("small", let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("'conv' times the normalisation 'norm' is not finite"))
  }

  @Test func weightsThatLackValuesAreRefused() throws {
    #expect(
      throws: ONNXError.unusableExport(
        network: "small", reason: "'conv.weight' has 2 values, not 6")
    ) { try ONNXExport(of: Self.network.get(), weights: ["conv.weight": [1, 2]]) }
  }
}
