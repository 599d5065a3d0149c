import ArchitectureSearch
import Experiments
final class SupernetworkEvaluator: MemberEvaluator {
  let trainingImages = [0]
  init(_ e: Experiment, space: any SearchSpace, places: Int, on: RunImages, setup: SearchSetup) throws {}
  func evaluate(_ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?) throws -> [MemberOutcome]? { nil }
}
