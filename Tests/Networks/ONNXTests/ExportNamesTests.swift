import Networks
import Testing

@testable import ONNX

@Suite struct ExportNamesTests {
  @Test func namesAreGivenOnce() {
    var names = ONNXNames(taken: ["images", "logits"])
    #expect(names.unique("images") == "images.1")
    #expect(names.unique("images") == "images.2")
    #expect(names.unique("x") == "x")
  }

  /// Layers called as the input, the output, and parts of other layers are.
  @Test func layersMayBeCalledAsAnything() throws {
    let network = try Network(
      name: "names", input: ImageShape(channels: 3, height: 4, width: 4),
      layers: [
        Layer("images", .relu, inputs: ["input"]),
        Layer("x", .silu, inputs: ["images"]),
        Layer("x.sigmoid", .sigmoid, inputs: ["x"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["x.sigmoid"]),
        Layer("logits", .linear(outputs: 3), inputs: ["pool"]),
        Layer("logits.weight", .linear(outputs: 2), inputs: ["logits"]),
      ])
    let model = try ONNXModel(bytes: testModel(network), path: "m.onnx")
    #expect(model.outputs.map(\.name) == ["logits"])
    #expect(model.operationCounts["Sigmoid"] == 2 && model.operationCounts["Gemm"] == 2)
  }
}
