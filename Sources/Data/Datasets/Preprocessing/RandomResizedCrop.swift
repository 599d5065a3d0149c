import Randomness

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A random part of a training image, resized to the network's input, as torchvision's `RandomResizedCrop`.
///
/// Source: arXiv:1409.4842, section 6; torchvision 0.26's `RandomResizedCrop.get_params`.
public struct RandomResizedCrop: Codable, Hashable, Sendable {
  /// How often a crop that does not fit is drawn anew.
  private static let attempts = 10

  /// The part's area, as a fraction of the image's, drawn evenly.
  public var area: ClosedRange<Double>
  /// The part's width over its height, its logarithm drawn evenly.
  public var aspectRatio: ClosedRange<Double>
  /// How pixels are computed.
  public var interpolation: Preprocessing.Interpolation

  /// Creates a description; the usual one trains EfficientNet and most others.
  public init(
    area: ClosedRange<Double> = 0.08...1, aspectRatio: ClosedRange<Double> = 3.0 / 4...4.0 / 3,
    interpolation: Preprocessing.Interpolation = .bicubic
  ) {
    self.area = area
    self.aspectRatio = aspectRatio
    self.interpolation = interpolation
  }

  /// Draws a part of an image of `width` x `height` pixels.
  ///
  /// Where no attempt fits, it is the largest centred part whose aspect ratio is within range.
  public func draw(width: Int, height: Int, from stream: inout RandomStream) -> PixelRectangle {
    func evenly(from lower: Double, to upper: Double) -> Double {
      lower + (upper - lower) * stream.unitInterval()
    }
    let pixels = Double(width) * Double(height)
    for _ in 0..<Self.attempts {
      let target = pixels * evenly(from: area.lowerBound, to: area.upperBound)
      let ratio = exp(
        evenly(from: log(aspectRatio.lowerBound), to: log(aspectRatio.upperBound)))
      let w = (target * ratio).squareRoot().rounded(.toNearestOrEven)
      let h = (target / ratio).squareRoot().rounded(.toNearestOrEven)
      guard w >= 1, w <= Double(width), h >= 1, h <= Double(height) else { continue }
      let y = stream.integer(below: height - Int(h) + 1)
      let x = stream.integer(below: width - Int(w) + 1)
      return PixelRectangle(x: x, y: y, width: Int(w), height: Int(h))
    }
    return fallback(width: width, height: height)
  }

  /// The largest centred part whose aspect ratio is within range.
  func fallback(width: Int, height: Int) -> PixelRectangle {
    let ratio = Double(width) / Double(height)
    var (w, h) = (width, height)
    if ratio < aspectRatio.lowerBound {
      h = Int((Double(width) / aspectRatio.lowerBound).rounded(.toNearestOrEven))
    } else if ratio > aspectRatio.upperBound {
      w = Int((Double(height) * aspectRatio.upperBound).rounded(.toNearestOrEven))
    }
    (w, h) = (min(max(w, 1), width), min(max(h, 1), height))
    return PixelRectangle(x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
  }

  /// Checks that both ranges make sense.
  ///
  /// - Throws: `DatasetError.invalidPreprocessing`.
  public func validate() throws(DatasetError) {
    guard area.lowerBound > 0, area.upperBound <= 1 else {
      throw .invalidPreprocessing(
        field: "area", value: "\(area.lowerBound)...\(area.upperBound)",
        expected: "fractions above 0 and up to 1")
    }
    guard aspectRatio.lowerBound > 0, aspectRatio.upperBound.isFinite else {
      throw .invalidPreprocessing(
        field: "aspectRatio", value: "\(aspectRatio.lowerBound)...\(aspectRatio.upperBound)",
        expected: "positive numbers")
    }
  }
}
