import Foundation
import Randomness
import TestSupport
import Testing

@testable import Datasets

/// Damaged files through each reader: whatever they hold, they are read or refused.
///
/// CONSORT_FUZZ_INPUTS says how many for each; the same ones each time.
@Suite struct FuzzTests {
  private static let count = FuzzOutcomes.inputCount

  @Test func damagedShardsAreListedOrRefused() throws {
    let whole = try Self.shards()
    var outcomes = FuzzOutcomes()
    for number in 0..<Self.count {
      var random = RandomStream(seed: 1, UInt64(number))
      var bytes = Mutation.damaged(whole[number % whole.count], from: &random)
      // Most get past the checksum, which would hide the rest.
      if random.integer(below: 8) > 0 { Self.mendChecksums(of: &bytes) }
      bytes.withUnsafeBytes { bytes in
        do throws(TarArchive.Failure) {
          let images = try ShardContent(bytes, shard: 0).images
          for image in images {
            #expect(image.bytes.lowerBound >= 0 && image.bytes.upperBound <= bytes.count)
            if case .number(let label) = image.label { #expect(label >= 0) }
          }
          outcomes.read += 1
        } catch {
          #expect(!error.problem.description.isEmpty)
          outcomes.refused += 1
        }
      }
    }
    outcomes.check(of: Self.count)
  }

  @Test func damagedJPEGFilesAreDecodedOrRefused() throws {
    try decode([
      "subsampled.jpg", "full.jpeg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "photo-small.jpg",
    ]) { _, _ in }
  }

  @Test func damagedPNGFilesAreDecodedOrRefused() throws {
    try decode([
      "rgb.png", "rgba.png", "palette.png", "palette-clear.png", "grey.png", "grey-alpha.png",
      "bilevel.png", "rgb-16.png", "grey-16.png", "interlaced.png",
    ]) { bytes, random in
      if random.integer(below: 8) > 0 { PNGChecksums.fix(&bytes) }
    }
  }

  private func decode(
    _ names: [String], fix: (inout [UInt8], inout RandomStream) -> Void
  ) throws {
    let whole = try names.map(Fixture.bytes)
    let reader = ImageReader()
    var outcomes = FuzzOutcomes()
    var target = [UInt8](repeating: 0, count: 3 * 12 * 16)
    for number in 0..<Self.count {
      var random = RandomStream(seed: 2, UInt64(number))
      var bytes = Mutation.damaged(whole[number % whole.count], from: &random)
      fix(&bytes, &random)
      let geometries: [ImageGeometry] = [
        .evaluation(.shortSide(16)),
        .randomResizedCrop(RandomResizedCrop(), flips: true, stream: random),
      ]
      do {
        _ = try bytes.withUnsafeBytes { bytes in
          try target.withUnsafeMutableBufferPointer { target in
            try reader.read(
              bytes, name: "", geometry: geometries[number % 2], height: 12, width: 16, into: target
            )
          }
        }
        outcomes.read += 1
      } catch let failure as ImageDecoder.Failure {
        #expect(!failure.reason.isEmpty)
        outcomes.refused += 1
      }
    }
    outcomes.check(of: Self.count)
  }

  /// Both kinds of shards, with long names in both forms.
  private static func shards() throws -> [[UInt8]] {
    let long = String(repeating: "folder/", count: 20) + "cat/1.jpg"
    var keyed = Archive()
    for number in 0..<4 {
      keyed.add("\(number).jpg", [1, 2, 3])
      keyed.add("\(number).cls", Array("\(number)".utf8))
    }
    keyed.add("pax", Archive.record("path", "x/5.jpg") + Archive.record("size", "3"), type: "x")
    keyed.add("5", [4, 5, 6])
    keyed.add("x/5.cls", Array("7\n".utf8), size: [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
    var folders = Archive()
    folders.add("train/", type: "5")
    folders.add("dog/1.png", [UInt8](repeating: 9, count: 600), prefix: "train")
    folders.add("././@LongLink", Array(long.utf8) + [0], type: "L", magic: "ustar  \u{0}")
    folders.add("short.jpg", [1])
    folders.add("train/cat/2.jpg", [2])
    return [keyed.finished, folders.finished]
  }

  /// Makes every block's checksum right that is one already in form.
  private static func mendChecksums(of bytes: inout [UInt8]) {
    for start in stride(from: 0, through: bytes.count - 512, by: 512) {
      let field = start + 148..<start + 156
      guard bytes[field].contains(where: { (48...55).contains($0) }) else { continue }
      bytes.replaceSubrange(field, with: repeatElement(32, count: 8))
      let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
      bytes.replaceSubrange(field, with: Archive.octal(sum, digits: 6) + [0, 32])
    }
  }
}

/// The checksums of PNG's chunks.
private enum PNGChecksums {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
    }
  }

  /// Makes every chunk's checksum right, as far as there are chunks.
  static func fix(_ bytes: inout [UInt8]) {
    var start = 8
    while start + 12 <= bytes.count {
      let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = start + 8 + length
      guard end + 4 <= bytes.count else { return }
      let sum = ~bytes[start + 4..<end].reduce(~UInt32(0)) { value, byte in
        table[Int((value ^ UInt32(byte)) & 0xFF)] ^ (value >> 8)
      }
      for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * place)) }
      start = end + 4
    }
  }
}
