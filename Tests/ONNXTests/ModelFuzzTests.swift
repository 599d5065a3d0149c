import Foundation
import Networks
import Randomness
import Testing

@testable import ONNX

/// Damaged models, the same ones each time; CONSORT_FUZZ_INPUTS says how many.
@Suite struct ModelFuzzTests {
  @Test func damagedModelsAreRefusedOrRead() throws {
    let whole = try testModel(
      Network(named: "wide-resnet-10-1", inputSize: 8), metadata: ["labels": "[]"])
    let count =
      ProcessInfo.processInfo.environment["CONSORT_FUZZ_INPUTS"].flatMap { Int($0) } ?? 2000
    // Weights are most of the bytes and mean nothing to the reader: a model with few of them is damaged in better places.
    let small = try #require(try Self.withoutWeights(whole))
    var stream = RandomStream(seed: 4)
    var outcomes = (read: 0, refused: 0)
    for _ in 0..<count {
      var bytes = small
      for _ in 0...stream.integer(below: 4) { Self.damage(&bytes, &stream) }
      do {
        _ = try ONNXModel(bytes: bytes, path: "m.onnx")
        outcomes.read += 1
      } catch is ONNXError {
        outcomes.refused += 1
      }
    }
    #expect(outcomes.refused > count / 4 && outcomes.read > 0)
  }

  /// The same graph with tensors of no number.
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
              let name = try TensorHeader(ProtobufReader(content)).name
              graph.write(5) { tensor in
                tensor.write(1, [1])
                tensor.write(2, 1)
                tensor.write(8, name)
                tensor.write(9, bytes: [0, 0, 0, 0])
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

  private static func damage(_ bytes: inout [UInt8], _ stream: inout RandomStream) {
    guard bytes.count > 8 else { return }
    let place = stream.integer(below: bytes.count)
    switch stream.integer(below: 5) {
    case 0: bytes[place] ^= 1 << UInt8(stream.integer(below: 8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: stream.next())
    case 2: bytes.removeSubrange(place..<min(place + 1 + stream.integer(below: 8), bytes.count))
    case 3: bytes.removeLast(stream.integer(below: bytes.count / 2))
    default:
      let length = min(1 + stream.integer(below: 32), bytes.count - place)
      bytes.insert(
        contentsOf: Array(bytes[place..<place + length]), at: stream.integer(below: bytes.count))
    }
  }
}
