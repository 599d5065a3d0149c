import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct PreprocessingTests {
  private static let photos = [
    "photo-wide.jpg", "photo-tall.jpg", "photo-large.jpg", "photo-small.jpg",
  ]

  private func preprocessing(
    _ side: Int, _ resizing: Preprocessing.Resizing
  ) -> Preprocessing {
    Preprocessing(
      height: side, width: side, resizing: resizing, mean: Preprocessing.imageNetMean,
      standardDeviation: Preprocessing.imageNetStandardDeviation)
  }

  private func pixels(of name: String, _ preprocessing: Preprocessing) throws -> [UInt8] {
    try Fixture.bytes(name).withUnsafeBytes { try preprocessing.pixels(of: $0, name: name) }
  }

  @Test(arguments: photos, [32, 48])
  func shortSideEqualsTimm(name: String, side: Int) throws {
    let ours = try pixels(of: name, preprocessing(side, .shortSide(Int(Double(side) / 0.875))))
    let theirs = planes(try Fixture.bytes("\(name).short-\(side).rgb"))
    let difference = try #require(Difference(ours, theirs))
    #expect(difference.mean <= 0.02 && difference.largest <= 2)
  }

  @Test(arguments: photos, [32, 48])
  func centreCropEqualsPillow(name: String, side: Int) throws {
    let ours = try pixels(of: name, preprocessing(side, .centreCrop(padding: 32)))
    let theirs = planes(try Fixture.bytes("\(name).centre-\(side).rgb"))
    let difference = try #require(Difference(ours, theirs))
    #expect(difference.mean <= 0.02 && difference.largest <= 2)
  }

  @Test func withoutResizingTheImageMustHaveTheSize() throws {
    let plain = Preprocessing(
      height: 37, width: 50, resizing: .none, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    let decoded = try Fixture.bytes("photo-small.jpg").withUnsafeBytes { bytes in
      try ImageDecoder().decode(bytes) { pixels, _ in pixels.rgb }
    }
    #expect(try pixels(of: "photo-small.jpg", plain) == planes(decoded))
    #expect(
      throws: DatasetError.wrongImageSize(
        path: "photo-wide.jpg", width: 320, height: 241, expectedWidth: 50, expectedHeight: 37)
    ) { try pixels(of: "photo-wide.jpg", plain) }
  }

  @Test func pngGoesTheSameWay() throws {
    let small = preprocessing(5, .shortSide(5))
    let bilinear = Preprocessing(
      height: 5, width: 5, resizing: .shortSide(5), interpolation: .bilinear,
      mean: small.mean, standardDeviation: small.standardDeviation)
    #expect(
      try pixels(of: "rgb.png", bilinear) == planes(Fixture.bytes("rgb.png.crop-5.rgb")))
    #expect(try pixels(of: "rgb.png", small) != pixels(of: "rgb.png", bilinear))
  }

  @Test func unreadableImagesAreNamed() throws {
    let jpeg = try Array(Fixture.bytes("photo-wide.jpg").dropLast(2000))
    let error = #expect(throws: DatasetError.self) {
      try jpeg.withUnsafeBytes {
        try preprocessing(32, .centreCrop(padding: 32)).pixels(of: $0, name: "a.jpg")
      }
    }
    #expect(
      error
        == .unreadableImage(path: "a.jpg", reason: "Premature end of JPEG file"))
  }

  private static func description(
    _ height: Int, _ width: Int, _ resizing: Preprocessing.Resizing = .none,
    mean: [Float] = [0, 0, 0], deviation: [Float] = [1, 1, 1]
  ) -> Preprocessing {
    Preprocessing(
      height: height, width: width, resizing: resizing, mean: mean, standardDeviation: deviation)
  }

  @Test(arguments: [
    description(0, 8), description(8, 9000), description(8, 8, .shortSide(7)),
    description(8, 9, .centreCrop(padding: 1)), description(8, 8, .centreCrop(padding: -1)),
    description(8, 8, mean: [0, 0]), description(8, 8, mean: [0, 0, .nan]),
    description(8, 8, deviation: [1, 0, 1]), description(8, 8, deviation: [1, 1, .infinity]),
  ])
  func nonsenseIsAnError(preprocessing: Preprocessing) {
    let error = #expect(throws: DatasetError.self) { try preprocessing.validate() }
    guard case .invalidPreprocessing? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(
    arguments: Preprocessing.Layout.allCases, Preprocessing.ChannelOrder.allCases)
  func normalizingFollowsLayoutAndOrder(
    layout: Preprocessing.Layout, order: Preprocessing.ChannelOrder
  ) {
    let (height, width) = (2, 3)
    let description = Preprocessing(
      height: height, width: width, resizing: .none, mean: [10, 20, 30],
      standardDeviation: [2, 4, 8], layout: layout, channelOrder: order)
    let pixels = (0..<36).map { UInt8($0 * 7) }
    var input = [Float](repeating: .nan, count: 36)
    pixels.withUnsafeBytes { pixels in
      input.withUnsafeMutableBufferPointer { description.normalize(pixels, into: $0) }
    }
    for image in 0..<2 {
      for channel in 0..<3 {
        for place in 0..<6 {
          let value = Float(pixels[image * 18 + channel * 6 + place])
          let expected =
            (value - description.mean[channel]) / description.standardDeviation[channel]
          let position = order == .rgb ? channel : 2 - channel
          let index =
            layout == .channelsFirst
            ? image * 18 + position * 6 + place : image * 18 + place * 3 + position
          #expect(input[index] == expected)
        }
      }
    }
  }

  /// The 200 real images, where they lie beside the checkout.
  @Test(.enabled(if: RealImages.archive != nil, "skipped: no imagenet-sample-200.tar at hand"))
  func twoHundredRealImagesEqualTimm() throws {
    let split = try EncodedSplit.load(directory: #require(RealImages.archive))
    #expect(split.count == 200 && split.classNames.count == 200)
    let expected = try Fixture.bytes("imagenet-sample-200.timm")
    let (samples, record) = (100, 12 + 300)
    try #require(expected.count == 200 * record)
    let evaluation = preprocessing(224, .shortSide(256))
    let byName = split.labels.indices.sorted { split.name(of: $0) < split.name(of: $1) }
    var (sum, largestMean, largestChannel) = (0.0, 0.0, Float(0))
    let preprocessor = try ImagePreprocessor(evaluation)
    var pixels = [UInt8](repeating: 0, count: 3 * 50176)
    for (number, index) in byName.enumerated() {
      try split.withBytes(of: index) { bytes in
        try pixels.withUnsafeMutableBufferPointer { try preprocessor.pixels(of: bytes, into: $0) }
      }
      let theirs = expected[number * record..<(number + 1) * record]
      for channel in 0..<3 {
        let plane = pixels[channel * 50176..<(channel + 1) * 50176]
        let mean = Float(Double(plane.reduce(0) { $0 + Int($1) }) / 50176)
        let expectedMean = theirs.withUnsafeBytes {
          $0.loadUnaligned(fromByteOffset: 4 * channel, as: Float.self)
        }
        largestChannel = max(largestChannel, abs(mean - expectedMean))
      }
      var difference = 0
      for sample in 0..<samples {
        let place = (7919 * sample + 104729 * number) % 50176
        for channel in 0..<3 {
          let theirs = theirs[theirs.startIndex + 12 + 3 * sample + channel]
          difference += abs(Int(pixels[channel * 50176 + place]) - Int(theirs))
        }
      }
      let mean = Double(difference) / Double(3 * samples)
      sum += mean
      largestMean = max(largestMean, mean)
    }
    #expect(sum / 200 <= 0.5)
    #expect(largestMean <= 2)
    #expect(largestChannel <= 0.5)
  }

  /// `[H, W, 3]` as `[3, H, W]`.
  private func planes(_ pixels: [UInt8]) -> [UInt8] {
    (0..<3).flatMap { channel in
      stride(from: channel, to: pixels.count, by: 3).map { pixels[$0] }
    }
  }
}

/// How far two arrays of bytes are apart.
struct Difference {
  let mean: Double
  let largest: Int

  /// Nothing where their lengths differ.
  init?(_ first: [UInt8], _ second: [UInt8]) {
    guard first.count == second.count, !first.isEmpty else { return nil }
    let differences = zip(first, second).map { abs(Int($0) - Int($1)) }
    mean = Double(differences.reduce(0, +)) / Double(first.count)
    largest = differences.max() ?? 0
  }
}

/// The archive of 200 real images that may lie in shared/data beside the checkout; CONSORT_IMAGENET_SAMPLE names another
/// place.
enum RealImages {
  static let archive: String? = {
    let beside = checkout.deletingLastPathComponent()
      .appendingPathComponent("shared/data/imagenet-sample-200.tar").path
    let path = ProcessInfo.processInfo.environment["CONSORT_IMAGENET_SAMPLE"] ?? beside
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()
}
