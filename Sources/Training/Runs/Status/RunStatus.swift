import Files
import Leases
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How far a run is, read from its directory by anybody at any time, also while others train in it.
///
/// Reading writes nothing, and holds each lock no longer than it takes to ask whether another process holds it.
public struct RunStatus: Codable, Hashable, Sendable {
  /// The experiment's name.
  public let experiment: String
  /// All members of the experiment, in its order.
  public var members: [Member]
  /// Whether a process trains members of the run, or is about to.
  public let isTraining: Bool
  /// Seconds until all members that did not fail are complete, as `TimeEstimate` predicts; with nothing running, from when
  /// it goes on. nil where nothing is known.
  public let secondsLeft: Double?
  /// How many members are side by side in that estimate.
  public let membersAtOnce: Int
  /// Training images a second over all running members; nil where none runs.
  public let imagesPerSecond: Double?
  /// The command line that began the run; nil where it is not recorded.
  public let command: [String]?

  /// Its workers, on all machines, those that have ended too; nil where none has left a trace.
  public let workers: [Worker]?

  /// The same members with more epochs, which are trained to take the place of these; nil where none are.
  public let retraining: RunDirectory.Retraining?

  /// How far one member is. What is not known is left out of the JSON.
  public struct Member: Codable, Hashable, Sendable {
    /// Unique in the experiment.
    public let name: String
    /// The network's name.
    public let network: String
    /// What it is doing.
    public let state: MemberState
    /// The epoch that runs, or was the last to, from 1; nil before the first.
    public let epoch: Int?
    /// How many epochs there are.
    public let epochs: Int
    /// Steps of the epoch that are taken, and how many it has, as its trainer wrote last; nil where it wrote none.
    public let step, stepsPerEpoch: Int?
    /// The share of its training that is done, in 0...1.
    public let doneShare: Double
    /// On the hold-out after its last epoch; nil before there is one, where nothing is held out, and for averages of weights, which no
    /// epoch ends with.
    public let holdOutAccuracy: Double?
    /// On the test images, for complete members; `RunStatus` itself leaves it open.
    public var testAccuracy: Double?
    /// Training images a second, while it runs.
    public let imagesPerSecond: Double?
    /// Seconds of training that it still needs, as `TimeEstimate` predicts; nil for a failed one.
    public let secondsLeft: Double?
    /// When its trainer wrote last how far it is: ISO 8601, UTC.
    public let progressWritten: String?
    /// Why it failed, or what keeps its files from being read.
    public var reason: String?
    /// When it failed: ISO 8601, UTC.
    public let failed: String?
  }

  /// Reads the status of the run in `directory`.
  ///
  /// - Parameter watch: Of who looks again and again; nil for one look.
  /// - Throws: `ExperimentError` where there is no run, or its experiment cannot be read. A member's own files that
  ///   cannot be read count as not there.
  public init(of directory: RunDirectory, watch: Watch? = nil) throws {
    let experiment = try directory.experiment()
    // Before the members: one that starts in between shows as running all the same.
    let isRunLocked = DirectoryLock.isHeld(directory.membersPath)
    let experimentMembers = experiment.allMembers
    let sightings = WorkerSurvey(
      of: LeaseDirectory(path: directory.path), watch: watch?.workers
    ).workers
    let alive = sightings.filter(\.isPossiblyAlive)
    let held = Set(alive.flatMap(\.units))
    let readings = experimentMembers.map {
      MemberReading($0, in: directory, of: experiment, isHeld: held.contains($0.training))
    }
    // Members of one training take its time once.
    let trainings = readings.filter { $0.identity.part == .end }
    let estimate = TimeEstimate(
      trainings.map(\.forEstimate), costs: NetworkCosts(ofMembers: experimentMembers))
    self.experiment = experiment.name
    let secondsLeft = Dictionary(
      zip(trainings, estimate.memberSecondsLeft).map { ($0.identity.name, ($0, $1)) },
      uniquingKeysWith: { first, _ in first })
    members = readings.map { reading in
      let training = secondsLeft[reading.identity.training]
      return reading.member(
        secondsLeft: training.flatMap { training, left in
          left.map { $0 * reading.shareLeft(of: training) }
        })
    }
    let running = members.filter { $0.state == .running }
    isTraining = isRunLocked || !running.isEmpty || !alive.isEmpty
    let speeds = Dictionary(
      members.map { ($0.name, $0.imagesPerSecond) }, uniquingKeysWith: { first, _ in first })
    workers =
      sightings.isEmpty
      ? nil
      : sightings.map { sighting in
        var worker = Worker(sighting)
        let own = worker.members.compactMap { speeds[$0] ?? nil }
        worker.imagesPerSecond = own.isEmpty ? nil : own.reduce(0, +)
        return worker
      }
    self.secondsLeft = estimate.secondsLeft
    membersAtOnce = estimate.membersAtOnce
    imagesPerSecond =
      running.isEmpty ? nil : running.reduce(0) { $0 + ($1.imagesPerSecond ?? 0) }
    command = RunEnvironment(path: directory.environmentPath)?.command
    retraining = directory.begunRetraining
  }

  /// How many members are in `state`.
  public func count(of state: MemberState) -> Int {
    members.count { $0.state == state }
  }
}

/// What the files of one member say.
private struct MemberReading {
  let identity: Experiment.Member
  private let state: MemberState
  /// Of its training, until the weights are those that the member keeps.
  private let epochs: Int
  private let progress: ProgressRecord?
  private let failure: FailureRecord?
  private let metrics: [EpochLine]

  /// - Parameter isHeld: Whether a worker that is alive, on whatever machine, has the member's training.
  init(
    _ member: Experiment.Member, in run: RunDirectory, of experiment: Experiment, isHeld: Bool
  ) {
    identity = member
    epochs = member.part.epochs?.last ?? experiment.recipe.epochs
    // What is known on the way lies where the training's end will.
    let directory = run.member(member.training)
    // The lock first: a member that becomes complete in between shows as complete, never as stopped.
    let isRunning = isHeld || DirectoryLock.isHeld(directory.path)
    progress = directory.progress()
    failure = directory.failure()
    let names = Set((try? Directory.names(in: directory.path)) ?? [])
    state =
      if run.member(member.name).isComplete(withHoldOut: experiment.data.holdsOut) {
        .complete
      } else if isRunning {
        .running
      } else if Directory.exists(directory.failurePath) {
        .failed
      } else if Directory.exists(directory.progressPath)
        || names.contains(where: { RunFile.step(ofCheckpoint: $0) != nil })
      {
        .stopped
      } else {
        .waiting
      }
    let isWhole = state == .complete && member.part == .end
    metrics = EpochLine.read(isWhole ? directory.metricsPath : directory.newestEpochsPath)
      .filter { [epochs] in $0.epoch <= epochs }
  }

  /// How much of what is left of its training it takes part in: all, for the training's end.
  func shareLeft(of training: MemberReading) -> Double {
    guard state != .complete else { return 0 }
    let left = (1 - training.doneShare) * Double(training.epochs)
    let own = (1 - doneShare) * Double(epochs)
    return left > 0 ? min(1, own / left) : 1
  }

  /// The share of its training that is done.
  private var doneShare: Double {
    if state == .complete { return 1 }
    if let progress {
      // The last epoch's end counts as its own beginning there.
      if progress.secondsLeft == 0 { return 1 }
      let step = Double(progress.step) / Double(max(1, progress.stepsPerEpoch))
      return min(1, max(0, (Double(progress.epoch) - 1 + step) / Double(max(1, epochs))))
    }
    guard state != .waiting, let last = metrics.last else { return 0 }
    return min(1, max(0, Double(last.epoch) / Double(epochs)))
  }

  private var secondsByEpochs: Double? {
    guard !metrics.isEmpty else { return nil }
    return usable(metrics.reduce(0) { $0 + $1.seconds } / Double(metrics.count) * Double(epochs))
  }

  var forEstimate: TimeEstimate.Member {
    TimeEstimate.Member(
      network: identity.network, state: state, doneShare: doneShare,
      ownSecondsLeft: progress.flatMap { usable($0.secondsLeft) },
      secondsByEpochs: secondsByEpochs)
  }

  /// Of the training's last epoch, where the member is what that epoch ended with.
  private var holdOutAccuracy: Double? {
    switch identity.part {
    case .end, .snapshot:
      metrics.last { $0.holdOutAccuracy != nil }?.holdOutAccuracy ?? progress?.holdOutAccuracy
    case .average, .soup: nil
    }
  }

  func member(secondsLeft: Double?) -> RunStatus.Member {
    let isBegun = state != .waiting
    let epoch = state == .complete ? epochs : progress?.epoch ?? failure?.epoch
    return RunStatus.Member(
      name: identity.name, network: identity.network, state: state,
      epoch: isBegun ? epoch ?? metrics.last?.epoch : nil, epochs: epochs,
      step: state == .complete ? nil : progress?.step,
      stepsPerEpoch: state == .complete ? nil : progress?.stepsPerEpoch, doneShare: doneShare,
      holdOutAccuracy: isBegun ? holdOutAccuracy : nil,
      testAccuracy: nil,
      imagesPerSecond: state == .running && identity.part == .end
        ? progress.flatMap { usable($0.imagesPerSecond) } : nil,
      secondsLeft: secondsLeft.flatMap(usable), progressWritten: progress?.written,
      reason: state == .failed ? failure?.reason ?? "failure.json cannot be read" : nil,
      failed: state == .failed ? failure?.written : nil)
  }
}

/// A line of `metrics.jsonl`, as far as it matters here: damage to the rest keeps nothing from being shown.
struct EpochLine: Decodable {
  let epoch: Int
  let trainingAccuracy, trainingLoss: Double?
  let holdOutAccuracy: Double?
  let seconds: Double

  /// The lines of the file that make sense, in its order; none where it cannot be read.
  static func read(_ path: String) -> [EpochLine] {
    guard let file = try? MappedFile(path: path) else { return [] }
    let data = file.withBytes { Data($0) }
    return data.split(separator: UInt8(ascii: "\n"))
      .compactMap { try? StrictJSON.decode(EpochLine.self, from: Data($0)) }
      .filter { $0.epoch > 0 && usable($0.seconds) != nil }
  }
}

/// The number, if it can be a time or a speed: files may say anything.
private func usable(_ value: Double) -> Double? {
  (0..<1e12).contains(value) ? value : nil
}
