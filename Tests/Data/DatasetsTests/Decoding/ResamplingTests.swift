import Foundation
import Testing

@testable import Datasets

@Suite struct ResamplingTests {
  /// A part of an image, resized by Pillow.
  private struct Resized: Decodable {
    let image: String
    /// `crop`: the box is an image of its own; `box`: the pixels around it enter.
    let kind: String
    let filter: String
    let box: [Double]
    let size: [Int]
    let pixels: [UInt8]
  }

  private func resized() throws -> [Resized] {
    try JSONDecoder().decode(
      [Resized].self, from: Data(contentsOf: URL(fileURLWithPath: Fixture.path("resized.json"))))
  }

  private func resample(
    _ bytes: [UInt8], _ size: [Int], mirrored: Bool = false, portable: Bool = false,
    axis: (_ length: Int, _ dimension: Int) -> Resampling
  ) throws -> [UInt8] {
    var target = [UInt8](repeating: 0, count: 3 * size[0] * size[1])
    try bytes.withUnsafeBytes { bytes in
      try ImageDecoder().decode(bytes) { pixels, whole in
        target.withUnsafeMutableBufferPointer {
          Resampling.resize(
            pixels, horizontal: axis(whole.width, 0), vertical: axis(whole.height, 1),
            isMirrored: mirrored, isPortable: portable, scratch: ScratchBytes(), into: $0)
        }
      }
    }
    return target
  }

  @Test func partsEqualPillow() throws {
    let cases = try resized()
    #expect(cases.count == 16)
    for expected in cases {
      let interpolation = try #require(Preprocessing.Interpolation(rawValue: expected.filter))
      let ours = try resample(Fixture.bytes(expected.image), expected.size) { length, dimension in
        let source = expected.box[dimension]..<expected.box[dimension + 2]
        let bounds =
          expected.kind == "crop" ? Int(source.lowerBound)..<Int(source.upperBound) : 0..<length
        return Resampling(
          source: source, within: bounds, outputLength: expected.size[dimension],
          range: 0..<expected.size[dimension], interpolation: interpolation)
      }
      let theirs = (0..<3).flatMap { channel in
        stride(from: channel, to: expected.pixels.count, by: 3).map { expected.pixels[$0] }
      }
      let difference = try #require(Difference(ours, theirs))
      // The decoders may differ by a level.
      #expect(difference.largest <= 1, "\(expected.image) \(expected.kind) \(expected.filter)")
      #expect(difference.mean <= 0.05, "\(expected.image) \(expected.kind) \(expected.filter)")
    }
  }

  @Test(arguments: [
    ("subsampled.jpg", 16), ("subsampled.jpg", 24), ("subsampled.jpg", 64), ("full.jpeg", 8),
    ("rgb.png", 5), ("rgb.png", 20),
  ])
  func croppedResizeEqualsPillow(name: String, side: Int) throws {
    let size = try Fixture.size(name)
    let framing = Framing(
      centreOf: .init(width: size.width, height: size.height), shortSide: side,
      output: .init(width: side, height: side))
    let axes = framing.resampling(reduction: 1, interpolation: .bilinear)
    let pixels = try resample(Fixture.bytes(name), [side, side]) { _, dimension in
      dimension == 0 ? axes.horizontal : axes.vertical
    }
    let expected = try Fixture.bytes("\(name).crop-\(side).rgb")
    let planes = (0..<3).flatMap { channel in
      stride(from: channel, to: expected.count, by: 3).map { expected[$0] }
    }
    #expect(try #require(largestDifference(pixels, planes)) <= 1)
  }

  /// On a processor with wide registers, both ways of computing are compared.
  @Test(arguments: ["photo-wide.jpg", "photo-small.jpg", "rgb.png"], [1, 5, 31, 32, 33, 70])
  func everyProcessorComputesTheSame(name: String, side: Int) throws {
    for interpolation in Preprocessing.Interpolation.allCases {
      let axis = { (length: Int, _: Int) in
        Resampling(
          source: 0..<Double(length), within: 0..<length, outputLength: side, range: 0..<side,
          interpolation: interpolation)
      }
      let bytes = try Fixture.bytes(name)
      #expect(
        try resample(bytes, [side, side], axis: axis)
          == resample(bytes, [side, side], portable: true, axis: axis))
    }
  }

  @Test func mirroringReversesRows() throws {
    let axis = { (length: Int, _: Int) in
      Resampling(
        source: 0..<Double(length), within: 0..<length, outputLength: 7, range: 0..<7,
        interpolation: .bicubic)
    }
    let bytes = try Fixture.bytes("photo-small.jpg")
    let plain = try resample(bytes, [7, 7], axis: axis)
    let mirrored = try resample(bytes, [7, 7], mirrored: true, axis: axis)
    for row in 0..<21 {
      #expect(Array(mirrored[row * 7..<row * 7 + 7]) == plain[row * 7..<row * 7 + 7].reversed())
    }
  }

  /// What is decoded of an image for a crop has the very pixels that the whole image has there.
  @Test(arguments: [
    "photo-wide.jpg", "photo-tall.jpg", "photo-large.jpg", "photo-small.jpg", "grey.jpg",
    "cmyk.jpg", "progressive.jpg",
  ])
  func partsAreDecodedAsInTheWhole(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let decoder = ImageDecoder()
    for denominator in [1, 2, 4, 8] {
      let size = try bytes.withUnsafeBytes { try decoder.size(of: $0) }
      let width = (size.width + denominator - 1) / denominator
      let height = (size.height + denominator - 1) / denominator
      func pixels(_ columns: Range<Int>, _ rows: Range<Int>) throws -> [UInt8] {
        let selection = ImageDecoder.Selection(
          denominator: denominator, columns: columns, rows: rows)
        return try bytes.withUnsafeBytes { bytes in
          try decoder.decode(bytes, select: { _, _ in (selection, ()) }) { pixels, _ in
            try #require(pixels.covers(columns: columns, rows: rows))
            return rows.flatMap { row in
              columns.flatMap { column in
                (0..<3).map { pixels.address(column: column, row: row)[$0] }
              }
            }
          }
        }
      }
      let whole = try pixels(0..<width, 0..<height)
      for part in 0..<12 {
        let columns = Self.range(part, of: width)
        let rows = Self.range(part / 3 + 1, of: height)
        let expected = rows.flatMap { row in
          whole[(3 * (row * width + columns.lowerBound))...].prefix(3 * columns.count)
        }
        #expect(
          try pixels(columns, rows) == expected, "\(name) 1/\(denominator) \(columns) \(rows)")
      }
    }
  }

  @Test func cutFilesAreFoundOutWhateverPartIsWanted() throws {
    let decoder = ImageDecoder()
    let whole = try Fixture.bytes("photo-wide.jpg")
    func decode(_ bytes: [UInt8]) throws -> Int {
      let top = ImageDecoder.Selection(denominator: 1, columns: 8..<20, rows: 0..<9)
      return try bytes.withUnsafeBytes { bytes in
        try decoder.decode(bytes, select: { _, _ in (top, ()) }) { pixels, _ in pixels.area.height }
      }
    }
    #expect(try decode(whole) == 9)
    for count in [whole.count - 1, whole.count - 2, whole.count - 1000] {
      #expect(throws: ImageDecoder.Failure.self) { try decode(Array(whole.prefix(count))) }
    }
    // Without the end mark as the last bytes, all is decoded, and right.
    #expect(try decode(whole + [0, 0]) == 241)
  }

  /// Ranges of all lengths, by a number.
  private static func range(_ number: Int, of length: Int) -> Range<Int> {
    let start = number * 37 % length
    return start..<start + 1 + number * 53 % (length - start)
  }

  @Test func reducedDecodingStaysCloseToTheWhole() throws {
    let bytes = try Fixture.bytes("photo-large.jpg")
    let reader = ImageReader()
    func pixels(isReducing: Bool) throws -> [UInt8] {
      var target = [UInt8](repeating: 0, count: 3 * 100 * 100)
      try bytes.withUnsafeBytes { bytes in
        try target.withUnsafeMutableBufferPointer { target in
          try reader.read(
            bytes, interpolation: .bicubic, isReducing: isReducing, into: target
          ) { _ in
            Framing(
              crop: PixelRectangle(x: 101, y: 33, width: 555, height: 431),
              resizedTo: .init(width: 100, height: 100))
          }
        }
      }
      return target
    }
    let (whole, reduced) = (try pixels(isReducing: false), try pixels(isReducing: true))
    #expect(whole != reduced)
    #expect(try #require(Difference(whole, reduced)).mean < 1.5)
  }

  @Test func theCropStaysAsLargeAsItBecomes() {
    func reduction(_ width: Int, _ height: Int) -> Int {
      Framing(
        crop: PixelRectangle(x: 0, y: 0, width: width, height: height),
        resizedTo: .init(width: 224, height: 224)
      ).largestReduction
    }
    #expect(reduction(447, 1000) == 1)
    #expect(reduction(448, 448) == 2)
    #expect(reduction(2000, 895) == 2)
    #expect(reduction(896, 896) == 4)
    #expect(reduction(4000, 1792) == 8)
    #expect(reduction(10, 10) == 1)
  }
}
