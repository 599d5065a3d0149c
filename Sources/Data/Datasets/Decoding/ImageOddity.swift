import Files

/// What is odd about an image that was decoded all the same.
public struct ImageOddity: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt8

  /// Creates a set of bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Its data is damaged: the pixels are what libjpeg makes of it.
  public static let damaged = ImageOddity(rawValue: 1)
  /// Its EXIF data asks to turn or mirror it, which is not done.
  public static let turned = ImageOddity(rawValue: 2)
}

/// Counts odd images.
public struct ImageOddities: Sendable {
  private var damaged: (count: Int, first: String)?
  private var turned: (count: Int, first: String)?

  /// Counts none yet.
  public init() {}

  /// Counts the image `name`.
  public mutating func add(_ oddity: ImageOddity, _ name: @autoclosure () -> String) {
    if oddity.contains(.damaged) { damaged = ((damaged?.count ?? 0) + 1, damaged?.first ?? name()) }
    if oddity.contains(.turned) { turned = ((turned?.count ?? 0) + 1, turned?.first ?? name()) }
  }

  /// A line for each kind that there is.
  ///
  /// - Parameter source: Where the images are.
  public func notes(of source: String) -> [Note] {
    var texts: [String] = []
    if let turned {
      texts.append(
        "\(turned.count == 1 ? "1 image has" : "\(turned.count) images have") an EXIF orientation, which is ignored, as Pillow and torchvision do: '\(turned.first)'"
      )
    }
    if let damaged {
      texts.append(
        "\(damaged.count == 1 ? "1 image is" : "\(damaged.count) images are") damaged; what libjpeg makes of them is used, as Pillow does: '\(damaged.first)'"
      )
    }
    return texts.map { Note(source: source, text: $0) }
  }
}
