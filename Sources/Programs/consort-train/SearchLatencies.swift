import ArchitectureSearch
import CommandLine
import Files
import Processes
import SearchRuns

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the networks of a plan cost: counted, or by a table that is given, on record, or measured now by `consort`.
///
/// - Returns: The lock of the search's directory too, where it was claimed for the measurement.
func costModel(
  of plan: SearchPlan, file: String, in directory: SearchDirectory, given: String?
) throws -> (model: CostModel, lock: DirectoryLock?) {
  guard plan.cost.measure == .latency else {
    guard given == nil else {
      throw UsageError("'\(file)' counts multiply-accumulates: leave --latencies out")
    }
    return (.macs, nil)
  }
  let space = plan.space.space
  if let given {
    let table = try LatencyTable(file: given)
    guard try table.covers(space) else {
      throw UsageError(
        "'\(given)' lacks parts of this plan's networks: measure it with `\(Shell.line(["consort", "latencies", Shell.operand(file)]))`"
      )
    }
    return (.latency(table), nil)
  }
  let path = directory.latenciesPath
  if Directory.exists(path), case let table = try LatencyTable(file: path),
    try table.covers(space)
  {
    return (.latency(table), nil)
  }
  let lock = try directory.claim(for: plan)
  try measureLatencies(file: file, to: path)
  return (.latency(try LatencyTable(file: path)), lock)
}

extension LatencyTable {
  /// Whether it foretells nearly all networks of the space.
  fileprivate func covers(_ space: any SearchSpace) throws -> Bool {
    let networks = try space.randomNetworks(200, seed: 4)
    return networks.count { latency(of: $0) != nil } >= 180
  }
}

/// `consort` runs the engine that measures.
private func measureLatencies(file: String, to path: String) throws {
  guard let consort = Executable.sibling("consort") else {
    throw LatenciesNotMeasured(reason: "the place of `consort` is unknown")
  }
  ParentProcess.announce()
  print("measuring how long the parts of networks take on this machine; once for this search")
  fflush(nil)
  let outcome: Subprocess.Outcome
  do {
    outcome = try Subprocess.run(
      [consort, "latencies", file, "--out", path], catchesErrorText: false)
  } catch {
    throw LatenciesNotMeasured(reason: error.reason)
  }
  guard outcome.status == 0 else {
    throw LatenciesNotMeasured(reason: "it ended with status \(outcome.status)")
  }
}

/// The table of latencies could not be made.
struct LatenciesNotMeasured: Error, CustomStringConvertible {
  let reason: String
  var description: String {
    "`consort latencies` did not measure: \(reason); measure with it, and give --latencies FILE"
  }
}
