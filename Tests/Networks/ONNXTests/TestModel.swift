import Networks

@testable import ONNX

/// A small network's model, with weights of a quarter.
func testModel(
  _ network: Network, endsInSoftmax: Bool = false, metadata: [String: String] = [:]
) throws -> [UInt8] {
  let weights = network.parameters.map { ($0.name, [Float](repeating: 0.25, count: $0.count)) }
  return try ONNXExport(
    of: network, weights: Dictionary(uniqueKeysWithValues: weights), endsInSoftmax: endsInSoftmax
  ).bytes(metadata: metadata)
}
