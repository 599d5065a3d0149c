import Networks
import Testing

@testable import ONNX

/// Models that become parts of a graph, and what of them means the same in a newer set of operators.
@Suite struct CopyingTests {
  /// A model of one operation between "x", of two axes, and its output "y".
  private func model(
    _ operation: String, set: Int, _ attributes: [(String, ONNXGraph.Attribute)] = [],
    inputs: [String] = ["x"]
  ) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.write(1, 8)
    writer.write(8) { $0.write(2, set) }
    writer.write(7) { graph in
      graph.write(1) { node in
        for input in inputs { node.write(1, input) }
        node.write(2, "y")
        node.write(3, "the operation")
        node.write(4, operation)
        for (name, value) in attributes { node.write(5) { value.write(to: &$0, name: name) } }
        node.write(6, "a description")
      }
      graph.write(5) { tensor in
        tensor.write(1, [2])
        tensor.write(2, 1)
        tensor.write(8, "w")
        tensor.write(9, bytes: [0, 0, 128, 63, 0, 0, 0, 64])
      }
      for (field, name) in [(11, "x"), (12, "y")] {
        graph.write(field) { port in
          port.write(1, name)
          port.write(2) { type in
            type.write(1) { tensor in
              tensor.write(1, 1)
              tensor.write(2) { shape in for _ in 0..<2 { shape.write(1) { $0.write(1, 2) } } }
            }
          }
        }
      }
    }
    return writer.bytes
  }

  /// Two copies of the model in one graph of the set, read back.
  private func join(_ bytes: [UInt8], in set: Int) throws -> ONNXModel {
    var graph = ONNXGraph()
    try bytes.withUnsafeBytes { bytes in
      let model = try ONNXModel(bytes: bytes, path: "old.onnx")
      for index in 0..<2 {
        let input = index == 0 ? "images" : "member0/y"
        let part = GraphPart(model, bytes, prefix: "member\(index)/", input: input)
        try graph.append(copyOf: part, operatorSet: set, needing: "new.onnx")
      }
    }
    let port = { (name: String) in
      ONNXModel.Port(name: name, elementType: 1, dimensions: [.fixed(2), .fixed(2)])
    }
    let joined = try graph.model(
      named: "joined", inputs: [port("images")], outputs: [port("member1/y")], operatorSet: set,
      formatVersion: 8, metadata: [:])
    return try ONNXModel(bytes: joined, path: "joined")
  }

  @Test func namesAreApartAndNumbersAreKept() throws {
    let joined = try join(model("Add", set: 7, inputs: ["x", "w"]), in: 17)
    #expect(joined.operationCounts == ["Add": 2])
    #expect(joined.parameters == 4)
    #expect(joined.operatorSet == 17)
  }

  /// Of the operators whose meaning changed, the rows that mean the same in both sets are lifted.
  @Test func aSoftmaxOfRowsIsLifted() throws {
    for axis in [nil, 1, -1] {
      let attributes = axis.map { [("axis", ONNXGraph.Attribute.integer($0))] } ?? []
      for set in 11...12 {
        #expect(
          try join(model("Softmax", set: set, attributes), in: 18).operationCounts == ["Softmax": 2]
        )
      }
    }
  }

  @Test func whatMeansSomethingElseIsRefused() throws {
    for (operation, set, attributes, inputs, newer, reason) in [
      ("Softmax", 11, [("axis", .integer(0))], ["x"], 13, "means something else from set 13 on"),
      ("Hardmax", 11, [("axis", .integer(0))], ["x"], 17, "means something else from set 13 on"),
      ("Resize", 10, [], ["x", "w"], 11, "means something else from set 11 on"),
      ("Dropout", 11, [("ratio", .float(0.5))], ["x"], 12, "is written otherwise from set 12 on"),
      ("ReduceMean", 13, [("axes", .integers([1]))], ["x"], 18, "written otherwise from set 18 on"),
      ("Upsample", 9, [], ["x", "w"], 12, "is written otherwise from set 10 on"),
      ("Split", 13, [], ["x"], 18, "means something else from set 18 on"),
    ] as [(String, Int, [(String, ONNXGraph.Attribute)], [String], Int, String)] {
      let bytes = model(operation, set: set, attributes, inputs: inputs)
      // In its own set it is a model.
      #expect(try join(bytes, in: set).operationCounts == [operation: 2])
      let error = #expect(throws: ONNXError.self) { try join(bytes, in: newer) }
      guard case .operatorSetsDiffer("old.onnx", set, "new.onnx", newer, let found)? = error else {
        Issue.record("\(operation): \(String(describing: error))")
        continue
      }
      #expect(found.contains(operation) && found.contains(reason), "\(found)")
    }
  }
}
