/// Weights as 8-bit whole numbers, symmetric around 0, with a scale a channel of the output.
package struct QuantizedWeights: Hashable, Sendable {
  /// Row-major, as the weights.
  package let values: [Int8]
  /// A channel each: a weight is its value times the scale.
  package let scales: [Float]

  /// How many of the 8 bits are used.
  package enum Bits: Int, Codable, CaseIterable, Sendable {
    /// -64...64: sums of two products with unsigned bytes fit into 16 bits, in which processors without VNNI add them.
    case seven = 7
    /// -127...127.
    case eight = 8

    /// The greatest value.
    var largest: Int { self == .seven ? 64 : 127 }
  }

  /// Rounds weights to the nearest value, halves to the even one.
  ///
  /// - Parameters:
  ///   - weights: Row-major, finite.
  ///   - shape: Of the weights.
  ///   - axis: Along which the output's channels lie.
  ///   - leastScales: A channel each, or empty: no scale is below it, so that a bias in units of it fits 32 bits.
  package init(
    _ weights: [Float], shape: [Int], axis: Int, bits: Bits, leastScales: [Float] = []
  ) {
    let channels = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    var greatest = [Float](repeating: 0, count: channels)
    for (index, weight) in weights.enumerated() {
      let channel = index / inner % channels
      greatest[channel] = max(greatest[channel], abs(weight))
    }
    let largest = Float(bits.largest)
    var scales = greatest.map { Float(Double($0) / Double(bits.largest)) }
    for channel in scales.indices {
      if !leastScales.isEmpty { scales[channel] = max(scales[channel], leastScales[channel]) }
      // What is nothing but zeros.
      if scales[channel] < .leastNormalMagnitude { scales[channel] = 1 }
    }
    self.scales = scales
    values = weights.indices.map { index in
      let scaled = (weights[index] / scales[index / inner % channels]).rounded(.toNearestOrEven)
      return Int8(min(max(scaled, -largest), largest))
    }
  }
}

/// How a computed value becomes an unsigned byte: `round(value / scale) + zeroPoint`, limited to 0...255.
package struct ActivationScale: Hashable, Sendable {
  /// What one step is.
  package let scale: Float
  /// The byte that is 0.
  package let zeroPoint: UInt8

  /// Spreads a range over the bytes, which always have one for 0.
  package init(_ range: ClosedRange<Float>) {
    let (lower, upper) = (min(Double(range.lowerBound), 0), max(Double(range.upperBound), 0))
    let step = (upper - lower) / 255
    guard step >= Double(Float.leastNormalMagnitude) else {
      (scale, zeroPoint) = (1, 0)
      return
    }
    scale = Float(step)
    zeroPoint = UInt8(min(max((-lower / step).rounded(.toNearestOrEven), 0), 255))
  }
}
