extension EditableModel {
  /// The model with layers in 8-bit numbers, in the form in which ONNX writes it: each value goes through QuantizeLinear and
  /// DequantizeLinear (QDQ), and runtimes compute what lies between in whole numbers.
  ///
  /// Weights are int8 with a scale a channel, activations uint8 with one scale and zero point, biases int32. Values that several
  /// layers read are quantised once, and so are weights that several layers share.
  ///
  /// - Parameters:
  ///   - layers: Of `quantizableLayers` of this model.
  ///   - ranges: Of every value in the layers' `activations`.
  package func quantized(
    _ layers: [QuantizableLayer], ranges: [String: ClosedRange<Float>],
    bits: QuantizedWeights.Bits
  ) -> EditableModel {
    var quantizer = Quantizer(model: self, bits: bits)
    for layer in layers {
      for value in layer.activations {
        quantizer.quantize(value, ranges[value] ?? 0...0)
      }
    }
    for layer in layers { quantizer.quantize(layer) }
    return quantizer.finish()
  }
}

/// Puts the operations of 8-bit numbers around layers.
private struct Quantizer {
  private var model: EditableModel
  private let bits: QuantizedWeights.Bits
  /// Of each value: its scale, and what readers in 8-bit numbers read in its place.
  private var activations: [String: (scale: ActivationScale, name: String)] = [:]
  /// Operations that follow the one that gives a value; those of the input come first.
  private var following: [String: [EditableModel.Operation]] = [:]
  /// Operations of constants.
  private var leading: [EditableModel.Operation] = []
  /// Weights that are quantised already, by constant, axis and scales.
  private var weights: [WeightKey: String] = [:]

  private struct WeightKey: Hashable {
    let name: String
    let axis: Int
    let scales: [Float]
  }

  /// Of `TensorProto.DataType`.
  private static let (uint8, int8, int32) = (2, 3, 6)

  init(model: EditableModel, bits: QuantizedWeights.Bits) {
    self.model = model
    self.bits = bits
  }

  mutating func quantize(_ value: String, _ range: ClosedRange<Float>) {
    guard activations[value] == nil else { return }
    let scale = ActivationScale(range)
    let step = model.add(
      EditableModel.Constant(shape: [], floats: [scale.scale]), as: value + ".scale")
    let zero = model.add(
      EditableModel.Constant(shape: [], elementType: Self.uint8, bytes: [scale.zeroPoint]),
      as: value + ".zero_point")
    let bytes = model.newName(value + ".quantized")
    let name = model.newName(value + ".dequantized")
    following[value] = [
      EditableModel.Operation("QuantizeLinear", bytes, [value, step, zero]),
      EditableModel.Operation("DequantizeLinear", name, [bytes, step, zero]),
    ]
    activations[value] = (scale, name)
  }

  mutating func quantize(_ layer: QuantizableLayer) {
    let operation = model.operations[layer.operation]
    guard let axis = layer.weightAxis else {
      model.operations[layer.operation].inputs = operation.inputs.map {
        activations[$0]?.name ?? $0
      }
      return
    }
    guard let activation = activations[operation.inputs[0]],
      let constant = model.constants[operation.inputs[1]], let values = constant.floats
    else { return }
    let channels = constant.shape[axis]
    let bias = bias(of: operation, channels: channels)
    let quantized = QuantizedWeights(
      values, shape: constant.shape, axis: axis, bits: bits,
      leastScales: bias?.map { Self.leastScale(bias: $0, activation.scale.scale) } ?? [])
    model.operations[layer.operation].inputs[0] = activation.name
    model.operations[layer.operation].inputs[1] = dequantized(
      quantized, of: operation.inputs[1], shape: constant.shape, axis: axis)
    if let bias {
      model.operations[layer.operation].inputs[2] = dequantized(
        bias, named: operation.inputs[2],
        scales: quantized.scales.map { $0 * activation.scale.scale })
    }
  }

  /// The bias, where it is one number a channel; others stay as they are.
  private func bias(of operation: EditableModel.Operation, channels: Int) -> [Float]? {
    guard operation.inputs.count > 2, let bias = model.constants[operation.inputs[2]],
      bias.shape == [channels]
    else { return nil }
    return bias.floats
  }

  /// The scale of weights with which a bias, in steps of it times the activation's, is a whole number of 32 bits.
  private static func leastScale(bias: Float, _ activation: Float) -> Float {
    let steps = 0x1p30
    return Float(Double(abs(bias)) / (Double(activation) * steps))
  }

  private mutating func dequantized(
    _ weights: QuantizedWeights, of name: String, shape: [Int], axis: Int
  ) -> String {
    let key = WeightKey(name: name, axis: axis, scales: weights.scales)
    if let known = self.weights[key] { return known }
    let bytes = model.add(
      EditableModel.Constant(
        shape: shape, elementType: Self.int8, bytes: weights.values.map { UInt8(bitPattern: $0) }),
      as: name + ".quantized")
    let scales = model.add(
      EditableModel.Constant(shape: [weights.scales.count], floats: weights.scales),
      as: name + ".scale")
    let zeros = model.add(
      EditableModel.Constant(
        shape: [weights.scales.count], elementType: Self.int8,
        bytes: [UInt8](repeating: 0, count: weights.scales.count)), as: name + ".zero_point")
    let output = model.newName(name + ".dequantized")
    leading.append(
      EditableModel.Operation(
        "DequantizeLinear", output, [bytes, scales, zeros], integers: ["axis": axis]))
    self.weights[key] = output
    return output
  }

  private mutating func dequantized(
    _ bias: [Float], named name: String, scales: [Float]
  ) -> String {
    let steps = zip(bias, scales).map { bias, scale -> Int32 in
      let steps = (Double(bias) / Double(scale)).rounded(.toNearestOrEven)
      return Int32(min(max(steps, Double(Int32.min)), Double(Int32.max)))
    }
    let numbers = model.add(
      EditableModel.Constant(
        shape: [bias.count], elementType: Self.int32,
        bytes: steps.map(\.littleEndian).withUnsafeBytes { Array($0) }), as: name + ".quantized")
    let units = model.add(
      EditableModel.Constant(shape: [bias.count], floats: scales), as: name + ".scale")
    let output = model.newName(name + ".dequantized")
    leading.append(
      EditableModel.Operation(
        "DequantizeLinear", output, [numbers, units], integers: ["axis": 0]))
    return output
  }

  /// The model, its operations in an order in which they can be computed.
  func finish() -> EditableModel {
    var result = model
    result.operations = leading
    for input in model.description.inputs { result.operations += following[input.name] ?? [] }
    for operation in model.operations {
      result.operations.append(operation)
      for output in operation.outputs { result.operations += following[output] ?? [] }
    }
    return result
  }
}
