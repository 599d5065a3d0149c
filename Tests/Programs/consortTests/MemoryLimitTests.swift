import Foundation
import TestSupport
import Testing

#if os(Linux)
  /// Large inputs under a limit on memory: refused by a line that says what is needed, before anything is taken.
  @Suite struct MemoryLimitTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// An array of zeros that takes no room on the disk.
    private func array(_ name: String, _ type: String, _ shape: String, bytes: UInt64) throws {
      var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape)), }"
      header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
      let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]
      let path = try directory.write(start + Array(header.utf8), to: name)
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.truncate(atOffset: 128 + bytes)
      try file.close()
    }

    /// `consort frontier LIST` where addresses of so many KiB may be taken.
    private func frontier(_ list: String, kilobytes: Int) throws -> Consort {
      try directory.write(Array(list.utf8), to: "list.json")
      return try Consort(
        [
          "-c", "ulimit -c 0; ulimit -v \(kilobytes); exec \"$0\" \"$@\"", Consort.path(),
          "frontier", "list.json",
        ], program: "/bin/sh", environment: ["CONSORT_DEPS": directory.path],
        directory: directory.path)
    }

    private func expectRefused(_ run: Consort, _ file: String) {
      #expect(run.status == 1 && !run.wasKilled && run.output == "")
      let lines = run.errors.split(separator: "\n")
      #expect(lines.count == 1, "\(run.errors)")
      #expect(
        run.errors.hasPrefix("consort: error: '\(file)' is too large: its content takes "),
        "\(run.errors)")
      #expect(
        run.errors.contains(" MiB can be taken; raise the limit on memory, as with `ulimit -v`"))
      let words = run.errors.components(separatedBy: "about ").last?.split(separator: " ").first
      #expect((1..<100).contains(Int(words ?? "") ?? 0), "\(run.errors)")
    }

    /// Below what the trainer's libraries need, they end without a word that helps.
    @Test func aTrainerThatDoesNotFitIsNotStarted() throws {
      let run = try Consort(
        [
          "-c", "ulimit -c 0; ulimit -v 500000; exec \"$0\" train tiny.json", Consort.path(),
        ], program: "/bin/sh", directory: directory.path)
      #expect(run.status == 1 && !run.wasKilled && run.output == "")
      #expect(run.errors.hasPrefix("consort: error: training takes 512 MiB of memory where "))
      #expect(run.errors.contains("`ulimit -v`") && run.errors.split(separator: "\n").count == 1)
    }

    @Test func scoresThatDoNotFitAreRefused() throws {
      try array("scores.npy", "<f4", "1000000, 100", bytes: 400_000_000)
      try array("labels.npy", "|u1", "1000000,", bytes: 1_000_000)
      let list = """
        {"split": "test", "labels": "labels.npy",
         "members": [{"file": "scores.npy", "kind": "logits"}]}
        """
      expectRefused(try frontier(list, kilobytes: 800_000), "scores.npy")
    }

    @Test func labelsThatDoNotFitAreRefused() throws {
      try array("scores.npy", "<f4", "10000000, 2", bytes: 80_000_000)
      try array("labels.npy", "|u1", "10000000,", bytes: 10_000_000)
      let list = """
        {"split": "test", "labels": "labels.npy",
         "members": [{"file": "scores.npy", "kind": "logits"}]}
        """
      expectRefused(try frontier(list, kilobytes: 400_000), "labels.npy")
    }

    @Test func tablesThatDoNotFitAreRefused() throws {
      let rows = Array(repeating: "0.5,0.25,0.25,a\n", count: 1_000_000).joined()
      try directory.write(Array(("a,b,c,label\n" + rows).utf8), to: "scores.csv")
      let list = "{\"split\": \"test\", \"members\": [{\"file\": \"scores.csv\"}]}"
      expectRefused(try frontier(list, kilobytes: 200_000), "scores.csv")
    }

    /// The same limit is no hindrance to what fits.
    @Test func whatFitsIsRead() throws {
      try array("scores.npy", "<f4", "100, 3", bytes: 1200)
      try array("labels.npy", "|u1", "100,", bytes: 100)
      let list = """
        {"split": "test", "labels": "labels.npy",
         "members": [{"file": "scores.npy", "kind": "logits"}]}
        """
      let run = try frontier(list, kilobytes: 400_000)
      #expect(run.output.contains("100.00"), "\(run.output)\(run.errors)")
    }
  }
#endif
