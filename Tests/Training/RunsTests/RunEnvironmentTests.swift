import Foundation
import Runs
import TestSupport
import Testing

@Suite struct RunEnvironmentTests {
  @Test func processorsAreThoseThatNprocCounts() throws {
    // nproc counts what these variables say, where they are set, and no processors.
    let counting = try Consort(
      ["-u", "OMP_NUM_THREADS", "-u", "OMP_THREAD_LIMIT", "nproc"], program: "/usr/bin/env")
    let counted = try #require(
      Int(counting.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(counting.errors)")
    // nproc does not know of a container's share, which only makes it fewer.
    #expect((1...counted).contains(RunEnvironment.availableProcessors()))
  }

  @Test func isReadBack() throws {
    let path = FileManager.default.temporaryDirectory.path + "/environment-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let environment = RunEnvironment(
      command: ["consort", "train"], versions: ["libtorch": "2.11.0"], device: "cpu", threads: 3)
    try environment.write(to: path)
    #expect(RunEnvironment(path: path) == environment)
    #expect(RunEnvironment(path: path + "-not-there") == nil)
    var other = environment
    other.threads = 4
    #expect(!other.givesSameBits(as: environment))
    other = environment
    other.processes = 2
    #expect(!other.givesSameBits(as: environment))
    try other.write(to: path)
    #expect(RunEnvironment(path: path) == other)
    #expect(environment.memoryBytes > 0 && environment.processorCount > 0)
  }
}
