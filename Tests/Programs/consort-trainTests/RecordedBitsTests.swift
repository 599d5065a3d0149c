import Files
import Foundation
import TestSupport
import Testing

/// A small training, its exports and its decision have the very bytes that were recorded: no figure was changed by
/// tidying up.
///
/// libtorch 2.11.0's kernels differ from processor to processor, so the bytes are asked for only where they were recorded.
/// A change of figures on purpose records them anew and says why: the test prints what it found.
@Suite struct RecordedBitsTests {
  /// The lines of `sha256sum` recorded on this processor's generation; nil where there are none.
  private static let recorded: [(file: String, hash: Substring)]? = {
    guard let name = generation.map({ "Fixtures/recorded-bits/\($0).sha256" }),
      let text = try? String(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: name),
        encoding: .utf8)
    else { return nil }
    return text.split(separator: "\n").map { (String($0.dropFirst(66)), $0.prefix(64)) }
  }()

  /// Zen 3 has no AVX-512; Zen 4 has, and its own family number is Zen 3's.
  private static let generation: String? = {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    func value(_ key: String) -> Substring {
      text.split(separator: "\n").first { $0.hasPrefix(key) }?.split(separator: ":").last ?? ""
    }
    guard text.contains("AuthenticAMD") else { return nil }
    switch (value("cpu family"), value("flags").contains(" avx512f ")) {
    case (" 25", false): return "zen3"
    case (" 26", true): return "zen5"
    default: return nil
    }
  }()

  /// The bytes as they were when they were recorded: `decision.json` had no `expectedService`, which others have recorded
  /// figures of (`make_service.py`).
  private static func withoutLaterKeys(_ bytes: [UInt8], _ file: String) -> [UInt8] {
    guard file.hasSuffix("decision.json") else { return bytes }
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    let first = lines.firstIndex { $0.elementsEqual(#"    "expectedService" : {"#.utf8) }
    guard let first,
      let last = lines[first...].firstIndex(where: { $0.elementsEqual("    },".utf8) })
    else { return bytes }
    lines.removeSubrange(first...last)
    return Array(lines.joined(separator: [10]))
  }

  private static let experiment = """
    {
      "name": "tiny",
      "data": {
        "procedural": {"imageSize": 16, "trainCount": 300, "testCount": 60, "seed": 3}, "holdOut": 60
      },
      "members": [{"network": "wide-resnet-10-1", "count": 2}, {"network": "resnet-20", "count": 1}],
      "recipe": {"preset": "fast", "epochs": 2, "batchSize": 32}, "seed": 5
    }
    """

  @Test(
    .enabled(if: recorded != nil, "no bytes were recorded on this kind of processor")
  ) func theBytesAreThoseOnRecord() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.experiment, in: directory)
      let trained = try Consort(
        ["train", "tiny.json", "--threads", "1", "--jobs", "1"], directory: directory)
      try #require(trained.status == 0, "\(trained.errors)")
      let reported = try Consort(
        ["report", "runs/tiny", "--no-latency", "--out", "report"], directory: directory)
      try #require(reported.status == 0, "\(reported.errors)")
      for member in TinyExperiment.members + ["resnet-20-0"] {
        let exported = try Consort(
          ["export", "runs/tiny/members/\(member)", "--out", "."], directory: directory)
        try #require(exported.status == 0, "\(exported.errors)")
      }
      let recorded = try #require(Self.recorded)
      // The decision was recorded anew on one kind of processor only when what decides changed.
      #expect(recorded.count == (recorded[0].file == "report/candidates.csv" ? 15 : 13))
      for (file, hash) in recorded {
        let bytes = try MappedFile(path: "\(directory)/\(file)").withBytes { Array($0) }
        let found = Self.withoutLaterKeys(bytes, file).withUnsafeBytes { sha256(of: $0) }
        #expect(found == hash, "\(file)")
      }
    }
  }
}
