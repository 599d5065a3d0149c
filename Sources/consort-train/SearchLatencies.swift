import ArchitectureSearch
import CLI
import Experiments
import Files
import Processes

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
  return .latency(try LatencyTable(file: given ?? directory.latenciesPath))
}
