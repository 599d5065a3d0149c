import Datasets

extension PredictionImages {
  /// Some of the images, to be looked at; files come to squares of `side` pixels, others keep their size.
  ///
  /// - Parameter indices: Each in `0..<count`.
  /// - Returns: In the order of `indices`, without those that cannot be decoded.
  /// - Throws: `FileError` where a file cannot be read.
  public func pictures(of indices: [Int], side: Int = 112) throws -> [(index: Int, Picture)] {
    switch self {
    case .decoded(let split):
      return indices.map { index in
        let pixels = split.bytes.withBytes { bytes in
          Array(bytes[index * split.bytesPerImage..<(index + 1) * split.bytesPerImage])
        }
        return (index, Picture(width: split.width, height: split.height, pixels: pixels))
      }
    case .encoded(let split):
      return try Self.pictures(of: indices, in: split, side: side)
    }
  }

  private static func pictures(
    of indices: [Int], in split: EncodedSplit, side: Int
  ) throws -> [(index: Int, Picture)] {
    let stream = ImageStream(
      split, height: side, width: side, corruptImages: .skip, hashesContents: false, workers: 1,
      prefetchedBatches: 1
    ) { number in
      guard number == 0 else { return nil }
      return indices.map {
        ImageRequest(index: $0, geometry: .evaluation(.shortSide(side)))
      }
    }
    var found: [(index: Int, Picture)] = []
    let size = 3 * side * side
    while let batch = try stream.next() {
      batch.pixels.withBytes { bytes in
        for (place, index) in batch.indices.enumerated() {
          let pixels = Array(bytes[place * size..<(place + 1) * size])
          found.append((index, Picture(width: side, height: side, pixels: pixels)))
        }
      }
    }
    return found
  }
}
