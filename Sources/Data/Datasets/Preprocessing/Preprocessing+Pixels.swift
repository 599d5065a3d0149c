extension Preprocessing {
  private static let sides = 1...8192

  /// Checks that every value makes sense.
  ///
  /// - Throws: `DatasetError.invalidPreprocessing`.
  public func validate() throws(DatasetError) {
    func check(_ holds: Bool, _ field: String, _ value: String, _ expected: String)
      throws(DatasetError)
    {
      guard holds else {
        throw .invalidPreprocessing(field: field, value: value, expected: expected)
      }
    }
    let range = "from \(Self.sides.lowerBound) to \(Self.sides.upperBound) pixels"
    try check(Self.sides.contains(height), "height", "\(height)", range)
    try check(Self.sides.contains(width), "width", "\(width)", range)
    try check(
      mean.count == 3 && mean.allSatisfy(\.isFinite), "mean", "\(mean)", "three finite numbers")
    try check(
      standardDeviation.count == 3 && standardDeviation.allSatisfy { $0.isFinite && $0 > 0 },
      "standardDeviation", "\(standardDeviation)", "three positive numbers")
    try resizing.validate(height: height, width: width)
  }

  /// Decodes an image and brings it to the network's size; `ImagePreprocessor` does so for many.
  ///
  /// - Parameters:
  ///   - encoded: A JPEG or PNG file.
  ///   - name: What an error calls the image.
  ///   - mostPixels: Images of more pixels are refused before they are decoded; nil for what the decoder allows.
  /// - Returns: Red, green and blue, uint8, `[3, height, width]`.
  /// - Throws: `DatasetError.unreadableImage`, `.wrongImageSize` where the image must have the network's size and has
  ///   not, `.invalidPreprocessing`.
  public func pixels(
    of encoded: UnsafeRawBufferPointer, name: String = "image", mostPixels: Int? = nil
  ) throws(DatasetError) -> [UInt8] {
    let preprocessor = try ImagePreprocessor(self)
    if let mostPixels {
      try preprocessor.checkSize(of: encoded, name: name, mostPixels: mostPixels)
    }
    var pixels = [UInt8](repeating: 0, count: 3 * height * width)
    // A closure that throws a typed error has to be asked for its result.
    let result = pixels.withUnsafeMutableBufferPointer { target in
      Result { () throws(DatasetError) in
        try preprocessor.pixels(of: encoded, name: name, into: target)
      }
    }
    try result.get()
    return pixels
  }
}

extension Preprocessing.Resizing {
  /// Checks that an image can be brought to `height` x `width` pixels so.
  ///
  /// - Throws: `DatasetError.invalidPreprocessing`.
  public func validate(height: Int, width: Int) throws(DatasetError) {
    switch self {
    case .none: break
    case .shortSide(let pixels):
      guard pixels >= max(height, width), pixels <= 65536 else {
        throw .invalidPreprocessing(
          field: "resizing", value: "shortSide \(pixels)",
          expected: "a short side from \(max(height, width)), the network's input, to 65536 pixels")
      }
    case .centreCrop(let padding):
      guard height == width, (0...65536).contains(padding) else {
        throw .invalidPreprocessing(
          field: "resizing", value: "centreCrop with padding \(padding) to \(height) x \(width)",
          expected: "a padding from 0 to 65536 pixels and a square input")
      }
    }
  }

  /// How an image of `size` comes to `output`.
  func framing(
    of size: ImageDecoder.Size, to output: ImageDecoder.Size, name: String
  ) throws(DatasetError) -> Framing {
    switch self {
    case .none:
      guard size == output else {
        throw .wrongImageSize(
          path: name, width: size.width, height: size.height, expectedWidth: output.width,
          expectedHeight: output.height)
      }
      return Framing(whole: size)
    case .shortSide(let pixels):
      return Framing(centreOf: size, shortSide: pixels, output: output)
    case .centreCrop(let padding):
      return Framing(centredSquareOf: size, side: output.width, padding: padding)
    }
  }
}

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

/// Brings one image after another to a network's size, reusing its memory. One thread uses one of them.
public final class ImagePreprocessor {
  /// What it does.
  public let preprocessing: Preprocessing
  private let reader = ImageReader()

  /// Prepares for `preprocessing`.
  ///
  /// - Throws: `DatasetError.invalidPreprocessing`.
  public init(_ preprocessing: Preprocessing) throws(DatasetError) {
    try preprocessing.validate()
    self.preprocessing = preprocessing
  }

  /// Makes sure, by its header, that an image has not too many pixels.
  ///
  /// - Throws: `DatasetError.unreadableImage`.
  func checkSize(
    of encoded: UnsafeRawBufferPointer, name: String, mostPixels: Int
  ) throws(DatasetError) {
    do throws(ImageDecoder.Failure) {
      let size = try reader.size(of: encoded)
      let (pixels, overflow) = size.width.multipliedReportingOverflow(by: size.height)
      guard overflow || pixels > mostPixels else { return }
      throw ImageDecoder.Failure(
        reason: "it has \(size.width) x \(size.height) pixels, of which \(mostPixels) are allowed")
    } catch {
      throw .unreadableImage(path: name, reason: error.reason)
    }
  }

  /// Decodes an image and brings it to the network's size.
  ///
  /// - Parameters:
  ///   - encoded: A JPEG or PNG file.
  ///   - name: What an error calls the image.
  ///   - target: Receives red, green and blue, `[3, height, width]`.
  /// - Throws: `DatasetError.unreadableImage`, or `.wrongImageSize` where the image must have the network's size and
  ///   has not. What `target` holds then is of no meaning.
  public func pixels(
    of encoded: UnsafeRawBufferPointer, name: String = "image",
    into target: UnsafeMutableBufferPointer<UInt8>
  ) throws(DatasetError) {
    let (height, width) = (preprocessing.height, preprocessing.width)
    precondition(target.count == 3 * height * width, "a byte a pixel and channel")
    do {
      _ = try reader.read(
        encoded, name: name,
        geometry: .evaluation(preprocessing.resizing, preprocessing.interpolation), height: height,
        width: width, into: target)
    } catch let failure as ImageDecoder.Failure {
      throw .unreadableImage(path: name, reason: failure.reason)
    } catch let error as DatasetError {
      throw error
    } catch {
      throw .unreadableImage(path: name, reason: "\(error)")
    }
  }
}
