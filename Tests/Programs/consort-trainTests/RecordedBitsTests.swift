import Files
import Foundation
import TestSupport
import Testing

/// A small training, its exports and its decision have the very bytes that were recorded: nobody changed a figure by
/// tidying up.
///
/// libtorch's kernels differ from processor to processor, so the bytes are asked for only where they were recorded. Who
/// changes figures on purpose records them anew and says why: the test prints what it found.
@Suite struct RecordedBitsTests {
  /// AMD's Zen 3, without AVX-512, on which the bytes were recorded with libtorch 2.11.0.
  private static let isRecordedProcessor: Bool = {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let flags = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    return text.contains("AuthenticAMD") && flags.contains(" avx2 ") && !flags.contains(" avx512f ")
  }()

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

  /// SHA-256 of each file of the run, of the report and of each member's export.
  private static let recorded = [
    "runs/tiny/members/resnet-20-0/predictions-hold-out.safetensors":
      "4956eefb95518949b3e477c5875032bd44d8b7aabdc3484d0fe9259dba451dc9",
    "runs/tiny/members/resnet-20-0/predictions-test.safetensors":
      "b158510f3b35c6d37563ec242f63316f69f802772a9b9c7b9a3dbfab72cc54a1",
    "runs/tiny/members/resnet-20-0/weights.safetensors":
      "d36f5add4d284abcfa179cf58d2ac11cc5fd713f8debf66904cf0fc10c14026f",
    "runs/tiny/members/wide-resnet-10-1-0/predictions-hold-out.safetensors":
      "8cbb4e3d65ace0eca3a8a8f8701c1cdb6a1e7d66192513be7500637872cf82d9",
    "runs/tiny/members/wide-resnet-10-1-0/predictions-test.safetensors":
      "029ff5750af970a60121acf0858750ae3843b451237c826ef541ab3713dc1b2c",
    "runs/tiny/members/wide-resnet-10-1-0/weights.safetensors":
      "db5b08f7a9325b9932274a902417926c16c2e883693afdc431150714ff31c170",
    "runs/tiny/members/wide-resnet-10-1-1/predictions-hold-out.safetensors":
      "b80664aa4a24d230af5161033d6cccfcf4f3951885645cca9d1a796368c66c94",
    "runs/tiny/members/wide-resnet-10-1-1/predictions-test.safetensors":
      "0885477e58971be01aa476807ecdfaf9d95141bb8a6a6a590170a04ce0b5000e",
    "runs/tiny/members/wide-resnet-10-1-1/weights.safetensors":
      "66851297cd590397f2fd0a96068949d47dd7f887715c984c94a8d9e239e10586",
    "report/decision.json": "56186aa07055ef7113f68116d2a2bb250648e39d56d48aeafe78da6e5ead5a5d",
    "report/frontier.json": "58cb0536c146bfcca17d9f210cfd81763550c1dee6b61b593b8a8bd9f12f1d72",
    "report/candidates.csv": "5311da300169561ca36cf68412561a022fb6a77fe8d6a12fbee2a3c35668bf89",
    "resnet-20-0.onnx": "530323a2fd357cda428e7945430ef19236b41b79a0c9dfacdb51884829895330",
    "wide-resnet-10-1-0.onnx": "7dc01a6e09723aeb55549c6b45c8503645f32ecde6ed94e1923d4934be8c7183",
    "wide-resnet-10-1-1.onnx": "7599b11b47e4269b787da188a376567f2d4809d4bdd93798d5614e4eb9c71cca",
  ]

  @Test(.enabled(if: isRecordedProcessor)) func theBytesAreThoseOnRecord() throws {
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
      for (file, recorded) in Self.recorded.sorted(by: { $0.key < $1.key }) {
        let found = try MappedFile(path: "\(directory)/\(file)").withBytes { sha256(of: $0) }
        #expect(found == recorded, "\(file)")
      }
    }
  }
}
