import CPNG

/// One image in 8-bit RGB, for people to look at in a report; networks take theirs from `Preprocessing`.
public struct RGBImage: Hashable, Sendable {
  /// In pixels, at least 1.
  public let width, height: Int
  /// `[3, height, width]`: red, green and blue.
  public let pixels: [UInt8]

  /// Creates an image of its pixels.
  ///
  /// - Parameters:
  ///   - width: In pixels, at least 1.
  ///   - height: In pixels, at least 1.
  ///   - pixels: `[3, height, width]`, or grey ones, `[1, height, width]`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has a size")
    self.width = width
    self.height = height
    self.pixels = pixels.count == width * height ? pixels + pixels + pixels : pixels
    precondition(self.pixels.count == 3 * width * height, "three channels, or one")
  }

  /// The bytes of a PNG file without metadata; nil where libpng cannot make one.
  public func png() -> [UInt8]? {
    let plane = width * height
    let interleaved = (0..<3 * plane).map { pixels[$0 % 3 * plane + $0 / 3] }
    // What cannot be compressed takes a little more than the pixels.
    var bytes = [UInt8](repeating: 0, count: 3 * plane + plane / 8 + 4096)
    var count = bytes.count
    guard
      consort_png_encode(interleaved, UInt32(width), UInt32(height), &bytes, &count) == 0
    else { return nil }
    return Array(bytes.prefix(count))
  }
}
