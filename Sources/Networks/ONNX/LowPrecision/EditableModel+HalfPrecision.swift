/// Formats of 16 bits in which weights can be kept.
package enum HalfFormat: String, Codable, Hashable, Sendable, CaseIterable {
  /// IEEE 754's binary16: 11 bits of precision, numbers up to 65,504.
  case float16
  /// The upper half of a float32: 8 bits of precision.
  case bfloat16

  /// `TensorProto.DataType`.
  fileprivate var elementType: Int { self == .float16 ? 10 : 16 }

  /// The bits of the number nearest to `value`, of two as near the even one; nil where it would be infinite.
  package func bits(_ value: Float) -> UInt16? {
    switch self {
    case .float16: return Self.float16Bits(value)
    case .bfloat16:
      let bits = value.bitPattern
      // Half of the last place, and one more where that makes it even.
      let (rounded, overflow) = bits.addingReportingOverflow(0x7FFF + (bits >> 16 & 1))
      let upper = UInt16(truncatingIfNeeded: rounded >> 16)
      return overflow || upper & 0x7F80 == 0x7F80 ? nil : upper
    }
  }

  /// Swift's own Float16 is not there on every system.
  private static func float16Bits(_ value: Float) -> UInt16? {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let magnitude = Double(abs(value))
    guard magnitude < 65_520 else { return nil }
    // Below 2^-14 the steps are 2^-24; above they are 2^-10 of the power of two below.
    let exponent = max(-14, magnitude > 0 ? Int(magnitude.exponent) : -14)
    let step = Double(sign: .plus, exponent: exponent - 10, significand: 1)
    let steps = UInt16((magnitude / step).rounded(.toNearestOrEven))
    // 1024 steps of the least exponent are its first normal number; a carry goes into the exponent.
    return sign + UInt16(exponent + 14) << 10 + steps
  }
}

extension EditableModel {
  /// The model with the weights of its convolutions and matrix products in a format of 16 bits, each with a conversion to
  /// float32: half the file, computed in float32 unless the runtime is told otherwise.
  ///
  /// - Returns: The model, and the names of weights that stay in float32 because the format has no such numbers.
  package func withWeights(in format: HalfFormat) -> (model: EditableModel, kept: [String]) {
    var model = self
    var (converted, kept): ([String: String], [String]) = ([:], [])
    var conversions: [Operation] = []
    for place in operations.indices {
      let operation = operations[place]
      guard ["Conv", "ConvTranspose", "Gemm", "MatMul"].contains(operation.type) else { continue }
      for (index, name) in operation.inputs.enumerated().prefix(2) {
        if converted[name] == nil, let constant = constants[name], let values = constant.floats,
          !kept.contains(name)
        {
          let bits = values.compactMap(format.bits)
          guard bits.count == values.count else {
            kept.append(name)
            continue
          }
          let half = model.add(
            Constant(
              shape: constant.shape, elementType: format.elementType,
              bytes: bits.map(\.littleEndian).withUnsafeBytes { Array($0) }),
            as: "\(name).\(format.rawValue)")
          let output = model.newName(name + ".float32")
          conversions.append(
            Operation("Cast", output, [half], integers: ["to": ONNXGraph.float32]))
          converted[name] = output
        }
        if let name = converted[name] { model.operations[place].inputs[index] = name }
      }
    }
    model.operations = conversions + model.operations
    return (model, kept)
  }
}
