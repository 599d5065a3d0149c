import Foundation
import Randomness
import TestSupport
import Testing

@testable import Compression

@Suite struct CompressionTests {
  /// What Python made of the same bytes.
  private struct Made: Decodable {
    let content, gzip, gzipParts, zlib, raw, bomb: Data
  }

  private let made: Made

  init() throws {
    made = try JSONDecoder().decode(
      Made.self, from: Data(contentsOf: URL(filePath: fixture("compressed.json"))))
  }

  private func decompressed(
    _ data: Data, _ format: Compression.Format, limit: Int = 1 << 20, expectedSize: Int = 0
  ) throws(Compression.Failure) -> [UInt8] {
    try Array(data).withUnsafeBufferPointer { (bytes) throws(Compression.Failure) in
      try Compression.decompress(
        UnsafeRawBufferPointer(bytes), format, limit: limit, expectedSize: expectedSize)
    }
  }

  private func failure(
    _ data: Data, _ format: Compression.Format, limit: Int = 1 << 20
  ) -> Compression.Failure? {
    do throws(Compression.Failure) {
      _ = try decompressed(data, format, limit: limit)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatPythonCompressedIsRead() throws {
    let content = Array(made.content)
    #expect(try decompressed(made.gzip, .gzip) == content)
    #expect(try decompressed(made.gzipParts, .gzip) == content)
    #expect(try decompressed(made.zlib, .zlib) == content)
    #expect(try decompressed(made.raw, .raw, expectedSize: content.count) == content)
    #expect(try decompressed(made.raw + Data([1, 2, 3]), .raw) == content)
  }

  @Test func theLimitIsTheGreatestSizeThatIsRead() throws {
    let count = made.content.count
    #expect(try decompressed(made.gzip, .gzip, limit: count).count == count)
    #expect(failure(made.gzip, .gzip, limit: count - 1) == .tooLarge(limit: count - 1))
    #expect(failure(made.zlib, .zlib, limit: 0) == .tooLarge(limit: 0))
    #expect(failure(made.gzipParts, .gzip, limit: count - 1) == .tooLarge(limit: count - 1))
  }

  @Test func bombsAreRefused() throws {
    let inner = Data(try decompressed(Data(decompressed(made.bomb, .gzip)), .gzip))
    #expect(failure(inner, .gzip, limit: 1 << 20) == .tooLarge(limit: 1 << 20))
    // A size that is promised takes no memory that the bytes cannot fill.
    #expect(
      try decompressed(made.zlib, .zlib, limit: .max, expectedSize: .max) == Array(made.content))
  }

  @Test func damageIsFound() {
    for (data, format) in [
      (made.gzip, Compression.Format.gzip), (made.zlib, .zlib), (made.raw, .raw),
    ] {
      #expect(failure(Data(), format) == .damaged)
      #expect(failure(data.dropLast(), format) == .damaged)
      #expect(failure(data.prefix(data.count / 2), format) == .damaged)
    }
    #expect(failure(made.gzip + Data([0]), .gzip) == .damaged)
    #expect(failure(made.zlib + Data([0]), .zlib) == .damaged)
    #expect(failure(made.gzip, .zlib) == .damaged)
    #expect(failure(made.raw, .zlib) == .damaged)
    var wrongSum = made.gzip
    wrongSum[wrongSum.count - 5] ^= 1
    #expect(failure(wrongSum, .gzip) == .damaged)
  }

  @Test(arguments: [Compression.Format.gzip, .zlib, .raw])
  func whatIsCompressedComesBack(_ format: Compression.Format) throws {
    var random = RandomStream(seed: 3)
    for size in [0, 1, 100, 65_535, 65_536, 65_537, 300_000] {
      let bytes = (0..<size).map { _ in UInt8(random.integer(below: 7)) }
      let compressed = try bytes.withUnsafeBytes { try Compression.compress($0, format) }
      #expect(size < 1000 || compressed.count < size / 2)
      #expect(try decompressed(Data(compressed), format, limit: size) == bytes)
    }
  }

  /// The bytes after the head, whose fifth to tenth say time and system, are those of Python's zlib at the same level.
  @Test func pythonReadsTheFormat() throws {
    let bytes = Array(made.content)
    let ours = try bytes.withUnsafeBytes { try Compression.compress($0, .zlib, level: 6) }
    #expect(ours == Array(made.zlib))
    let gzip = try bytes.withUnsafeBytes { try Compression.compress($0, .gzip, level: 9) }
    #expect(gzip.dropFirst(10) == Array(made.gzip).dropFirst(10))
  }

  @Test func damagedBytesAreReadOrRefused() {
    let whole = [Array(made.gzip), Array(made.zlib), Array(made.gzipParts)]
    let formats = [Compression.Format.gzip, .zlib, .gzip]
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 4, UInt64(number))
      let bytes = Mutation.damaged(whole[number % 3], from: &random)
      do throws(Compression.Failure) {
        let read = try decompressed(Data(bytes), formats[number % 3], limit: 20_000)
        #expect(read.count <= 20_000)
        outcomes.read += 1
      } catch {
        outcomes.refused += 1
      }
    }
    // A checksum lets hardly any through.
    #expect(outcomes.read + outcomes.refused == FuzzOutcomes.inputCount)
    #expect(outcomes.refused > FuzzOutcomes.inputCount / 2)
  }
}
