import Networks
import Randomness
import TestSupport
import Testing

@testable import ONNX

/// Damaged models, the same ones each time; CONSORT_FUZZ_INPUTS says how many.
@Suite struct ModelFuzzTests {
  @Test func damagedModelsAreRefusedOrRead() throws {
    let whole = try testModel(
      Network(named: "wide-resnet-10-1", inputSize: 8), metadata: ["labels": "[]"])
    // Weights are most of the bytes and mean nothing to the reader: a model with few of them is damaged in better places.
    let small = try #require(try Self.withoutWeights(whole))
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 4, UInt64(number))
      do {
        let bytes = Mutation.damaged(small, from: &random)
        let model = try ONNXModel(bytes: bytes, path: "m.onnx")
        outcomes.read += 1
        try Self.join(bytes, model)
      } catch let error as ONNXError {
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
  }

  /// What can be read can be a part of another graph, or is refused by what is in it.
  private static func join(_ bytes: [UInt8], _ model: ONNXModel) throws {
    var graph = ONNXGraph()
    let outputs = try bytes.withUnsafeBytes { bytes in
      try (0..<2).flatMap { index in
        let part = GraphPart(model, bytes, prefix: "member\(index)/", input: "images")
        try graph.append(
          copyOf: part, operatorSet: OperatorTable.newestOperatorSet, needing: "n.onnx")
        return model.outputs.indices.map { part.output($0) }
      }
    }
    let ports = Set(outputs).sorted().map { ONNXModel.Port.images($0, [10]) }
    do throws(ONNXError) {
      _ = try graph.model(
        named: "joined", inputs: [.images("images", [3, 8, 8])], outputs: ports,
        operatorSet: OperatorTable.newestOperatorSet, formatVersion: OperatorTable.newestFormat,
        metadata: [:])
    } catch {
      Issue.record("what was read is joined to what cannot be read: \(error)")
    }
  }

  /// The same graph with tensors of few numbers.
  private static func withoutWeights(_ bytes: [UInt8]) throws -> [UInt8]? {
    let graph = try bytes.withUnsafeBytes { bytes throws -> [UInt8]? in
      var reader = ProtobufReader(bytes)
      var result = ProtobufWriter()
      while let (field, value) = try reader.next() {
        switch value {
        case .variableInteger(let number): result.write(field, Int(number))
        case .content(let content, _) where field == 7:
          var inner = ProtobufReader(content)
          var graph = ProtobufWriter()
          while let (field, value) = try inner.next() {
            guard case .content(let content, _) = value else { return nil }
            if field == 5 {
              let header = try TensorHeader(ProtobufReader(content))
              // Convolutions say the size of their kernels.
              let shape = header.shape.indices.map { $0 < 2 ? 1 : header.shape[$0] }
              graph.write(5) { tensor in
                tensor.write(1, shape)
                tensor.write(2, 1)
                tensor.write(8, header.name)
                tensor.write(9, bytes: Array(repeating: 0, count: 4 * shape.reduce(1, *)))
              }
            } else {
              graph.write(field, bytes: Array(content))
            }
          }
          result.write(7, bytes: graph.bytes)
        case .content(let content, _): result.write(field, bytes: Array(content))
        default: return nil
        }
      }
      return result.bytes
    }
    return graph
  }
}
