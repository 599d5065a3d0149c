import Datasets
import Deployment
import Files
import Inference

/// Some of the images, decoded and of a model's size, in memory: they are looked at many times.
struct ImageSample: Sendable {
  /// How many there are.
  let count: Int
  private let pixels: [UInt8]
  private let size: Int
  private let preprocessing: Preprocessing

  /// Decodes the images at `choice`.
  ///
  /// - Throws: `InferenceError.tooLittleMemory`, or what keeps an image from being decoded.
  init(
    _ images: PredictionImages, choice: [Int], for member: EnsembleMember,
    options: PredictionOptions
  ) throws {
    preprocessing = member.preprocessing
    let size = 3 * preprocessing.height * preprocessing.width
    if let shortage = Memory.shortage(bytes: choice.count * size) {
      throw InferenceError.tooLittleMemory(
        what: "\(choice.count) decoded images", shortage,
        fix: "give --images \(max(1, shortage.fitting(of: choice.count)))")
    }
    try PredictionFeed.check(images, for: preprocessing)
    let feed = PredictionFeed(
      images, choice: choice, for: preprocessing, batch: 32, hashesContents: false, options)
    var places: [Int: Int] = [:]
    for (place, index) in choice.enumerated() { places[index] = place }
    var pixels = [UInt8](repeating: 0, count: choice.count * size)
    while let batch = try feed.next() {
      batch.pixels.withBytes { bytes in
        let spans = batch.spans.flatMap { span in
          stride(from: span.lowerBound, to: span.upperBound, by: size)
        }
        for (start, index) in zip(spans, batch.indices) {
          guard let place = places[index] else { continue }
          pixels.withUnsafeMutableBytes { target in
            target[place * size..<(place + 1) * size].copyBytes(from: bytes[start..<start + size])
          }
        }
      }
    }
    (self.pixels, self.size, count) = (pixels, size, choice.count)
  }

  /// Writes the images of `range` as a model takes them to the beginning of `input`.
  func fill(_ input: UnsafeMutableBufferPointer<Float>, with range: Range<Int>) {
    pixels.withUnsafeBytes { bytes in
      for (place, image) in range.enumerated() {
        preprocessing.normalize(
          UnsafeRawBufferPointer(rebasing: bytes[image * size..<(image + 1) * size]),
          into: UnsafeMutableBufferPointer(rebasing: input[place * size..<(place + 1) * size]))
      }
    }
  }
}
