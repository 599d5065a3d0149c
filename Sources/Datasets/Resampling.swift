/// Antialiased bilinear resizing of a part of an image along one axis, as Pillow's `Image.resize(..., BILINEAR)`.
///
/// An output pixel is the mean of the input pixels under a triangle centred on it, as wide as two output pixels, or
/// as two input pixels where the image grows. The weights are whole numbers, 2^22 to one, and each axis rounds to 8
/// bits, the horizontal one first.
///
/// Source: Pillow's documentation, "Concepts: filters"; tests hold the values against Pillow's.
struct Resampling {
  private static let weightBits = 22

  /// The inputs of one output pixel.
  private struct Window {
    let start: Int
    let weights: [Int]
  }

  private let windows: [Window]

  /// Prepares the output pixels `range` of an axis of `inputLength` pixels that is resized to `outputLength`.
  init(inputLength: Int, outputLength: Int, range: Range<Int>) {
    precondition(inputLength > 0 && range.lowerBound >= 0 && range.upperBound <= outputLength)
    let scale = Double(inputLength) / Double(outputLength)
    let reach = max(scale, 1)
    windows = range.map { output in
      let center = (Double(output) + 0.5) * scale
      let start = max(Int(center - reach + 0.5), 0)
      let end = max(min(Int(center + reach + 0.5), inputLength), start + 1)
      let weights = (start..<end).map { max(0, 1 - abs(Double($0) + 0.5 - center) / reach) }
      let sum = weights.reduce(0, +)
      let one = Double(1 << Self.weightBits)
      return Window(start: start, weights: weights.map { Int(($0 / sum * one).rounded()) })
    }
  }

  /// The input pixels that any output pixel needs.
  private var inputRange: Range<Int> {
    let start = windows.map(\.start).min() ?? 0
    return start..<(windows.map { $0.start + $0.weights.count }.max() ?? start)
  }

  /// Resizes `pixels`, `[height, width, 3]`, to the prepared ranges of both axes.
  ///
  /// - Returns: `[vertical range, horizontal range, 3]`.
  static func resize(
    _ pixels: UnsafeBufferPointer<UInt8>, width: Int, horizontal: Resampling, vertical: Resampling
  ) -> [UInt8] {
    let rows = vertical.inputRange
    let narrow = horizontal.windows.count
    var middle = [UInt8](repeating: 0, count: rows.count * narrow * 3)
    middle.withUnsafeMutableBufferPointer { middle in
      for row in rows {
        horizontal.apply(
          to: pixels, from: row * width * 3, stride: 3, into: middle,
          at: (row - rows.lowerBound) * narrow * 3, stride: 3, repeats: 3, repeatStride: 1)
      }
    }
    var output = [UInt8](repeating: 0, count: vertical.windows.count * narrow * 3)
    output.withUnsafeMutableBufferPointer { output in
      middle.withUnsafeBufferPointer { middle in
        vertical.apply(
          to: middle, from: -rows.lowerBound * narrow * 3, stride: narrow * 3, into: output, at: 0,
          stride: narrow * 3, repeats: narrow * 3, repeatStride: 1)
      }
    }
    return output
  }

  /// Resamples `repeats` parallel lines of pixels.
  private func apply(
    to source: UnsafeBufferPointer<UInt8>, from sourceStart: Int, stride sourceStride: Int,
    into target: UnsafeMutableBufferPointer<UInt8>, at targetStart: Int,
    stride targetStride: Int, repeats: Int, repeatStride: Int
  ) {
    for (index, window) in windows.enumerated() {
      for line in 0..<repeats {
        var sum = 1 << (Self.weightBits - 1)
        var place = sourceStart + window.start * sourceStride + line * repeatStride
        for weight in window.weights {
          sum += weight * Int(source[place])
          place += sourceStride
        }
        let value = min(max(sum >> Self.weightBits, 0), 255)
        target[targetStart + index * targetStride + line * repeatStride] = UInt8(value)
      }
    }
  }
}
