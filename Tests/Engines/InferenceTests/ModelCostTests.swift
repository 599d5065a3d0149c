import Foundation
import Inference
import InferenceTestSupport
import TestSupport
import Testing

@Suite struct ModelCostTests {
  private struct Count: Decodable {
    let parameters, macs, flops: Int
  }

  /// The networks whole are compared by `Fixtures/make_costs.py`.
  @Test func equalsWhatPyTorchCounts() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture("cost/expected.json")))
    let expected = try JSONDecoder().decode([String: Count].self, from: data)
    #expect(expected.count == 6)
    for (name, count) in expected {
      let cost = try ModelCost(path: fixture("cost/\(name).onnx"))
      #expect(cost.multiplyAccumulates == count.macs, "\(name)")
      #expect(cost.floatingPointOperations == count.flops, "\(name)")
      #expect(cost.parameters == count.parameters, "\(name)")
      #expect(cost.layers.reduce(0) { $0 + $1.multiplyAccumulates } == count.macs)
      #expect(cost.layers.reduce(0) { $0 + $1.parameters } == count.parameters)
    }
  }

  @Test func countsOneImageWhateverTheBatch() throws {
    let dynamic = try ModelCost(path: fixture("logits.onnx"))
    // 3 x 3 x 3 x 4 x 8 x 8 of the convolution and 4 x 5 of the linear layer.
    #expect(dynamic.multiplyAccumulates == 6912 + 20)
    #expect(dynamic.parameters == 3 * 3 * 3 * 4 + 4 + 4 * 5 + 5)
    let fixed = try ModelCost(path: fixture("fixed-batch.onnx"))
    #expect(fixed.multiplyAccumulates == dynamic.multiplyAccumulates)
    #expect(
      try ModelCost(path: fixture("channels-last.onnx")).multiplyAccumulates
        == dynamic.multiplyAccumulates)
    #expect(try ImageModel(fixture: "logits").cost() == dynamic)
  }

  @Test func asksForTheSizeWhereThereIsNone() throws {
    let path = fixture("any-size.onnx")
    #expect(try ModelCost(path: path, imageSize: 16).multiplyAccumulates == 4 * 6912 + 20)
    let error = #expect(throws: InferenceError.self) { try ModelCost(path: path) }
    guard case .uncountable(path, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func countsWhatIsNoClassifier() throws {
    #expect(try ModelCost(path: fixture("unnamed-outputs.onnx")).multiplyAccumulates == 6932)
    #expect(try ModelCost(path: fixture("no-image.onnx")).multiplyAccumulates == 20)
  }
}
