/// A decoded part of an image, at full size or at the half, quarter or eighth that the decoder reduced it to.
///
/// It does not own its bytes, which are those of the decoder's scratch memory: they are valid until its next image.
struct DecodedPixels {
  /// Rows of four bytes a pixel: red, green, blue and one without meaning.
  let bytes: UnsafePointer<UInt8>
  /// The bytes of one row.
  let bytesPerRow: Int
  /// What part it is, in pixels of the reduced image.
  let area: PixelRectangle
  /// Whether the file is damaged, so that they are not those that were written.
  var isDamaged = false

  /// Whether every pixel of `columns` and `rows` is there.
  func covers(columns: Range<Int>, rows: Range<Int>) -> Bool {
    columns.lowerBound >= area.x && columns.upperBound <= area.x + area.width
      && rows.lowerBound >= area.y && rows.upperBound <= area.y + area.height
  }

  /// The address of a pixel.
  func address(column: Int, row: Int) -> UnsafePointer<UInt8> {
    bytes + (row - area.y) * bytesPerRow + (column - area.x) * ImageDecoder.bytesPerPixel
  }

  /// Separates all pixels' channels into `target`, `[3, height, width]`.
  func separate(into target: UnsafeMutableBufferPointer<UInt8>) {
    let count = area.width * area.height
    precondition(target.count == 3 * count, "a byte a pixel and channel")
    precondition(bytesPerRow == area.width * ImageDecoder.bytesPerPixel, "rows without padding")
    for index in 0..<count {
      let pixel = bytes + index * ImageDecoder.bytesPerPixel
      target[index] = pixel[0]
      target[count + index] = pixel[1]
      target[2 * count + index] = pixel[2]
    }
  }
}

/// A rectangle of an image, in pixels from its left upper corner.
public struct PixelRectangle: Hashable, Sendable {
  /// The first column and the first row.
  public var x, y: Int
  /// The numbers of columns and rows.
  public var width, height: Int

  /// Creates a rectangle, which need not lie within any image.
  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}
