import Files
import Foundation
import Inference
import InferenceTestSupport
import TestSupport
import Testing

/// Compiled models that are kept: a damaged one is never used.
@Suite struct CompiledModelCacheTests {
  /// What the model says of the images, with what is kept in `directory`.
  private func answers(_ directory: String?, of name: String = "logits") throws -> [[Float]] {
    let model = try ImageModel(fixture: name)
    let session = try InferenceSession(
      Classifier(
        [model], batch: 3, options: InferenceOptions(threads: 1, cacheDirectory: directory)))
    return try session.logProbabilities(ofAll: Expected.load().images(for: model))
  }

  private func blobs(in directory: String) throws -> [String] {
    let names = try #require(FileManager.default.enumerator(atPath: directory)).compactMap {
      $0 as? String
    }
    return names.filter { $0.hasSuffix(".blob") }.map { "\(directory)/\($0)" }.sorted()
  }

  @Test func aFlippedByteAnywhereIsNoticed() throws {
    let directory = try TemporaryDirectory()
    let expected = try answers(nil)
    #expect(try answers(directory.path) == expected)
    let blob = try #require(blobs(in: directory.path).first)
    let kept = try Data(contentsOf: URL(filePath: blob))
    for place in [0, kept.count / 3, kept.count / 2, kept.count * 3 / 4, kept.count - 1] {
      var damaged = kept
      damaged[place] ^= 0x10
      try damaged.write(to: URL(filePath: blob))
      #expect(try answers(directory.path) == expected, "byte \(place) of \(kept.count)")
      let after = try Data(contentsOf: URL(filePath: blobs(in: directory.path)[0]))
      #expect(after != damaged, "byte \(place) of \(kept.count) stays")
    }
  }

  /// One without a checksum, as an earlier version or another program left it, is compiled anew: the engine would take
  /// another model's for this one's.
  @Test func oneWithoutAChecksumIsNotUsed() throws {
    let (directory, other) = (try TemporaryDirectory(), try TemporaryDirectory())
    let expected = try answers(directory.path)
    #expect(try answers(other.path, of: "logits-2") != expected)
    let blob = try #require(blobs(in: directory.path).first)
    let strange = try Data(
      contentsOf: URL(filePath: #require(blobs(in: other.path).first)))
    try strange.write(to: URL(filePath: blob))
    try FileManager.default.removeItem(atPath: blob + ".sha256")
    #expect(try answers(directory.path) == expected)
    #expect(try Data(contentsOf: URL(filePath: blobs(in: directory.path)[0])) != strange)
  }
}
