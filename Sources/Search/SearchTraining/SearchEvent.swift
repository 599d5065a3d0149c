import ArchitectureSearch
import Training

/// What happens while architectures are searched, for those who watch.
public enum SearchEvent: Sendable {
  /// A stage begins, or goes on with what is on record, or has nothing left to do.
  case stageBegan(SearchStage)
  /// So many members are to be trained or evaluated up to a rung, from 1.
  case cohortBegan(members: Int, rung: Int, rungs: Int)
  /// A shared network is trained: steps taken, and all of them; since the last time, the mean loss of the paths, in nats,
  /// and images a second.
  case supernetwork(place: Int, step: Int, steps: Int, loss: Double, imagesPerSecond: Double)
  /// A member passes through images, so many a second.
  case progressed(member: String, imagesPerSecond: Double)
  /// A member has come to the rung.
  case memberEvaluated(member: String)
  /// A member's files cannot be used; it is trained anew.
  case memberDamaged(member: String, reason: String)
  /// A member could not be evaluated, and counts as failed.
  case memberFailed(member: String, reason: String)
  /// So many evaluations of the stage are on record; `spentShare` of its budget is spent, `seconds` so far.
  case evaluated([EvaluationRecord], spentShare: Double)
  /// The stage has ended; the search itself took `overheadSeconds`.
  case stageEnded(
    SearchStage, StageSearch.End, best: EvaluationRecord?, overheadSeconds: Double)
  /// What was found is trained in full.
  case finalists(TrainingEvent)
}
