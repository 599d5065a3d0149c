import Datasets
import Runs

/// What happens while an experiment is trained, for those who watch.
public enum TrainingEvent: Sendable {
  /// Work begins on these members, in this order; `epochs` each.
  case began(members: [Experiment.Member], epochs: Int)
  /// The member was already complete.
  case alreadyComplete(Experiment.Member)
  /// The member starts, or goes on after `finishedEpochs`.
  case memberStarted(Experiment.Member, finishedEpochs: Int)
  /// The member goes on otherwise than it began, so that its weights are not those of an uninterrupted training.
  case environmentChanged(Experiment.Member, from: RunEnvironment, to: RunEnvironment)
  /// A checkpoint could not be used; the member goes on from the one before it.
  case checkpointDamaged(Experiment.Member, TrainingError)
  /// Files of a member that was complete are missing or damaged: they are made anew, by training where it has to be.
  case memberDamaged(Experiment.Member, reason: String)
  /// The member's training stopped by itself; its last good checkpoint is kept, and the others go on.
  case memberFailed(Experiment.Member, TrainingError)
  /// An image cannot be decoded and is left out, now and wherever it comes again; so many are, this one included.
  case imageSkipped(SkippedImage, soFar: Int)
  /// The member was another worker's, on that host, which showed no sign of life for too long; it goes on here.
  case takenOver(Experiment.Member, host: String)
  /// Another worker has the member, because this process was still for too long; or has ended it, after it was itself. Nothing is lost.
  case memberLost(Experiment.Member)
  /// Another worker has trained the member, or it stopped there by itself.
  case endedElsewhere(Experiment.Member, isComplete: Bool)
  /// Nothing is left to take: so many members are others', and are waited for.
  case waiting(members: Int)
  /// Another step is taken.
  case progressed(Experiment.Member, MemberProgress)
  /// An epoch is over and saved.
  case epochFinished(Experiment.Member, EpochMetrics, MemberProgress)
  /// Weights and predictions are written.
  case memberFinished(Experiment.Member, testAccuracy: Double)
}

/// How far a member is.
public struct MemberProgress: Hashable, Sendable {
  /// The epoch that runs, from 1, and how many there are.
  public let epoch, epochs: Int
  /// Steps of this epoch that are taken, and how many it has.
  public let step, stepsPerEpoch: Int
  /// Means over this epoch so far.
  public let trainingLoss, trainingAccuracy: Double
  /// On the hold-out after the last epoch; nil before there is one.
  public let holdOutAccuracy: Double?
  /// Of this epoch so far.
  public let imagesPerSecond: Double
  /// Of this member, at the pace so far.
  public let secondsLeft: Double
}
