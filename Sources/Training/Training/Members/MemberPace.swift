import Files
import Runs
import Schemas

/// How fast a member goes since this process took it up.
struct MemberPace {
  private let training: MemberTraining
  private let start = ContinuousClock.now
  private let stepsBefore: Int

  init(_ training: MemberTraining) {
    self.training = training
    stepsBefore = training.stepsTaken
  }

  func progress() -> MemberProgress {
    let epochs = training.experiment.recipe.epochs
    let done = training.stepsTaken
    let elapsed = start.duration(to: .now) / .seconds(1)
    let left = Double(epochs * training.stepsPerEpoch - done)
    let totals = training.position.totals
    return MemberProgress(
      epoch: min(training.position.epoch + 1, epochs), epochs: epochs,
      step: training.position.step, stepsPerEpoch: training.stepsPerEpoch,
      trainingLoss: totals.loss, trainingAccuracy: totals.accuracy,
      holdOutAccuracy: training.metrics.last { $0.holdOutAccuracy != nil }?.holdOutAccuracy,
      imagesPerSecond: totals.imagesPerSecond,
      secondsLeft: elapsed / Double(max(1, done - stepsBefore)) * left)
  }
}

/// A member's `progress.json`, written at most every other second.
struct ProgressFile {
  private let path: String
  private var last = ContinuousClock.now - .seconds(60)

  init(_ path: String) { self.path = path }

  mutating func write(_ progress: MemberProgress, now: Bool) {
    guard now || last.duration(to: .now) > .seconds(2) else { return }
    last = .now
    let record = ProgressRecord(
      epoch: progress.epoch, epochs: progress.epochs, step: progress.step,
      stepsPerEpoch: progress.stepsPerEpoch, trainingLoss: progress.trainingLoss,
      holdOutAccuracy: progress.holdOutAccuracy, imagesPerSecond: progress.imagesPerSecond,
      secondsLeft: progress.secondsLeft)
    // Only for those who watch: a training does not end because it cannot be watched.
    try? DurableFile.write(record.readableJSON(), to: path, isSynced: false)
  }
}
