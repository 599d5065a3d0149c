/// The centre square of an image, after a resize that makes the short side as long as the square's.
///
/// The long side is rounded down, the crop's corner to the nearest pixel, ties to even, as torchvision's `Resize` and
/// `CenterCrop` do.
struct SquareCrop {
  private let inputWidth: Int
  private let horizontal: Resampling
  private let vertical: Resampling

  init(of size: ImageDecoder.Size, side: Int) {
    let short = min(size.width, size.height)
    inputWidth = size.width
    func axis(_ length: Int) -> Resampling {
      let resized = length == short ? side : side * length / short
      let corner = Int((Double(resized - side) / 2).rounded(.toNearestOrEven))
      return Resampling(
        inputLength: length, outputLength: resized, range: corner..<corner + side)
    }
    horizontal = axis(size.width)
    vertical = axis(size.height)
  }

  /// Returns the square, `[side, side, 3]`, of `pixels`, `[height, width, 3]`.
  func apply(to pixels: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    Resampling.resize(pixels, width: inputWidth, horizontal: horizontal, vertical: vertical)
  }
}
