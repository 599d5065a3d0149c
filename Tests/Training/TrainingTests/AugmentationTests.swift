import Datasets
import Foundation
import Randomness
import Runs
import Testing
import Torch

@testable import SearchTraining
@testable import Training

/// Padding, cropping, mirroring and normalising against PyTorch (`Fixtures/make_augmentation.py`).
@Suite struct AugmentationTests {
  private struct File: Decodable {
    struct Draw: Decodable {
      let image: Int
      let draw: Augmentation.Draw

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        image = try values.decode(Int.self)
        let (top, left) = (try values.decode(Int.self), try values.decode(Int.self))
        draw = Augmentation.Draw(top: top, left: left, isFlipped: try values.decode(Bool.self))
      }
    }
    let draws: [Draw]
    let batch: [Float]
  }

  private static func split(_ bytes: [UInt8], count: Int, size: Int) -> ImageSplit {
    ImageSplit(
      name: "train", height: size, width: size, pixels: bytes, labels: (0..<count).map(Int64.init),
      classNames: (0..<count).map { "c\($0)" })
  }

  @Test func aBatchEqualsPyTorchs() throws {
    let url = try #require(
      Bundle.module.url(
        forResource: "augmentation", withExtension: "json", subdirectory: "Fixtures"))
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    let bytes = (0..<3 * 3 * 64).map { (index: Int) -> UInt8 in
      UInt8((index * 7919 + index * index % 1009) % 256)
    }
    let images = try ImageTensors(Self.split(bytes, count: 3, size: 8))
    let batch = try Augmentation(cropPadding: 4, flips: true).batch(
      of: images, at: file.draws.map(\.image), file.draws.map(\.draw))
    let normalization = Normalization(
      mean: [125.3, 123.0, 113.9], standardDeviation: [63.0, 62.1, 66.7])
    let values: [Float] = try normalization.normalized(batch, device: .cpu).elements()
    #expect(values.count == file.batch.count)
    #expect(zip(values, file.batch).allSatisfy { abs($0 - $1) < 2e-5 })
  }

  @Test func drawsReachEveryCropAndBothSides() {
    var stream = RandomStream(seed: 1)
    let draws = Augmentation(cropPadding: 1, flips: true).draws(600, from: &stream)
    #expect(Set(draws).count == 3 * 3 * 2)
    let plain = Augmentation(cropPadding: 0, flips: false).draws(50, from: &stream)
    #expect(Set(plain) == [Augmentation.Draw(top: 0, left: 0, isFlipped: false)])
  }

  @Test func withoutAugmentationImagesStayAsTheyAre() throws {
    let bytes = (0..<2 * 3 * 16).map { UInt8($0 * 2) }
    let images = try ImageTensors(Self.split(bytes, count: 2, size: 4))
    let augmentation = Augmentation(cropPadding: 0, flips: false)
    var stream = RandomStream(seed: 1)
    let batch = try augmentation.batch(
      of: images, at: [1, 0], augmentation.draws(2, from: &stream))
    #expect(try batch.elements(as: UInt8.self) == Array(bytes[48...]) + Array(bytes[..<48]))
  }

  /// Means and deviations as NumPy's `mean` and `std` give them.
  @Test func statisticsAreThoseOfTheChosenImages() throws {
    var bytes = [UInt8](repeating: 0, count: 2 * 3 * 4)
    for (index, value) in [10, 20, 30, 60].enumerated() { bytes[index] = UInt8(value) }
    for index in 12..<24 { bytes[index] = 255 }
    let measured = Normalization(
      measuring: Self.split(bytes, count: 2, size: 2), at: [0])
    #expect(measured.mean == [30, 0, 0])
    #expect(abs(measured.standardDeviation[0] - 18.708_287) < 1e-5)
    // A channel of one colour divides by 1, not by 0.
    #expect(measured.standardDeviation[1] == 1)
  }
}
