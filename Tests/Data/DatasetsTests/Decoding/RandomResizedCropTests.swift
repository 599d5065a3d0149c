import Foundation
import Randomness
import Testing

@testable import Datasets

@Suite struct RandomResizedCropTests {
  /// What torchvision draws from images of one size.
  private struct Expected: Decodable {
    let size: [Int]
    let fallback: [Int]
    let mean: [Double]?
    let deviation: [Double]?
  }

  private func expected() throws -> [Expected] {
    try JSONDecoder().decode(
      [Expected].self, from: Data(contentsOf: URL(fileURLWithPath: Fixture.path("crops.json"))))
  }

  private func numbers(_ rectangle: PixelRectangle) -> [Int] {
    [rectangle.x, rectangle.y, rectangle.width, rectangle.height]
  }

  @Test func theFallbackIsTorchvisions() throws {
    for expected in try expected() {
      let crop = RandomResizedCrop().fallback(width: expected.size[0], height: expected.size[1])
      #expect(numbers(crop) == expected.fallback, "\(expected.size)")
    }
  }

  @Test func theFallbackIsTakenWhereNoAttemptFits() {
    // 0.08 of the area with an aspect ratio of 4/3 is 22 pixels high.
    for seed in 0..<50 {
      var stream = RandomStream(seed: UInt64(seed))
      let crop = RandomResizedCrop().draw(width: 1000, height: 8, from: &stream)
      #expect(numbers(crop) == [494, 0, 11, 8])
      #expect(stream != RandomStream(seed: UInt64(seed)))
    }
  }

  /// Means within four standard errors of torchvision's, deviations within 2 %.
  @Test func drawsAreDistributedAsTorchvisions() throws {
    let count = 50_000
    for expected in try expected() {
      guard let mean = expected.mean, let deviation = expected.deviation else { continue }
      var stream = RandomStream(seed: 1)
      var (sums, squares) = ([Double](repeating: 0, count: 4), [Double](repeating: 0, count: 4))
      for _ in 0..<count {
        let crop = RandomResizedCrop().draw(
          width: expected.size[0], height: expected.size[1], from: &stream)
        #expect(crop.x >= 0 && crop.y >= 0 && crop.width > 0 && crop.height > 0)
        #expect(crop.x + crop.width <= expected.size[0])
        #expect(crop.y + crop.height <= expected.size[1])
        for (place, number) in numbers(crop).enumerated() {
          sums[place] += Double(number)
          squares[place] += Double(number * number)
        }
      }
      for place in 0..<4 {
        let ours = sums[place] / Double(count)
        let ourDeviation = (squares[place] / Double(count) - ours * ours).squareRoot()
        let tolerance = 4 * deviation[place] * (2 / Double(count)).squareRoot()
        #expect(abs(ours - mean[place]) <= tolerance, "\(expected.size) \(place)")
        #expect(abs(ourDeviation / deviation[place] - 1) < 0.02, "\(expected.size) \(place)")
      }
    }
  }

  @Test func flipsComeHalfOfTheTime() throws {
    let size = ImageDecoder.Size(width: 500, height: 375)
    let output = ImageDecoder.Size(width: 224, height: 224)
    for (flips, range) in [(true, 900...1100), (false, 0...0)] {
      let mirrored = try (0..<2000).filter { number in
        try ImageGeometry.randomResizedCrop(
          RandomResizedCrop(), flips: flips, stream: RandomStream(seed: 5, UInt64(number))
        ).framing(of: size, to: output, name: "").isMirrored
      }
      #expect(range.contains(mirrored.count))
    }
  }

  @Test func nonsenseIsAnError() {
    for area in [0...1, 0.5...1.5] {
      let error = DatasetError.invalidPreprocessing(
        field: "area", value: "\(area)", expected: "fractions above 0 and up to 1")
      #expect(throws: error) { try RandomResizedCrop(area: area).validate() }
    }
    let error = DatasetError.invalidPreprocessing(
      field: "aspectRatio", value: "0.0...1.0", expected: "positive numbers")
    #expect(throws: error) { try RandomResizedCrop(aspectRatio: 0...1).validate() }
    #expect(throws: Never.self) { try RandomResizedCrop().validate() }
  }
}
