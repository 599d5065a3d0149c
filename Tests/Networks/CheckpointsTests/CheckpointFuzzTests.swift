import Foundation
import Randomness
import TestSupport
import Testing
import Weights

@testable import Checkpoints

/// Damaged checkpoints of both formats, the same ones each time; CONSORT_FUZZ_INPUTS says how many.
@Suite struct CheckpointFuzzTests {
  /// Without checksums, which would refuse nearly all damage before the reader sees it.
  private static let files = [
    "zip-without-checksums.pth", "legacy-views.pth", "legacy-by-hand.pth", "zip-strides.pth",
    "legacy-training.bin", "zip-arguments.pth", "zip-unsigned.pth", "zip-protocol-4.pth",
    "zip-deflated.pth", "legacy-types.pth",
  ]

  @Test func damagedFilesAreReadOrRefused() throws {
    let directory = try TemporaryDirectory()
    let wholes = try Self.files.map {
      Self.withoutChecksums(Array(try Data(contentsOf: URL(filePath: fixture($0)))))
    }
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 22, UInt64(number))
      let damaged = Mutation.damaged(wholes[number % wholes.count], from: &random)
      let path = try directory.write(damaged, to: "x.pth")
      do {
        let checkpoint = try Checkpoint(path: path, skipsObjects: number % 2 == 0)
        for name in checkpoint.names {
          let shape = try checkpoint.shape(of: name)
          try checkpoint.withBytes(of: name) { bytes in
            #expect(shape.contains(0) == bytes.isEmpty)
          }
        }
        outcomes.read += 1
      } catch {
        let error = try #require(error as? CheckpointError)
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
  }

  /// The archive with 0 for the checksums of its directory.
  private static func withoutChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for place in bytes.indices.dropLast(46)
    where bytes[place...].starts(with: [0x50, 0x4B, 1, 2]) {
      bytes.replaceSubrange(place + 16..<place + 20, with: [0, 0, 0, 0])
    }
    return bytes
  }
}
