import Randomness

/// How one encoded image comes to the size of a batch.
public enum ImageGeometry: Hashable, Sendable {
  /// The same each time, as a trained network is fed.
  case evaluation(Preprocessing.Resizing, Preprocessing.Interpolation = .bicubic)
  /// A random part, and where `flips` is true mirrored half of the time, drawn from `stream`.
  case randomResizedCrop(RandomResizedCrop, flips: Bool, stream: RandomStream)

  /// How pixels are computed.
  var interpolation: Preprocessing.Interpolation {
    switch self {
    case .evaluation(_, let interpolation): interpolation
    case .randomResizedCrop(let crop, _, _): crop.interpolation
    }
  }

  /// Whether a JPEG file may be decoded at less than its size: a network is evaluated on exact pixels.
  var isReducing: Bool {
    switch self {
    case .evaluation: false
    case .randomResizedCrop: true
    }
  }

  /// What part of an image of `size` becomes `output`.
  func framing(
    of size: ImageDecoder.Size, to output: ImageDecoder.Size, name: String
  ) throws(DatasetError) -> Framing {
    switch self {
    case .evaluation(let resizing, _):
      return try resizing.framing(of: size, to: output, name: name)
    case .randomResizedCrop(let crop, let flips, var stream):
      let part = crop.draw(width: size.width, height: size.height, from: &stream)
      return Framing(
        crop: part, resizedTo: output, isMirrored: flips && stream.integer(below: 2) == 1)
    }
  }

  /// Checks that images can be brought to `height` x `width` pixels so.
  func validate(height: Int, width: Int) throws(DatasetError) {
    switch self {
    case .evaluation(let resizing, _): try resizing.validate(height: height, width: width)
    case .randomResizedCrop(let crop, _, _): try crop.validate()
    }
  }
}

extension ImageReader {
  /// Decodes the image in `bytes` to `[3, height, width]`.
  ///
  /// - Parameter name: What an error calls the image.
  /// - Returns: What is odd about the image.
  /// - Throws: `ImageDecoder.Failure`, or `DatasetError.wrongImageSize`.
  func read(
    _ bytes: UnsafeRawBufferPointer, name: @autoclosure () -> String, geometry: ImageGeometry,
    height: Int, width: Int, into target: UnsafeMutableBufferPointer<UInt8>
  ) throws -> ImageOddity {
    let output = ImageDecoder.Size(width: width, height: height)
    return try read(
      bytes, interpolation: geometry.interpolation, isReducing: geometry.isReducing, into: target
    ) { try geometry.framing(of: $0, to: output, name: name()) }
  }
}
