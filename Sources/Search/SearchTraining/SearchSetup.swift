import ArchitectureSearch
import SearchRuns
import Torch
import Training

/// Where and with what a search evaluates architectures.
public struct SearchSetup: Sendable {
  /// The search's directory.
  public var directory: SearchDirectory
  /// The CPU, or one or more GPUs that members are spread over.
  public var devices: [Device]
  /// Members side by side.
  public var jobs: Int
  /// Threads inside one operation on the CPU.
  public var threads: Int
  /// Threads that decode images for one member, where they are decoded as they are needed.
  public var decoders: Int
  /// How the work is shared out with other processes, on this machine and on others.
  public var sharing: RunSharing
  /// Asked after every step; the search then saves where it stands and ends.
  public var shouldStop: @Sendable () -> Bool
  /// Receives everything that happens, one event at a time, on any thread.
  public var observe: @Sendable (SearchEvent) -> Void

  /// One member at a time on the CPU, one thread, until the user interrupts it, unless told otherwise.
  public init(
    directory: SearchDirectory, devices: [Device] = [.cpu], jobs: Int = 1, threads: Int = 1,
    decoders: Int = 1, sharing: RunSharing = RunSharing(),
    shouldStop: @escaping @Sendable () -> Bool = { Interruption.isRequested },
    observe: @escaping @Sendable (SearchEvent) -> Void = { _ in }
  ) {
    self.directory = directory
    self.devices = devices
    self.jobs = jobs
    self.threads = threads
    self.decoders = decoders
    self.sharing = sharing
    self.shouldStop = shouldStop
    self.observe = observe
  }

  /// The same, which also stops where another process of the group wishes to.
  func stopping(with group: TrainingGroup?) -> SearchSetup {
    guard let group else { return self }
    var setup = self
    setup.shouldStop = { [shouldStop] in shouldStop() || group.othersWishToStop }
    return setup
  }
}

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
  /// A member's files cannot be used; it is trained again.
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
