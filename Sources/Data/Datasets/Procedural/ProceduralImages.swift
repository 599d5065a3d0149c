import Concurrency
import Randomness

/// A synthetic data set drawn by code: coloured shapes and textures of ten classes on cluttered, noisy ground.
///
/// It stands in for real images where none are at hand: small networks learn it within minutes and err on it, larger
/// ones and ensembles err less. It says nothing about photographs. Colours are drawn alike for all classes, so that
/// only form shows the class; classes are equally frequent and come in turn.
///
/// The images depend on the four values alone and are the same, bit for bit, on every machine: everything is whole
/// numbers. Image `i` of a split does not depend on how many follow it.
public struct ProceduralImages: Codable, Hashable, Sendable {
  /// The side of the square images, in pixels; 8 to 512.
  public var imageSize: Int
  /// The number of training images; 1 to 10 million.
  public var trainCount: Int
  /// The number of test images; 1 to 10 million.
  public var testCount: Int
  /// What all random numbers follow from: another seed gives other images of the same kind.
  public var seed: UInt64

  /// The classes, in the order of the labels.
  public static let classNames = ProceduralFigure.allCases.map(\.rawValue)

  /// Creates a description as it is: `validate()` checks it, `dataset()` draws the images.
  public init(
    imageSize: Int = 16, trainCount: Int = 3000, testCount: Int = 5000, seed: UInt64 = 0
  ) {
    self.imageSize = imageSize
    self.trainCount = trainCount
    self.testCount = testCount
    self.seed = seed
  }

  /// Checks that the values can be drawn: a side of 8 to 512 pixels, 1 to 10 million images a split.
  ///
  /// - Throws: `DatasetError.invalidProceduralImages`.
  public func validate() throws(DatasetError) {
    try Self.check("imageSize", imageSize, in: 8...512)
    try Self.check("trainCount", trainCount, in: 1...10_000_000)
    try Self.check("testCount", testCount, in: 1...10_000_000)
  }

  private static func check(
    _ field: String, _ value: Int, in range: ClosedRange<Int>
  ) throws(DatasetError) {
    guard range.contains(value) else {
      throw .invalidProceduralImages(
        field: field, value: value, minimum: range.lowerBound, maximum: range.upperBound)
    }
  }

  /// Draws both splits, on all cores.
  ///
  /// - Precondition: `validate()` does not throw.
  public func dataset() -> ImageDataset {
    ImageDataset(
      name: "synthetic images, drawn by code", train: split("train", count: trainCount, stream: 0),
      test: split("test", count: testCount, stream: 1))
  }

  private func split(_ name: String, count: Int, stream: UInt64) -> ImageSplit {
    precondition((8...512).contains(imageSize) && count > 0, "values that validate() accepts")
    let side = imageSize
    let seed = seed
    let imageBytes = 3 * side * side
    let pixels = [UInt8](unsafeUninitializedCapacity: count * imageBytes) { target, initialized in
      // Each iteration writes the images of its own block, and the buffer outlives the call.
      nonisolated(unsafe) let target = target
      let block = 64
      parallelFor((count + block - 1) / block) { number in
        for index in number * block..<min((number + 1) * block, count) {
          var random = RandomStream(seed: seed, stream, UInt64(index))
          let scene = ProceduralScene(of: Self.figure(of: index), side: side, random: &random)
          let image = UnsafeMutableBufferPointer(
            rebasing: target[index * imageBytes..<(index + 1) * imageBytes])
          scene.draw(side: side, into: image, random: &random)
        }
      }
      initialized = count * imageBytes
    }
    let classes = Self.classNames.count
    return ImageSplit(
      name: name, height: side, width: side, pixels: pixels,
      labels: (0..<count).map { Int64($0 % classes) }, classNames: Self.classNames)
  }

  private static func figure(of index: Int) -> ProceduralFigure {
    ProceduralFigure.allCases[index % ProceduralFigure.allCases.count]
  }
}
