import Testing

@testable import Leases

/// What stands in the folders is read by all versions that share a run.
@Suite struct LeaseNameTests {
  @Test func namesStayAsTheyAre() {
    #expect(LeaseName.lease("resnet-20-0", 7) == "resnet-20-0.000007")
    #expect(LeaseName.holder("m", 12, worker: "node-3-a") == "m.000012.node-3-a.holder")
    #expect(LeaseName.ending("m", 1_234_567, .failed) == "m.1234567.failed")
    #expect(WorkerName.record("node-3-a") == "node-3-a.json")
    #expect(WorkerName.alive("node-3-a", beat: 5, leaseSeconds: 180) == "node-3-a.5.180.alive")
    #expect(WorkerName.ended("node-3-a") == "node-3-a.ended")
  }

  /// Members may be called after anything, also after what looks like a lease.
  @Test(arguments: ["m", "a.b", "a.000001", "a.complete", "x.000002.holder", "-", "0"])
  func everyNameIsReadAsItWasWritten(unit: String) {
    #expect(LeaseName(LeaseName.lease(unit, 3)) == .lease(unit: unit[...], number: 3))
    #expect(
      LeaseName(LeaseName.holder(unit, 3, worker: "w-1"))
        == .holder(unit: unit[...], number: 3, worker: "w-1"))
    for ending in LeaseEnding.allCases {
      #expect(LeaseName(LeaseName.ending(unit, 3, ending)) == .ending(unit: unit[...], ending))
    }
  }

  @Test(arguments: [
    "", ".", "m", "m.1", "m.00000x", "m.000000", ".000001", "m.000001.done", "m.holder",
    "m.000001.partial", "m.99999999999999999999",
  ])
  func otherFilesAreNoLeases(name: String) { #expect(LeaseName(name) == nil) }

  @Test(arguments: [
    "", "w", "w.alive", "w.1.alive", "w.x.180.alive", "w.1.0.alive", "w.-1.180.alive", "a.b.json",
    ".json", "w.json.12-3.partial",
  ])
  func otherFilesAreNoWorkers(name: String) { #expect(WorkerName(name) == nil) }
}
