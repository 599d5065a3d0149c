extension Preprocessing {
  /// Turns pixels into a network's input: (pixel - mean) / standard deviation, in its layout and channel order.
  ///
  /// - Parameters:
  ///   - pixels: uint8, `[N, 3, height, width]`, red, green, blue.
  ///   - input: As many numbers: `[N, 3, height, width]` or `[N, height, width, 3]`.
  public func normalize(
    _ pixels: UnsafeRawBufferPointer, into input: UnsafeMutableBufferPointer<Float>
  ) {
    let plane = height * width
    precondition(plane > 0 && pixels.count % (3 * plane) == 0, "whole images")
    precondition(input.count == pixels.count, "a number a pixel and channel")
    precondition(mean.count == 3 && standardDeviation.count == 3, "a number a channel")
    // A channel has 256 values.
    let values = (0..<3).map { channel in
      (0..<256).map { (Float($0) - mean[channel]) / standardDeviation[channel] }
    }
    for image in 0..<pixels.count / (3 * plane) {
      for channel in 0..<3 {
        let place = channelOrder == .rgb ? channel : 2 - channel
        let source = pixels[(3 * image + channel) * plane..<(3 * image + channel + 1) * plane]
        let (first, step) =
          layout == .channelsFirst
          ? ((3 * image + place) * plane, 1) : (3 * image * plane + place, 3)
        values[channel].withUnsafeBufferPointer { values in
          for (index, value) in source.enumerated() {
            input[first + index * step] = values[Int(value)]
          }
        }
      }
    }
  }
}
