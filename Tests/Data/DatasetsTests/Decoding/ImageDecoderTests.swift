import Testing

@testable import Datasets

@Suite struct ImageDecoderTests {
  private func decode(_ bytes: [UInt8]) throws -> (pixels: [UInt8], size: ImageDecoder.Size) {
    try bytes.withUnsafeBytes { try ImageDecoder().decode($0) { ($0.rgb, $1) } }
  }

  private func expectFailure(
    _ bytes: [UInt8], containing text: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try decode(bytes)
      Issue.record("no error", sourceLocation: sourceLocation)
    } catch let failure as ImageDecoder.Failure {
      #expect(!failure.reason.isEmpty, sourceLocation: sourceLocation)
      if let text { #expect(failure.reason.contains(text), sourceLocation: sourceLocation) }
    } catch {
      Issue.record(error, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: ["subsampled.jpg", "full.jpeg", "progressive.jpg", "grey.jpg", "cmyk.jpg"])
  func jpegEqualsPillowWithinOneLevel(name: String) throws {
    let (pixels, size) = try decode(Fixture.bytes(name))
    let expected = try Fixture.size(name)
    #expect(size == ImageDecoder.Size(width: expected.width, height: expected.height))
    let difference = try #require(largestDifference(pixels, Fixture.bytes("\(name).rgb")))
    #expect(difference <= 1)
  }

  @Test(arguments: [
    "rgb.png", "rgba.png", "palette.png", "palette-clear.png", "grey.png", "grey-alpha.png",
    "bilevel.png", "rgb-16.png", "grey-16.png", "interlaced.png",
  ])
  func pngEqualsPillow(name: String) throws {
    let (pixels, size) = try decode(Fixture.bytes(name))
    let expected = try Fixture.size(name)
    #expect(size == ImageDecoder.Size(width: expected.width, height: expected.height))
    #expect(try pixels == Fixture.bytes("\(name).rgb"))
  }

  @Test func oneDecoderDecodesImagesOfDifferentSizesInTurn() throws {
    let decoder = ImageDecoder()
    for name in ["subsampled.jpg", "rgb.png", "cmyk.jpg", "full.jpeg", "subsampled.jpg"] {
      let pixels = try Fixture.bytes(name).withUnsafeBytes { bytes in
        try decoder.decode(bytes) { pixels, _ in pixels.rgb }
      }
      let difference = try #require(largestDifference(pixels, Fixture.bytes("\(name).rgb")))
      #expect(difference <= 1)
    }
  }

  @Test func truncatedImagesAreErrors() throws {
    for name in ["subsampled.jpg", "progressive.jpg", "cmyk.jpg"] {
      let bytes = try Fixture.bytes(name)
      expectFailure(Array(bytes.prefix(bytes.count * 3 / 4)), containing: "Premature end")
    }
    let png = try Fixture.bytes("rgb.png")
    for count in [png.count - 1, png.count / 2, 30, 8] {
      expectFailure(Array(png.prefix(count)), containing: "ends early")
    }
  }

  @Test func everyPrefixOfAnImageIsAnError() throws {
    for name in ["full.jpeg", "rgb.png"] {
      let bytes = try Fixture.bytes(name)
      for count in 0..<bytes.count - 2 { expectFailure(Array(bytes.prefix(count))) }
    }
  }

  @Test func damagedImagesAreErrors() throws {
    var png = try Fixture.bytes("rgb.png")
    png[png.count / 2] ^= 0x55
    expectFailure(png)
    expectFailure([], containing: "empty")
    expectFailure(Array("GIF89a".utf8), containing: "GIF, which is not read")
    expectFailure(Array("<html>".utf8), containing: "neither JPEG nor PNG")
    expectFailure([0xFF, 0xD8])
  }

  @Test func strayBytesBetweenJPEGSegmentsArePassedOver() throws {
    var jpeg = try Fixture.bytes("subsampled.jpg")
    jpeg.insert(contentsOf: [1, 2, 3], at: 20)
    let difference = try #require(
      largestDifference(decode(jpeg).pixels, Fixture.bytes("subsampled.jpg.rgb")))
    #expect(difference <= 1)
  }

  @Test func strayBytesAfterTheLastScanArePassedOver() throws {
    for name in ["full.jpeg", "progressive.jpg"] {
      var jpeg = try Fixture.bytes(name)
      jpeg.insert(contentsOf: [0, 0, 0, 0], at: jpeg.count - 2)
      jpeg.insert(contentsOf: [1, 2, 3], at: 20)
      let difference = try #require(
        largestDifference(decode(jpeg).pixels, Fixture.bytes("\(name).rgb")))
      #expect(difference <= 1)
    }
  }

  @Test func aFileCutShortIsAnErrorBehindStrayBytesToo() throws {
    for name in ["subsampled.jpg", "full.jpeg", "progressive.jpg", "cmyk.jpg"] {
      var jpeg = try Fixture.bytes(name)
      // Behind the first segment, which is shorter than 256 bytes.
      jpeg.insert(contentsOf: [1, 2, 3], at: 4 + Int(jpeg[5]))
      expectFailure(Array(jpeg.prefix(jpeg.count * 3 / 4)), containing: "Premature end")
    }
  }

  /// What libjpeg warns of and recovers from comes out as Pillow's, also where only a part is decoded.
  @Test(arguments: [
    "odd-sos.jpg", "odd-jfif.jpg", "damaged-bits.jpg", "damaged-restart.jpg", "damaged-end.jpg",
  ])
  func damagedJPEGIsWhatPillowMakesOfIt(name: String) throws {
    let jpeg = try Fixture.bytes(name)
    let (pixels, size) = try decode(jpeg)
    #expect(size == ImageDecoder.Size(width: 45, height: 31))
    let difference = try #require(largestDifference(pixels, Fixture.bytes("\(name).rgb")))
    #expect(difference <= 1)
    let oddity = try jpeg.withUnsafeBytes { bytes in
      var part = [UInt8](repeating: 0, count: 3 * 8 * 8)
      return try part.withUnsafeMutableBufferPointer { target in
        try ImageReader().read(bytes, interpolation: .bilinear, isReducing: false, into: target) {
          Framing(centreOf: $0, shortSide: 31, output: ImageDecoder.Size(width: 8, height: 8))
        }
      }
    }
    #expect(name.hasPrefix("odd") ? oddity.isEmpty : oddity == .damaged)
  }

  @Test func anOrientationIsSeen() throws {
    #expect(try Fixture.bytes("turned.jpg").withUnsafeBytes { JPEGOrientation.isTurned($0) })
    #expect(try !Fixture.bytes("upright.jpg").withUnsafeBytes { JPEGOrientation.isTurned($0) })
    #expect(try !Fixture.bytes("full.jpeg").withUnsafeBytes { JPEGOrientation.isTurned($0) })
    let turned = try Fixture.bytes("turned.jpg")
    for count in turned.indices {
      _ = Array(turned.prefix(count)).withUnsafeBytes { JPEGOrientation.isTurned($0) }
    }
  }

  @Test func everyPrefixOfAnImageWithStrayBytesIsAnError() throws {
    var jpeg = try Fixture.bytes("full.jpeg")
    jpeg.insert(contentsOf: [1, 2, 3], at: 20)
    for count in 0..<jpeg.count - 2 { expectFailure(Array(jpeg.prefix(count))) }
  }

  @Test func hostileSizesAreErrorsBeforeMemoryIsTaken() throws {
    var jpeg = try Fixture.bytes("subsampled.jpg")
    let frame = try #require(
      jpeg.indices.dropLast(9).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    for offset in 5...8 { jpeg[frame + offset] = 0xFE }
    expectFailure(jpeg, containing: "too many")
  }
}
