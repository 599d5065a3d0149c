import Datasets

/// The images that an ensemble predicts.
package enum PredictionImages: Sendable {
  /// In memory, of one size already.
  case decoded(ImageSplit)
  /// Files that are decoded for each preprocessing.
  case encoded(EncodedSplit)

  /// The number of images, N.
  package var count: Int {
    switch self {
    case .decoded(let split): split.count
    case .encoded(let split): split.count
    }
  }

  /// The labels, `[N]`.
  package var labels: [Int64] {
    switch self {
    case .decoded(let split): split.labels
    case .encoded(let split): split.labels
    }
  }

  /// The classes' names, in the order of the labels.
  package var classNames: [String] {
    switch self {
    case .decoded(let split): split.classNames
    case .encoded(let split): split.classNames
    }
  }

  /// What the image at `index` is called.
  package func name(of index: Int) -> String {
    switch self {
    case .decoded(let split): "\(split.name) \(index)"
    case .encoded(let split): split.name(of: index)
    }
  }
}

extension PredictionImages {
  /// Some of the images, to be looked at; files come to squares of `side` pixels, others keep their size.
  ///
  /// - Parameter indices: Each in `0..<count`.
  /// - Returns: In the order of `indices`, without those that cannot be decoded.
  /// - Throws: `FileError` where a file cannot be read.
  package func pictures(of indices: [Int], side: Int = 112) throws -> [(index: Int, RGBImage)] {
    switch self {
    case .decoded(let split):
      return indices.map { index in
        let pixels = split.bytes.withBytes { bytes in
          Array(bytes[index * split.bytesPerImage..<(index + 1) * split.bytesPerImage])
        }
        return (index, RGBImage(width: split.width, height: split.height, pixels: pixels))
      }
    case .encoded(let split):
      return try Self.pictures(of: indices, in: split, side: side)
    }
  }

  private static func pictures(
    of indices: [Int], in split: EncodedSplit, side: Int
  ) throws -> [(index: Int, RGBImage)] {
    let stream = ImageStream(
      split, height: side, width: side, corruptImages: .skip, hashesContents: false, workers: 1,
      prefetchedBatches: 1
    ) { number in
      guard number == 0 else { return nil }
      return indices.map {
        ImageRequest(index: $0, geometry: .evaluation(.shortSide(side)))
      }
    }
    var found: [(index: Int, RGBImage)] = []
    let size = 3 * side * side
    while let batch = try stream.next() {
      batch.pixels.withBytes { bytes in
        for (place, index) in batch.indices.enumerated() {
          let pixels = Array(bytes[place * size..<(place + 1) * size])
          found.append((index, RGBImage(width: side, height: side, pixels: pixels)))
        }
      }
    }
    return found
  }
}
