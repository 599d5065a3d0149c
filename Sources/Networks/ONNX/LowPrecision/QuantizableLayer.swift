/// An operation that can be computed with 8-bit numbers.
package struct QuantizableLayer: Hashable, Sendable {
  /// The operation's name.
  package let name: String
  /// Its type, such as "Conv".
  package let type: String
  /// Its place among the model's operations.
  let operation: Int
  /// The computed values that it reads.
  package let activations: [String]
  /// Along which axis of its weights the output's channels lie; nil for a sum, which has no weights.
  package let weightAxis: Int?
}

extension EditableModel {
  /// Convolutions and matrix products with constant weights, and sums of two computed values, in order.
  package var quantizableLayers: [QuantizableLayer] {
    let floating = floatingValues
    return operations.indices.compactMap { place in
      let operation = operations[place]
      let (isQuantizable, axis) = quantizableAxis(of: operation)
      guard isQuantizable else { return nil }
      let read = axis == nil ? Array(operation.inputs.prefix(2)) : [operation.inputs[0]]
      guard read.allSatisfy(floating.contains) else { return nil }
      return QuantizableLayer(
        name: operation.name, type: operation.type, operation: place,
        activations: read, weightAxis: axis)
    }
  }

  private func quantizableAxis(of operation: Operation) -> (isQuantizable: Bool, axis: Int?) {
    if operation.type == "Add" { return (true, nil) }
    guard operation.inputs.count > 1, let weight = constants[operation.inputs[1]],
      weight.elementType == ONNXGraph.float32, weight.count > 0
    else { return (false, nil) }
    switch operation.type {
    case "Conv": return (true, 0)
    case "MatMul": return (weight.shape.count == 2, 1)
    case "Gemm":
      let isPlain =
        operation.integers["transA"]?.first ?? 0 == 0 && operation.floats["alpha"] ?? 1 == 1
      return (isPlain && weight.shape.count == 2, operation.integers["transB"]?.first == 1 ? 0 : 1)
    default: return (false, nil)
    }
  }

  /// Operations whose results are no floating-point numbers whatever they read.
  private static let countingOperations: Set<String> = [
    "Shape", "Size", "ArgMax", "ArgMin", "Equal", "Greater", "GreaterOrEqual", "Less",
    "LessOrEqual", "Not", "And", "Or", "Xor", "IsNaN", "IsInf", "QuantizeLinear",
    "DynamicQuantizeLinear",
  ]

  /// The computed values that are float32, as far as that is seen.
  private var floatingValues: Set<String> {
    var floating = Set(
      description.inputs.filter { $0.elementType == ONNXGraph.float32 }.map(\.name))
    for operation in operations where !Self.countingOperations.contains(operation.type) {
      let isFloating: Bool
      if operation.type == "Cast" {
        isFloating = operation.integers["to"]?.first == ONNXGraph.float32
      } else {
        isFloating = operation.inputs.contains { floating.contains($0) }
      }
      if isFloating { floating.insert(operation.outputs[0]) }
    }
    return floating
  }
}
