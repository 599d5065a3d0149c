import CLI
import Experiments
import Training

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Shows a training: a live line a member on a terminal, a plain line an epoch elsewhere.
final class TrainingDisplay {
  private let isLive = Terminal.isTerminal(STDOUT_FILENO)
  private var nameWidth = 0
  private var waiting: [String] = []
  private var current: (name: String, progress: MemberProgress?)?
  private var drawnLines = 0
  private var lastDrawing = ContinuousClock.now - .seconds(1)
  /// So many waiting members are listed; the others are counted.
  private static let listedWaitingMembers = 8

  /// Takes note of what happened and shows it.
  func show(_ event: TrainingEvent) {
    switch event {
    case .began(let members, _):
      nameWidth = members.map(\.name.count).max() ?? 0
      waiting = members.map(\.name)
    case .alreadyComplete(let member):
      waiting.removeAll { $0 == member.name }
      say("\(padded(member.name))  complete")
    case .memberStarted(let member, let finishedEpochs):
      waiting.removeAll { $0 == member.name }
      current = (member.name, nil)
      if finishedEpochs > 0 {
        say("\(padded(member.name))  goes on after epoch \(finishedEpochs)")
      }
      redraw(now: true)
    case .progressed(let member, let progress):
      current = (member.name, progress)
      redraw(now: false)
    case .epochFinished(let member, let metrics, let progress):
      current = (member.name, progress)
      if isLive { redraw(now: true) } else { say(line(of: metrics, member.name, progress)) }
    case .memberFinished(let member, let testAccuracy):
      current = nil
      say("\(padded(member.name))  trained, test \(Figures.percent(testAccuracy, 1)) %")
    }
  }

  /// Leaves the terminal tidy.
  func end() {
    erase()
    fflush(nil)
  }

  /// Prints a line that stays.
  private func say(_ text: String) {
    erase()
    print(text)
    fflush(nil)
    redraw(now: true)
  }

  private func redraw(now: Bool) {
    guard isLive, now || lastDrawing.duration(to: .now) > .milliseconds(100) else { return }
    lastDrawing = .now
    erase()
    var lines: [String] = []
    if let current { lines.append(liveLine(current.name, current.progress)) }
    lines += waiting.prefix(Self.listedWaitingMembers).map { "\(padded($0))  waiting" }
    if waiting.count > Self.listedWaitingMembers {
      lines.append("and \(waiting.count - Self.listedWaitingMembers) more")
    }
    let width = max(20, Terminal.width - 1)
    for line in lines { print(String(line.prefix(width))) }
    drawnLines = lines.count
    fflush(nil)
  }

  private func erase() {
    guard isLive, drawnLines > 0 else { return }
    // Up to the first drawn line, then clear to the screen's end.
    print("\u{1B}[\(drawnLines)F\u{1B}[J", terminator: "")
    drawnLines = 0
  }

  private func liveLine(_ name: String, _ progress: MemberProgress?) -> String {
    guard let progress else { return "\(padded(name))  starting" }
    let share = Double(progress.step) / Double(max(1, progress.stepsPerEpoch))
    let filled = Int((share * 10).rounded(.down))
    let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 10 - filled)
    return "\(padded(name))  epoch \(progress.epoch)/\(progress.epochs) [\(bar)]  "
      + figures(
        loss: progress.trainingLoss, accuracy: progress.trainingAccuracy,
        holdOut: progress.holdOutAccuracy, imagesPerSecond: progress.imagesPerSecond)
      + "  \(Figures.duration(progress.secondsLeft)) left"
  }

  private func line(of metrics: EpochMetrics, _ name: String, _ progress: MemberProgress) -> String
  {
    "\(padded(name))  epoch \(metrics.epoch)/\(progress.epochs)  "
      + figures(
        loss: metrics.trainingLoss, accuracy: metrics.trainingAccuracy,
        holdOut: metrics.holdOutAccuracy, imagesPerSecond: metrics.imagesPerSecond)
      + "  \(Figures.duration(progress.secondsLeft)) left"
  }

  private func figures(
    loss: Double, accuracy: Double, holdOut: Double?, imagesPerSecond: Double
  ) -> String {
    "loss \(Figures.fixed(loss, 3))  train \(Figures.percent(accuracy, 1)) %"
      + (holdOut.map { "  hold-out \(Figures.percent($0, 1)) %" } ?? "")
      + "  \(Int(imagesPerSecond.rounded()).grouped) images/s"
  }

  private func padded(_ name: String) -> String {
    name + String(repeating: " ", count: max(0, nameWidth - name.count))
  }
}
