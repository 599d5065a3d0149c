import ArchitectureSearch
import CLI
import Experiments
import Files
import Processes

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the networks of a plan cost: counted, or by a table that is given, on record, or measured now by `consort`.
func costModel(
  of plan: SearchPlan, file: String, in directory: SearchDirectory, given: String?
) throws -> CostModel {
  guard plan.cost.measure == .latency else {
    guard given == nil else {
      throw UsageError("'\(file)' counts multiply-accumulates: leave --latencies out")
    }
    return .macs
  }
  if let given { return .latency(try LatencyTable(file: given)) }
  if !Directory.exists(directory.latenciesPath) {
    try directory.claim(for: plan)
    try measureLatencies(file: file, to: directory.latenciesPath)
  }
  return .latency(try LatencyTable(file: directory.latenciesPath))
}

/// `consort` runs the engine that measures.
private func measureLatencies(file: String, to path: String) throws {
  guard let consort = Executable.sibling("consort") else {
    throw LatenciesNotMeasured(reason: "the place of `consort` is unknown")
  }
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
