import Formatting
import Runs
import Training

/// How far all members together are, of one run or of several that follow each other, from what happened to each.
struct WholeRun {
  /// A member of one of the runs.
  private struct Key: Hashable {
    let run, member: String
  }

  private var order: [Key] = []
  private var members: [Key: TimeEstimate.Member] = [:]
  private var speeds: [Key: Double] = [:]
  /// Of each member's epochs that are over.
  private var epochSeconds: [Key: [Double]] = [:]
  /// The run that is under way.
  private var run = ""
  private var epochs = 1
  private var costs = NetworkCosts(ofMembers: [])

  /// Takes in the members of a run that is still to come.
  ///
  /// - Parameters:
  ///   - images: How many each is trained on, epoch by epoch.
  ///   - complete: The names of those that are trained already.
  mutating func expect(
    _ members: [Experiment.Member], in run: String, images: Double, complete: Set<String>
  ) {
    for member in members {
      let key = Key(run: run, member: member.name)
      order.append(key)
      self.members[key] = TimeEstimate.Member(
        network: member.network, state: complete.contains(member.name) ? .complete : .waiting,
        images: images)
    }
    costs.add(members)
  }

  /// What happens from now on happens in that run.
  mutating func begin(_ run: String) { self.run = run }

  private func key(_ member: Experiment.Member) -> Key { Key(run: run, member: member.name) }

  /// Takes note of what happened.
  mutating func take(_ event: TrainingEvent) {
    switch event {
    case .began(let members, let epochs):
      self.epochs = epochs
      guard order.allSatisfy({ $0.run != run }) else { return }
      expect(members, in: run, images: 1, complete: [])
    case .alreadyComplete(let member), .memberFinished(let member, _):
      end(member, as: .complete)
    case .memberFailed(let member, _):
      end(member, as: .failed)
    case .memberStarted(let member, _):
      members[key(member)]?.state = .running
    case .progressed(let member, let progress):
      take(member, progress)
    case .epochFinished(let member, let metrics, let progress):
      epochSeconds[key(member), default: []].append(metrics.seconds)
      take(member, progress)
    case .endedElsewhere(let member, let isComplete):
      end(member, as: isComplete ? .complete : .failed)
    case .memberLost(let member): end(member, as: .waiting)
    case .environmentChanged, .checkpointDamaged, .memberDamaged, .imageSkipped, .takenOver,
      .waiting:
      break
    }
  }

  private mutating func take(_ member: Experiment.Member, _ progress: MemberProgress) {
    let step = Double(progress.step) / Double(max(1, progress.stepsPerEpoch))
    let key = key(member)
    members[key]?.doneShare = (Double(progress.epoch - 1) + step) / Double(epochs)
    members[key]?.ownSecondsLeft = progress.secondsLeft
    speeds[key] = progress.imagesPerSecond
    guard let seconds = epochSeconds[key] else { return }
    members[key]?.secondsByEpochs =
      seconds.reduce(0, +) / Double(seconds.count) * Double(epochs)
  }

  private mutating func end(_ member: Experiment.Member, as state: MemberState) {
    members[key(member)]?.state = state
    members[key(member)]?.ownSecondsLeft = nil
    speeds[key(member)] = nil
  }

  /// "2 of 8 members complete, 577 images/s, about 12:03 left"; nil for a single member, which says it all itself.
  var line: String? {
    let members = order.compactMap { self.members[$0] }
    guard members.count > 1 else { return nil }
    let failed = members.count { $0.state == .failed }
    var parts = [
      "\(members.count { $0.state == .complete }) of \(members.count) members complete"
    ]
    if failed > 0 { parts.append("\(failed) failed") }
    if !speeds.isEmpty {
      parts.append("\(Int(speeds.values.reduce(0, +).rounded()).grouped) images/s")
    }
    if let seconds = TimeEstimate(members, costs: costs).secondsLeft, seconds > 0 {
      parts.append("about \(NumberFormat.duration(seconds)) left")
    }
    return parts.joined(separator: ", ")
  }
}
