import Randomness

extension ProceduralScene {
  /// Points a pixel's side: a pixel is the mean of 16 points.
  private static let samples = 4

  /// Writes the scene with its change of light and its noise as an image.
  ///
  /// - Parameters:
  ///   - target: `[3, side, side]`.
  ///   - random: What the noise is drawn from.
  func draw(
    side: Int, into target: UnsafeMutableBufferPointer<UInt8>, random: inout RandomStream
  ) {
    let noise = random.integer(in: 6...22)
    for row in 0..<side {
      for column in 0..<side {
        var color = meanColor(ofPixelAt: column, row)
        color &+= slopes.across &* Int32(2 * column - side) / Int32(2 * side)
        color &+= slopes.down &* Int32(2 * row - side) / Int32(2 * side)
        for channel in 0..<3 {
          let value = Int(color[channel]) + Self.noise(deviation: noise, &random)
          target[(channel * side + row) * side + column] = UInt8(min(max(value, 0), 255))
        }
      }
    }
  }

  private func meanColor(ofPixelAt column: Int, _ row: Int) -> Color {
    let step = 256 / Self.samples
    var sum = Color.zero
    for down in 0..<Self.samples {
      for across in 0..<Self.samples {
        sum &+= color(
          column * 256 + across * step + step / 2, row * 256 + down * step + step / 2)
      }
    }
    return sum / Int32(Self.samples * Self.samples)
  }

  /// The sum of four even draws, near to normal.
  private static func noise(deviation: Int, _ random: inout RandomStream) -> Int {
    let bits = random.next()
    var sum = 0
    for draw in 0..<4 { sum += Int(bits >> UInt64(16 * draw) & 0xFFFF) }
    // Four draws from 0..<65536 have the standard deviation 2 * 65536 / sqrt(12) = 37837.
    return (sum - 2 * 65535) * deviation / 37837
  }
}
