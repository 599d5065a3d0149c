import TestSupport
import Testing

@testable import Runs
@testable import SearchRuns

@Suite struct ProcessorQuotaTests {
  /// Groups, the files of their directories, and how many processors they grant.
  private struct Case: CustomTestStringConvertible {
    let testDescription: String
    let groups: String
    let files: [String: String]
    let processors: Int?
  }

  private static let cases = [
    Case(
      testDescription: "version 2 in a container", groups: "0::/",
      files: ["cpu.max": "250000 100000"], processors: 2),
    Case(
      testDescription: "less than one", groups: "0::/", files: ["cpu.max": "50000 100000"],
      processors: 1),
    Case(
      testDescription: "version 2, nested", groups: "0::/system.slice/job/step",
      files: [
        "cpu.max": "800000 100000", "system.slice/job/cpu.max": "300000 100000",
        "system.slice/job/step/cpu.max": "max 100000",
      ], processors: 3),
    Case(
      testDescription: "no limit", groups: "0::/a", files: ["a/cpu.max": "max 100000"],
      processors: nil),
    Case(
      testDescription: "version 1", groups: "5:memory:/x\n4:cpu,cpuacct:/docker/12ab\n0::/",
      files: [
        "cpu,cpuacct/docker/12ab/cpu.cfs_quota_us": "400000",
        "cpu,cpuacct/docker/12ab/cpu.cfs_period_us": "100000",
      ], processors: 4),
    Case(
      testDescription: "version 1 in a container", groups: "4:cpu:/docker/12ab",
      files: ["cpu/cpu.cfs_quota_us": "150000", "cpu/cpu.cfs_period_us": "50000"], processors: 3),
    Case(
      testDescription: "version 1 without a limit", groups: "4:cpu:/",
      files: ["cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"], processors: nil),
    Case(testDescription: "none", groups: "", files: [:], processors: nil),
    Case(
      testDescription: "nonsense", groups: "0::/\nabc\n::", files: ["cpu.max": "1 2 3"],
      processors: nil),
  ]

  @Test(arguments: cases)
  private func theTightestLimitCounts(of example: Case) throws {
    let directory = try TemporaryDirectory()
    try directory.write(Array(example.groups.utf8), to: "proc/self/cgroup")
    for (name, text) in example.files {
      try directory.write(Array((text + "\n").utf8), to: "sys/fs/cgroup/\(name)")
    }
    #expect(ProcessorQuota(root: directory.path).processors() == example.processors)
  }
}
