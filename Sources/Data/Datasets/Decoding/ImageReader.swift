/// Decodes images to pixels of a given framing, reusing its memory. One thread uses one reader.
final class ImageReader {
  private let decoder = ImageDecoder()
  private let scratch = ScratchBytes()

  /// Reads the size of the image in `bytes`.
  func size(of bytes: UnsafeRawBufferPointer) throws(ImageDecoder.Failure) -> ImageDecoder.Size {
    try decoder.size(of: bytes)
  }

  /// Decodes the image in `bytes`, only as much of it as is needed.
  ///
  /// - Parameters:
  ///   - isReducing: Whether a JPEG file may be decoded at a half, a quarter or an eighth of its size where the crop
  ///     stays as large as what it becomes. That is faster and differs a little from resizing the whole image.
  ///   - target: Receives `[3, rows, columns]` of the framing.
  ///   - framing: Is given the image's size.
  /// - Returns: What is odd about the image.
  /// - Throws: `ImageDecoder.Failure`, or what `framing` throws.
  @discardableResult
  func read(
    _ bytes: UnsafeRawBufferPointer, interpolation: Preprocessing.Interpolation,
    isReducing: Bool, into target: UnsafeMutableBufferPointer<UInt8>,
    framing: (ImageDecoder.Size) throws -> Framing
  ) throws -> ImageOddity {
    try decoder.decode(
      bytes,
      select: { size, canReduce in
        let framing = try framing(size)
        if framing.isIdentity(on: size) { return (ImageDecoder.Selection(whole: size), nil) }
        let reduction = isReducing && canReduce ? framing.largestReduction : 1
        let axes = framing.resampling(reduction: reduction, interpolation: interpolation)
        let part = ImageDecoder.Selection(
          denominator: reduction, columns: axes.horizontal.inputRange,
          rows: axes.vertical.inputRange)
        return (part, (axes, framing.isMirrored))
      }
    ) {
      (pixels, resizing: (axes: Framing.Axes, isMirrored: Bool)?) in
      if let resizing {
        Resampling.resize(
          pixels, horizontal: resizing.axes.horizontal, vertical: resizing.axes.vertical,
          isMirrored: resizing.isMirrored, scratch: scratch, into: target)
      } else {
        pixels.separate(into: target)
      }
      var oddity: ImageOddity = pixels.isDamaged ? .damaged : []
      if JPEGOrientation.isTurned(bytes) { oddity.insert(.turned) }
      return oddity
    }
  }
}
