import Foundation
import Networks
import Testing

@testable import ONNX

@Suite struct ReaderTests {
  @Test func readsWhatIsWritten() throws {
    let network = try Network(named: "resnet-20")
    let bytes = try testModel(network, metadata: ["labels": "[\"Käfer\"]", "name": "x"])
    let model = try ONNXModel(bytes: bytes, path: "m.onnx")
    #expect(model.operatorSet == 17 && model.formatVersion == 8)
    #expect(
      model.inputs == [
        .init(
          name: "images", elementType: 1,
          dimensions: [.symbolic("batch"), .fixed(3), .fixed(32), .fixed(32)])
      ])
    #expect(
      model.outputs == [
        .init(name: "logits", elementType: 1, dimensions: [.symbolic("batch"), .fixed(10)])
      ])
    #expect(model.metadata == ["labels": "[\"Käfer\"]", "name": "x"])
    // Every normalisation follows a convolution and is folded: of each, half of its learnt numbers, the bias, is left.
    #expect(model.operationCounts["BatchNormalization"] == nil)
    let normalizations = network.parameters.filter { $0.kind == .normalizationWeight }
    let scales = normalizations.map(\.count).reduce(0, +)
    #expect(model.parameters == network.totals.parameters - scales)
    let softmax = try ONNXModel(
      bytes: testModel(network, endsInSoftmax: true), path: "m.onnx")
    #expect(softmax.outputs.map(\.name) == ["probabilities"])
    #expect(softmax.operationCounts["Softmax"] == 1)
    #expect(!softmax.hasExternalData)
  }

  private func reason(model change: (inout ProtobufWriter) -> Void) -> String {
    var writer = ProtobufWriter()
    change(&writer)
    do {
      _ = try ONNXModel(bytes: writer.bytes, path: "m.onnx")
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  /// A model of one operation, as `body` makes its graph.
  private func reason(graph body: @escaping (inout ProtobufWriter) -> Void) -> String {
    reason(model: { model in
      model.write(1, 8)
      model.write(8) { $0.write(2, 17) }
      model.write(7, body)
    })
  }

  private func port(_ name: String) -> (inout ProtobufWriter) -> Void {
    { $0.write(1, name) }
  }

  private func node(_ inputs: [String], _ outputs: [String]) -> (inout ProtobufWriter) -> Void {
    { node in
      for input in inputs { node.write(1, input) }
      for output in outputs { node.write(2, output) }
      node.write(4, "Relu")
    }
  }

  @Test func whatMakesNoSenseIsNamed() {
    #expect(reason(model: { _ in }).contains("has no graph"))
    #expect(reason(model: { $0.write(7) { _ in } }).contains("which version"))
    #expect(
      reason(model: { model in
        model.write(7) { _ in }
        model.write(7) { _ in }
      }).contains("two graphs"))
    #expect(
      reason(graph: { graph in
        graph.write(11, port("x"))
        graph.write(1, node(["y"], ["z"]))
      }).contains("reads 'y'"))
    #expect(
      reason(graph: { graph in
        graph.write(11, port("x"))
        graph.write(1, node(["x"], ["z"]))
        graph.write(1, node(["x"], ["z"]))
      }).contains("two of its operations give 'z'"))
    #expect(
      reason(graph: { graph in
        graph.write(11, port("x"))
        graph.write(12, port("z"))
      }).contains("output 'z'"))
    #expect(
      reason(graph: { graph in
        graph.write(11, port("x"))
        graph.write(11, port("x"))
      }).contains("input 'x' is there twice"))
  }

  private func reason(tensor body: @escaping (inout ProtobufWriter) -> Void) -> String {
    reason(graph: { graph in
      graph.write(11, port("x"))
      graph.write(12, port("x"))
      graph.write(5) { tensor in
        tensor.write(8, "w")
        body(&tensor)
      }
    })
  }

  @Test func tensorsHaveTheDataForTheirShapes() {
    func raw(_ type: Int, _ shape: [Int], _ count: Int) -> String {
      reason(tensor: { tensor in
        tensor.write(1, shape)
        tensor.write(2, type)
        tensor.write(9, bytes: Array(repeating: 0, count: count))
      })
    }
    #expect(raw(1, [2, 3], 24) == "no error")
    #expect(raw(10, [2, 3], 12) == "no error")
    #expect(raw(22, [3], 2) == "no error")
    #expect(raw(1, [2, 3], 23).contains("'w' has not the data for its shape [2, 3]"))
    #expect(raw(1, [-1], 0).contains("impossible shape"))
    #expect(raw(1, [Int.max, 4], 0).contains("impossible shape"))
    #expect(raw(99, [1], 4).contains("unknown type 99"))
    // String tensors have no raw bytes.
    #expect(raw(8, [0], 0).contains("has not the data"))
    let packed = reason(tensor: { tensor in
      tensor.write(1, [2])
      tensor.write(2, 1)
      tensor.write(4, bytes: Array(repeating: 0, count: 8))
    })
    #expect(packed == "no error")
    let outside = reason(tensor: { tensor in
      tensor.write(1, [2])
      tensor.write(2, 1)
      tensor.write(13) { place in
        place.write(1, "location")
        place.write(2, "../secret")
      }
      tensor.write(14, 1)
    })
    #expect(outside.contains("another file"))
  }

  /// Numbers beside the model are read where they lie, but only in the model's own directory.
  @Test func numbersBesideTheModelAreThere() throws {
    let directory = FileManager.default.temporaryDirectory.path + "/onnx-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try Data(repeating: 0, count: 16).write(to: URL(filePath: "\(directory)/m.data"))
    func reason(_ places: [(String, String)]) throws -> String {
      var writer = ProtobufWriter()
      writer.write(1, 8)
      writer.write(8) { $0.write(2, 17) }
      writer.write(7) { graph in
        graph.write(11, port("x"))
        graph.write(12, port("x"))
        graph.write(5) { tensor in
          tensor.write(1, [3])
          tensor.write(2, 1)
          tensor.write(8, "w")
          tensor.write(14, 1)
          for (key, value) in places {
            tensor.write(13) { place in
              place.write(1, key)
              place.write(2, value)
            }
          }
        }
      }
      try Data(writer.bytes).write(to: URL(filePath: "\(directory)/m.onnx"))
      do {
        let model = try ONNXModel(path: "\(directory)/m.onnx")
        #expect(model.hasExternalData && model.parameters == 3)
        return "no error"
      } catch {
        return "\(error)"
      }
    }
    #expect(try reason([("location", "m.data")]) == "no error")
    #expect(
      try reason([("location", "m.data"), ("offset", "4"), ("length", "12")]) == "no error")
    #expect(try reason([("location", "m.data"), ("offset", "5")]).contains("beyond the end"))
    #expect(try reason([("location", "m.data"), ("offset", "-4")]).contains("beyond the end"))
    #expect(try reason([("location", "m.data"), ("length", "16")]).contains("beyond the end"))
    #expect(try reason([("location", "other.data")]).contains("cannot be read"))
    for place in ["../m.data", "/etc/passwd", "a/../m.data", "", "./m.data"] {
      #expect(try reason([("location", place)]).contains("outside of its directory"), "\(place)")
    }
  }
}
