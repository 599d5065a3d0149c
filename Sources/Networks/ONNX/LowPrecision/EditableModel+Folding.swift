extension EditableModel {
  /// Makes each normalisation part of the convolution that alone is read by it: one multiplication less, and one value less
  /// to quantise.
  ///
  /// - Throws: `ONNXError.invalidModel` where a product is not finite.
  package mutating func foldNormalizations() throws(ONNXError) {
    let readers = readers
    let outputs = Set(description.outputs.map(\.name))
    var folded: Set<Int> = []
    for place in operations.indices where operations[place].type == "Conv" {
      let output = operations[place].outputs[0]
      guard let reader = readers[output], reader.count == 1, !outputs.contains(output),
        operations[reader[0]].type == "BatchNormalization",
        operations[reader[0]].inputs[0] == output,
        try fold(operations[reader[0]], into: place)
      else { continue }
      operations[place].outputs = [operations[reader[0]].outputs[0]]
      folded.insert(reader[0])
    }
    operations = operations.enumerated().filter { !folded.contains($0.offset) }.map(\.element)
  }

  /// Multiplies the convolution's weights; false where their numbers are not all constants.
  private mutating func fold(
    _ normalization: Operation, into place: Int
  ) throws(ONNXError) -> Bool {
    let convolution = operations[place]
    guard let weight = constants[convolution.inputs[1]], let weights = weight.floats,
      let (scales, shifts) = scalesAndShifts(of: normalization),
      let bias = bias(of: convolution, count: scales.count), weight.shape[0] == scales.count
    else { return false }
    let size = weights.count / max(scales.count, 1)
    let scaled = weights.indices.map { Float(Double(weights[$0]) * scales[$0 / size]) }
    let shifted = bias.indices.map { Float(Double(bias[$0]) * scales[$0] + shifts[$0]) }
    guard scaled.allSatisfy(\.isFinite), shifted.allSatisfy(\.isFinite) else {
      throw .invalidModel(
        path: description.path,
        reason: "the convolution '\(convolution.name)' times its normalisation is not finite")
    }
    // Other layers may read the same weights.
    operations[place].inputs = [
      convolution.inputs[0],
      add(Constant(shape: weight.shape, floats: scaled), as: convolution.inputs[1] + ".folded"),
      add(Constant(shape: [shifted.count], floats: shifted), as: convolution.name + ".bias"),
    ]
    return true
  }

  private func bias(of convolution: Operation, count: Int) -> [Float]? {
    guard convolution.inputs.count > 2, !convolution.inputs[2].isEmpty else {
      return [Float](repeating: 0, count: count)
    }
    let bias = constants[convolution.inputs[2]]?.floats
    return bias?.count == count ? bias : nil
  }

  /// What a normalisation multiplies by and adds, a channel; nil where that is not constant.
  private func scalesAndShifts(of operation: Operation) -> (scales: [Double], shifts: [Double])? {
    let numbers = operation.inputs.dropFirst().compactMap { constants[$0]?.floats }
    guard numbers.count == 4, numbers.allSatisfy({ $0.count == numbers[0].count }) else {
      return nil
    }
    let epsilon = Double(operation.floats["epsilon"] ?? 1e-5)
    let scales = numbers[0].indices.map {
      Double(numbers[0][$0]) / (Double(numbers[3][$0]) + epsilon).squareRoot()
    }
    let shifts = numbers[1].indices.map {
      Double(numbers[1][$0]) - Double(numbers[2][$0]) * scales[$0]
    }
    return (scales, shifts)
  }
}
