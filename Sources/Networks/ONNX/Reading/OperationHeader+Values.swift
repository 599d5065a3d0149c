extension OperationHeader {
  /// The largest size of a dimension, kernel or stride, in elements.
  static let largestSize = 1 << 16
  /// The most dimensions of a tensor.
  static let largestRank = 8

  /// Makes sure that whole numbers are such as an image or a kernel can have.
  func checkValues() throws {
    for (name, attribute) in attributes where !attribute.integers.isEmpty {
      guard let bounds = bounds(of: name) else { continue }
      guard attribute.integers.allSatisfy(bounds.contains) else {
        throw failure("has an impossible '\(name)', \(attribute.integers)")
      }
    }
    for name in ["kernel_shape", "strides", "dilations", "pads", "axes", "output_padding"] {
      let most = name == "pads" ? 2 * Self.largestRank : Self.largestRank
      guard attributes[name]?.integers.count ?? 0 <= most else {
        throw failure("has too many numbers in '\(name)'")
      }
    }
    try checkAxesOfKernel()
    try checkPermutation()
  }

  /// nil where any number may be right.
  private func bounds(of attribute: String) -> ClosedRange<Int>? {
    let rank = Self.largestRank
    switch attribute {
    case "kernel_shape", "strides", "dilations", "group", "num_groups", "blocksize", "num_outputs",
      "output_shape", "size":
      return 1...Self.largestSize
    case "pads": return (operation == "Pad" ? -Self.largestSize : 0)...Self.largestSize
    case "output_padding": return 0...Self.largestSize
    case "axis", "axes", "batch_dims", "start", "end": return -rank...rank
    case "perm": return 0...rank - 1
    case "to", "dtype", "output_dtype", "stash_type": return 0...TensorHeader.largestType
    case "value_int", "value_ints", "starts", "ends": return nil
    default: return Int(Int32.min)...Int(Int32.max)
    }
  }

  /// A kernel's settings are of one number an axis, or two for what lies before and behind it.
  private func checkAxesOfKernel() throws {
    guard let axes = kernelAxes else { return }
    for (name, numbers) in [("strides", axes), ("dilations", axes), ("pads", 2 * axes)] {
      guard let count = attributes[name]?.integers.count, count > 0 else { continue }
      guard count == numbers else {
        throw failure("has a kernel of \(axes) axes, and \(count) numbers in '\(name)'")
      }
    }
  }

  /// The axes over which a kernel moves, where a setting says it.
  private var kernelAxes: Int? {
    attributes["kernel_shape"].map(\.integers.count) ?? attributes["strides"].map(\.integers.count)
  }

  private func checkPermutation() throws {
    guard operation == "Transpose", let order = attributes["perm"]?.integers else { return }
    guard order.sorted() == Array(order.indices) else {
      throw failure("has a 'perm' that is not an order of the axes, \(order)")
    }
  }

  /// Whether what it gives has the shape of its first input, and other types of numbers at most.
  var givesShapeOfInput: Bool {
    ["DequantizeLinear", "QuantizeLinear", "Cast", "Identity"].contains(operation)
  }

  /// Makes sure that the scales of a constant in 8-bit numbers are one, or one a channel along its axis, and so are its zero
  /// points.
  ///
  /// - Parameter constants: Shapes by name.
  func checkScales(constants: [String: [Int]]) throws {
    guard ["DequantizeLinear", "QuantizeLinear"].contains(operation), inputs.count > 1 else {
      return
    }
    let isBlocked = attributes["block_size"]?.integers.first ?? 0 != 0
    guard let scales = constants[inputs[1]], !isBlocked else { return }
    if inputs.count > 2, let zeros = constants[inputs[2]],
      zeros.reduce(1, *) != scales.reduce(1, *)
    {
      throw failure("has zero points of the shape \(zeros) for scales of the shape \(scales)")
    }
    guard scales.count < 2 else { throw failure("has scales of the shape \(scales)") }
    guard let shape = constants[inputs[0]], scales.count == 1, scales != [1] else { return }
    let given = attributes["axis"]?.integers.first ?? 1
    let axis = given < 0 ? given + shape.count : given
    guard shape.indices.contains(axis), shape[axis] == scales[0] else {
      throw failure(
        "has \(scales[0]) scales for a constant of the shape \(shape), along axis \(given)")
    }
  }

  /// Makes sure that a convolution's weights fit its settings.
  func checkWeights(shape: [Int]) throws {
    guard ["Conv", "ConvTranspose"].contains(operation) else { return }
    let groups = attributes["group"]?.integers.first ?? 1
    let isWhole = shape.count >= 3 && shape.allSatisfy { $0 > 0 } && shape[0] % groups == 0
    guard isWhole, kernelAxes ?? (shape.count - 2) == shape.count - 2,
      attributes["kernel_shape"].map({ $0.integers == Array(shape[2...]) }) ?? true
    else { throw failure("has weights of the shape \(shape), which do not fit its settings") }
  }
}
