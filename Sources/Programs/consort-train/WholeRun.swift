import Formatting
import Runs
import Training

/// How far all members together are, from what happened to each.
struct WholeRun {
  private var order: [String] = []
  private var members: [String: TimeEstimate.Member] = [:]
  private var speeds: [String: Double] = [:]
  /// Of each member's epochs that are over.
  private var epochSeconds: [String: [Double]] = [:]
  private var epochs = 1
  private var costs = NetworkCosts(ofMembers: [])

  /// Takes note of what happened.
  mutating func take(_ event: TrainingEvent) {
    switch event {
    case .began(let members, let epochs):
      order = members.map(\.name)
      self.epochs = epochs
      costs = NetworkCosts(ofMembers: members)
      for member in members {
        self.members[member.name] = TimeEstimate.Member(network: member.network, state: .waiting)
      }
    case .alreadyComplete(let member), .memberFinished(let member, _):
      end(member, as: .complete)
    case .memberFailed(let member, _):
      end(member, as: .failed)
    case .memberStarted(let member, _):
      members[member.name]?.state = .running
    case .progressed(let member, let progress):
      take(member, progress)
    case .epochFinished(let member, let metrics, let progress):
      epochSeconds[member.name, default: []].append(metrics.seconds)
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
    members[member.name]?.doneShare = (Double(progress.epoch - 1) + step) / Double(epochs)
    members[member.name]?.ownSecondsLeft = progress.secondsLeft
    speeds[member.name] = progress.imagesPerSecond
    guard let seconds = epochSeconds[member.name] else { return }
    members[member.name]?.secondsByEpochs =
      seconds.reduce(0, +) / Double(seconds.count) * Double(epochs)
  }

  private mutating func end(_ member: Experiment.Member, as state: MemberState) {
    members[member.name]?.state = state
    members[member.name]?.ownSecondsLeft = nil
    speeds[member.name] = nil
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
