import CResampling

/// Antialiased resizing of a part of an image along one axis, as Pillow's `Image.resize`.
///
/// An output pixel is the mean of the input pixels under a filter centred on it, as wide as the output's pixels, or as
/// the input's where the image grows. The weights are whole numbers, 2^22 to one, and each axis rounds to 8 bits, the
/// horizontal one first.
///
/// Source: Pillow's documentation, "Concepts: filters"; tests hold the values against Pillow's.
struct Resampling {
  private static let weightBits = 22

  /// The input pixels that any output pixel needs.
  let inputRange: Range<Int>
  /// The number of output pixels.
  let outputLength: Int
  private let taps: Int
  /// Where each output's weights begin, from the input range's start.
  private let starts: [Int32]
  /// `[outputs, taps]`.
  private let weights: [Int32]

  /// Prepares the output pixels `range` of a part of an axis that is resized to `outputLength` pixels.
  ///
  /// - Parameters:
  ///   - source: What is resized, from where to where, in pixels.
  ///   - bounds: The pixels that may enter; what is beside them does not exist.
  init(
    source: Range<Double>, within bounds: Range<Int>, outputLength: Int, range: Range<Int>,
    interpolation: Preprocessing.Interpolation
  ) {
    precondition(!bounds.isEmpty && range.lowerBound >= 0 && range.upperBound <= outputLength)
    let scale = (source.upperBound - source.lowerBound) / Double(outputLength)
    let stretch = max(scale, 1)
    let reach = interpolation.reach * stretch
    /// The inputs of an output pixel, and its centre among them.
    func window(of output: Int) -> (inputs: Range<Int>, center: Double) {
      let center = source.lowerBound + (Double(output) + 0.5) * scale
      let start = min(max(Int(center - reach + 0.5), bounds.lowerBound), bounds.upperBound - 1)
      let end = max(min(Int(center + reach + 0.5), bounds.upperBound), start + 1)
      return (start..<end, center)
    }
    let longest = range.map { window(of: $0).inputs.count }.max() ?? 1
    // The kernel takes two inputs at a time.
    let taps = longest + longest % 2
    var first = bounds.upperBound
    var last = bounds.lowerBound
    var starts = [Int32](repeating: 0, count: range.count)
    var weights = [Int32](repeating: 0, count: range.count * taps)
    var values = [Double](repeating: 0, count: taps)
    for (position, output) in range.enumerated() {
      let (inputs, center) = window(of: output)
      var sum = 0.0
      for (index, input) in inputs.enumerated() {
        values[index] = interpolation.weight(at: (Double(input) - center + 0.5) / stretch)
        sum += values[index]
      }
      // Windows of one length within the bounds, so that nothing is read beside the image.
      let start = max(min(inputs.lowerBound, bounds.upperBound - taps), bounds.lowerBound)
      let shift = position * taps + inputs.lowerBound - start
      for index in 0..<inputs.count {
        weights[shift + index] = Int32(
          (values[index] / (sum == 0 ? 1 : sum) * Double(1 << Self.weightBits)).rounded())
      }
      starts[position] = Int32(start)
      first = min(first, start)
      last = max(last, min(start + taps, bounds.upperBound))
    }
    for position in starts.indices { starts[position] -= Int32(first) }
    inputRange = first..<max(last, first + 1)
    self.outputLength = range.count
    self.taps = taps
    self.starts = starts
    self.weights = weights
  }

  /// Calls `body` with the axis as the kernels take it.
  private func withAxis<R>(_ body: (consort_axis) -> R) -> R {
    starts.withUnsafeBufferPointer { starts in
      weights.withUnsafeBufferPointer { weights in
        body(
          consort_axis(
            starts: starts.baseAddress, weights: weights.baseAddress, taps: taps,
            outputs: outputLength))
      }
    }
  }

  /// Resizes `pixels` along both axes.
  ///
  /// - Parameters:
  ///   - pixels: Four bytes a pixel, of which three are used.
  ///   - isMirrored: Whether left and right are exchanged afterwards.
  ///   - isPortable: Whether it is computed as on any processor; for tests.
  ///   - scratch: Is overwritten.
  ///   - target: Receives `[3, vertical outputs, horizontal outputs]`.
  static func resize(
    _ pixels: DecodedPixels, horizontal: Resampling, vertical: Resampling, isMirrored: Bool,
    isPortable: Bool = false, scratch: ScratchBytes, into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    let (rows, columns) = (vertical.inputRange, horizontal.inputRange)
    precondition(pixels.covers(columns: columns, rows: rows), "the pixels were decoded")
    precondition(target.count == 3 * horizontal.outputLength * vertical.outputLength)
    let planes = scratch.reserve(
      rows.count * 3 * horizontal.outputLength + consort_resampling_slack)
    let first = pixels.address(column: columns.lowerBound, row: rows.lowerBound)
    horizontal.withAxis { axis in
      withUnsafePointer(to: axis) {
        consort_resample_rows(
          first, pixels.bytesPerRow, rows.count, $0, isMirrored ? 1 : 0, isPortable ? 1 : 0,
          planes)
      }
    }
    vertical.withAxis { axis in
      withUnsafePointer(to: axis) {
        consort_resample_columns(
          planes, rows.count, horizontal.outputLength, $0, isPortable ? 1 : 0, target.baseAddress)
      }
    }
  }
}

extension Preprocessing.Interpolation {
  /// How far the filter reaches from its centre, in pixels.
  fileprivate var reach: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  /// The filter's height at `distance` from its centre.
  fileprivate func weight(at distance: Double) -> Double {
    let distance = abs(distance)
    switch self {
    case .bilinear: return max(0, 1 - distance)
    case .bicubic:
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
      return 0
    }
  }
}
