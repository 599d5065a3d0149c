import Foundation
import Networks
import Weights

@testable import ONNX

/// A small network's model, with weights of a quarter.
func testModel(
  _ network: Network, endsInSoftmax: Bool = false, metadata: [String: String] = [:]
) throws -> [UInt8] {
  let path = FileManager.default.temporaryDirectory.path + "/onnx-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: path) }
  try SafeTensors.write(
    to: path,
    tensors: network.parameters.map {
      TensorContent(
        name: $0.name, shape: $0.shape, floats: Array(repeating: 0.25, count: $0.count))
    })
  return try ONNXExport(
    of: network, weights: SafeTensors(path: path), endsInSoftmax: endsInSoftmax
  ).bytes(metadata: metadata)
}
