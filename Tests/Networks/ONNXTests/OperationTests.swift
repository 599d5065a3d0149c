import Testing

@testable import ONNX

/// A model of one operation, which is as ONNX's schema has it or is refused.
@Suite struct OperationTests {
  private typealias Value = ONNXGraph.Attribute

  /// What reading it says, with "w" of the shape `weights` for a convolution.
  private func reason(
    _ operation: String, inputs: [String] = ["x"], _ attributes: [(String, Value)] = [],
    weights: [Int] = [4, 3, 3, 3], domain: String = "", version: Int = 17, format: Int = 8,
    dimensions: [Int] = [1, 3, 8, 8], outputs: [String] = ["y"],
    more: (inout ProtobufWriter) -> Void = { _ in }
  ) -> String {
    var model = ProtobufWriter()
    model.write(1, format)
    model.write(8) { $0.write(2, version) }
    more(&model)
    model.write(7) { graph in
      graph.write(1) { node in
        for input in inputs { node.write(1, input) }
        for output in outputs { node.write(2, output) }
        node.write(4, operation)
        node.write(7, domain)
        for (name, value) in attributes { node.write(5) { value.write(to: &$0, name: name) } }
      }
      graph.write(5) { tensor in
        tensor.write(1, weights)
        tensor.write(2, 1)
        tensor.write(8, "w")
        tensor.write(9, bytes: Array(repeating: 0, count: 4 * max(weights.reduce(1, *), 0)))
      }
      graph.write(11) { port in
        port.write(1, "x")
        port.write(2) { type in
          type.write(1) { tensor in
            tensor.write(1, 1)
            tensor.write(2) { shape in
              for size in dimensions { shape.write(1) { $0.write(1, size) } }
            }
          }
        }
      }
      graph.write(12) { $0.write(1, "y") }
    }
    do {
      _ = try ONNXModel(bytes: model.bytes, path: "m.onnx")
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func versionsAreKnown() {
    #expect(reason("Relu") == "no error")
    for version in [0, 6, 29, 1 << 31, -1] {
      #expect(reason("Relu", version: version).contains("sets 7 to 28"), "\(version)")
    }
    for format in [2, OperatorTable.newestFormat + 1, -1] {
      #expect(reason("Relu", format: format).contains("formats 3 to"), "\(format)")
    }
    #expect(reason("Relu", more: { $0.write(8) { $0.write(2, 17) } }).contains("two versions"))
    #expect(
      reason(
        "Relu",
        more: { model in
          model.write(8) { set in
            set.write(1, "ai.onnx.ml")
            set.write(2, 1 << 40)
          }
        }
      ).contains("operator set 17"))
    #expect(reason("Relu", more: { $0.write(25) { _ in } }).contains("functions"))
    #expect(reason("Relu", more: { $0.write(20) { _ in } }).contains("training"))
  }

  @Test func operatorsAreKnown() {
    #expect(reason("NoSuch").contains("NoSuch in operator set 17 is none"))
    #expect(reason("Relu", domain: "com.microsoft").contains("of 'com.microsoft' is none"))
    #expect(reason("Relu", domain: "ai.onnx") == "no error")
    for operation in ["Loop", "If", "LSTM", "SequenceEmpty", "RandomNormal", "NonMaxSuppression"] {
      #expect(reason(operation).contains("is none that models of images have"), "\(operation)")
    }
    // Gelu came with set 20; set 10 took Upsample away.
    #expect(reason("Gelu", version: 20) == "no error")
    #expect(reason("Gelu", version: 19).contains("Gelu in operator set 19"))
    #expect(reason("Upsample", inputs: ["x", "w"], version: 9) == "no error")
    #expect(reason("Upsample", inputs: ["x", "w"], version: 10).contains("is none"))
  }

  @Test func operandsAreThoseOfTheSchema() {
    #expect(reason("Relu", inputs: []).contains("has not the inputs"))
    #expect(reason("Relu", inputs: ["x", "x"]).contains("has not the inputs"))
    #expect(reason("Add", inputs: ["x", ""]).contains("has not the inputs"))
    // Bounds may be left out.
    #expect(reason("Clip", inputs: ["x", "", "w"]) == "no error")
    #expect(reason("Relu", outputs: []).contains("has not the outputs"))
    #expect(reason("Relu", outputs: ["y", "z"]).contains("has not the outputs"))
    #expect(reason("Relu", outputs: ["y"], more: { _ in }) == "no error")
  }

  @Test func attributesAreThoseOfTheSchema() {
    #expect(reason("Softmax", [("axis", .integer(1))]) == "no error")
    #expect(reason("Softmax", [("axes", .integer(1))]).contains("no attribute 'axes'"))
    #expect(reason("Softmax", [("axis", .float(1))]).contains("'axis' of another type"))
    #expect(reason("Softmax", [("axis", .integers([1]))]).contains("'axis' of another type"))
    #expect(
      reason("Softmax", [("axis", .integer(1)), ("axis", .integer(1))]).contains("there twice"))
    #expect(reason("Concat").contains("lacks the attribute 'axis'"))
  }

  @Test func numbersArePossible() {
    for axis in [-9, 9, 1 << 40] {
      #expect(reason("Softmax", [("axis", .integer(axis))]).contains("impossible 'axis'"))
    }
    #expect(reason("Transpose", [("perm", .integers([0, 2, 3, 1]))]) == "no error")
    for order in [[0, 2, 2, 1], [0, 4, 1, 2]] {
      #expect(
        reason("Transpose", [("perm", .integers(order))]).contains("not an order of the axes"))
    }
    #expect(reason("Transpose", [("perm", .integers([-1]))]).contains("impossible 'perm'"))
    #expect(reason("Cast", [("to", .integer(99))]).contains("impossible 'to'"))
    let kernel = ("kernel_shape", Value.integers([2, 2]))
    #expect(reason("MaxPool", [kernel, ("strides", .integers([2, 2]))]) == "no error")
    #expect(reason("MaxPool", [("kernel_shape", .integers([2, 0]))]).contains("impossible"))
    #expect(reason("MaxPool", [kernel, ("strides", .integers([0, 2]))]).contains("impossible"))
    #expect(reason("MaxPool", [kernel, ("strides", .integers([2]))]).contains("1 numbers"))
    #expect(reason("MaxPool", [kernel, ("pads", .integers([0, 0]))]).contains("2 numbers"))
    #expect(
      reason("MaxPool", [kernel, ("pads", .integers([0, 0, 0, -1]))]).contains("impossible"))
  }

  @Test func weightsFitConvolutions() {
    func convolution(_ attributes: [(String, Value)], _ weights: [Int]) -> String {
      reason("Conv", inputs: ["x", "w"], attributes, weights: weights)
    }
    #expect(convolution([], [4, 3, 3, 3]) == "no error")
    #expect(convolution([("kernel_shape", .integers([3, 3]))], [4, 3, 3, 3]) == "no error")
    #expect(convolution([("group", .integer(2))], [4, 3, 3, 3]) == "no error")
    #expect(convolution([("group", .integer(3))], [4, 3, 3, 3]).contains("do not fit"))
    #expect(convolution([("group", .integer(0))], [4, 3, 3, 3]).contains("impossible 'group'"))
    #expect(
      convolution([("kernel_shape", .integers([3, 5]))], [4, 3, 3, 3]).contains("do not fit"))
    #expect(convolution([("strides", .integers([1]))], [4, 3, 3, 3]).contains("do not fit"))
    #expect(convolution([], [4, 3]).contains("do not fit"))
    #expect(convolution([], [4, 0, 3, 3]).contains("do not fit"))
  }

  @Test func dimensionsAreBounded() {
    #expect(reason("Relu", dimensions: [1, 3, 65_536, 8]) == "no error")
    #expect(reason("Relu", dimensions: [1, 3, 65_537, 8]).contains("impossible dimension 65537"))
    #expect(reason("Relu", dimensions: [1, 3, -8, 8]).contains("impossible dimension -8"))
    #expect(
      reason("Relu", dimensions: Array(repeating: 1, count: 9)).contains("has 9 dimensions"))
  }

  /// Of weights in 8 bits: scales one a channel, zero points as many, and a shape that goes on to who reads them.
  @Test func scalesFitWhatTheyScale() {
    func reason(weights: [Int], scales: [Int], zeros: Int, axis: Int, kernel: Int = 3) -> String {
      var model = ProtobufWriter()
      model.write(1, 8)
      model.write(8) { $0.write(2, 17) }
      model.write(7) { graph in
        graph.write(1) { node in
          for input in ["w", "s", "z"] { node.write(1, input) }
          node.write(2, "d")
          node.write(4, "DequantizeLinear")
          node.write(5) { Value.integer(axis).write(to: &$0, name: "axis") }
        }
        graph.write(1) { node in
          for input in ["x", "d"] { node.write(1, input) }
          node.write(2, "y")
          node.write(4, "Conv")
          node.write(5) { Value.integers([kernel, kernel]).write(to: &$0, name: "kernel_shape") }
        }
        for (name, shape, type) in [("w", weights, 3), ("s", scales, 1), ("z", [zeros], 3)] {
          graph.write(5) { tensor in
            tensor.write(1, shape)
            tensor.write(2, type)
            tensor.write(8, name)
            let size = shape.reduce(type == 1 ? 4 : 1, *)
            tensor.write(9, bytes: Array(repeating: 0, count: size))
          }
        }
        graph.write(11) { $0.write(1, "x") }
        graph.write(12) { $0.write(1, "y") }
      }
      do {
        _ = try ONNXModel(bytes: model.bytes, path: "m.onnx")
        return "no error"
      } catch {
        return "\(error)"
      }
    }
    let shape = [4, 3, 3, 3]
    #expect(reason(weights: shape, scales: [4], zeros: 4, axis: 0) == "no error")
    #expect(reason(weights: shape, scales: [4], zeros: 4, axis: -4) == "no error")
    #expect(reason(weights: shape, scales: [1], zeros: 1, axis: 0) == "no error")
    #expect(reason(weights: shape, scales: [4], zeros: 4, axis: 1).contains("4 scales"))
    #expect(reason(weights: shape, scales: [4], zeros: 3, axis: 0).contains("zero points"))
    #expect(reason(weights: shape, scales: [2, 2], zeros: 4, axis: 0).contains("[2, 2]"))
    #expect(
      reason(weights: shape, scales: [4], zeros: 4, axis: 0, kernel: 5).contains(
        "weights of the shape")
    )
  }
}
