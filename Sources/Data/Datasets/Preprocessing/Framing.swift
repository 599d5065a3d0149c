/// What part of an image becomes a network's input, and how.
struct Framing {
  typealias Axes = (horizontal: Resampling, vertical: Resampling)

  /// What is resized; pixels beside it do not enter.
  let crop: PixelRectangle
  /// The size in pixels that it is resized to.
  let resized: ImageDecoder.Size
  /// The columns and the rows of the resized crop that are kept.
  let columns, rows: Range<Int>
  /// Whether left and right are exchanged.
  var isMirrored = false

  /// All of `crop`, resized to `size`.
  init(crop: PixelRectangle, resizedTo size: ImageDecoder.Size, isMirrored: Bool = false) {
    self.crop = crop
    resized = size
    (columns, rows) = (0..<size.width, 0..<size.height)
    self.isMirrored = isMirrored
  }

  /// The whole image of `size`, as it is.
  init(whole size: ImageDecoder.Size) {
    self.init(
      crop: PixelRectangle(x: 0, y: 0, width: size.width, height: size.height), resizedTo: size)
  }

  /// The centre of an image whose short side is resized to `shortSide` pixels, at least those of `output`.
  ///
  /// The long side is rounded down, the crop's corner to the nearest pixel, ties to even, as torchvision's `Resize` and
  /// `CenterCrop` do.
  init(centreOf size: ImageDecoder.Size, shortSide: Int, output: ImageDecoder.Size) {
    let short = min(size.width, size.height)
    func resized(_ length: Int) -> Int {
      length == short ? shortSide : shortSide * length / short
    }
    func kept(_ output: Int, of length: Int) -> Range<Int> {
      let corner = Int((Double(length - output) / 2).rounded(.toNearestOrEven))
      return corner..<corner + output
    }
    crop = PixelRectangle(x: 0, y: 0, width: size.width, height: size.height)
    self.resized = ImageDecoder.Size(width: resized(size.width), height: resized(size.height))
    columns = kept(output.width, of: self.resized.width)
    rows = kept(output.height, of: self.resized.height)
  }

  /// A centred square of `side` / (`side` + `padding`) of the short side, resized to `side` pixels.
  ///
  /// The square's side is rounded down from single precision and its corner up, as the official EfficientNet's
  /// preprocessing does (tensorflow/tpu, models/official/efficientnet/preprocessing.py).
  init(centredSquareOf size: ImageDecoder.Size, side: Int, padding: Int) {
    let ratio = Float(Double(side) / Double(side + padding))
    let length = max(Int(ratio * Float(min(size.width, size.height))), 1)
    let crop = PixelRectangle(
      x: (size.width - length + 1) / 2, y: (size.height - length + 1) / 2, width: length,
      height: length)
    self.init(crop: crop, resizedTo: ImageDecoder.Size(width: side, height: side))
  }

  /// The largest power of two, up to 8, by which the image may be reduced with the crop still as large as it becomes.
  var largestReduction: Int {
    [8, 4, 2].first { crop.width / $0 >= resized.width && crop.height / $0 >= resized.height } ?? 1
  }

  /// Whether every pixel stays what and where it is in an image of `size`.
  func isIdentity(on size: ImageDecoder.Size) -> Bool {
    resized == size && crop.width == size.width && crop.height == size.height && !isMirrored
      && columns.count == size.width && rows.count == size.height
  }

  /// The resampling of both axes of the image at 1 / `reduction` of its size.
  func resampling(
    reduction: Int, interpolation: Preprocessing.Interpolation
  ) -> Axes {
    func axis(from start: Int, _ length: Int, to output: Int, _ range: Range<Int>) -> Resampling {
      let (lower, upper) = (start, start + length)
      let scale = Double(reduction)
      return Resampling(
        source: Double(lower) / scale..<Double(upper) / scale,
        within: lower / reduction..<(upper + reduction - 1) / reduction, outputLength: output,
        range: range, interpolation: interpolation)
    }
    return (
      axis(from: crop.x, crop.width, to: resized.width, columns),
      axis(from: crop.y, crop.height, to: resized.height, rows)
    )
  }
}
