import Formatting
import Runs
import Training

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Shows a training: a live line a member and one for the whole on a terminal, a plain line an epoch elsewhere.
final class TrainingDisplay {
  private var live = LiveLines()
  /// Said before the first member starts.
  private var heading: String?
  private var nameWidth = 0
  private var waiting: [String] = []
  /// The members under training, in the order of their start.
  private var current: [(name: String, figures: MemberFigures?)] = []
  private var whole: WholeRun
  private var hasWaited = false
  /// So many waiting members are listed where the terminal has the room; the others are counted.
  private static let listedWaitingMembers = 8

  /// - Parameters:
  ///   - heading: What is said before the first member starts; nil for nothing.
  ///   - whole: What is known beforehand of several runs that follow each other.
  init(heading: String? = nil, whole: WholeRun = WholeRun()) {
    self.heading = heading
    self.whole = whole
  }

  /// What happens from now on happens in a run of that name; `heading` is said before its first member starts.
  func begin(_ run: String, heading: String) {
    whole.begin(run)
    self.heading = heading
    hasWaited = false
  }

  /// Takes note of what happened and shows it.
  func show(_ event: TrainingEvent) {
    whole.take(event)
    switch event {
    case .began(let members, _):
      nameWidth = members.map(\.name.columns).reduce(MemberFigures.nameHead.columns, max)
      waiting = members.map(\.name)
    case .alreadyComplete(let member):
      waiting.removeAll { $0 == member.name }
      say("\(padded(member.name))  complete")
    case .memberStarted(let member, let finishedEpochs):
      if let heading { say(Terminal.printable(heading)) }
      heading = nil
      waiting.removeAll { $0 == member.name }
      current.append((member.name, nil))
      if finishedEpochs > 0 {
        say("\(padded(member.name))  goes on after epoch \(finishedEpochs)")
      }
      redraw(now: true)
    case .environmentChanged(let member, let earlier, let now):
      say(
        "\(padded(member.name))  began with \(describe(earlier)), goes on with \(describe(now)): the last bits will "
          + "differ from an uninterrupted training")
    case .checkpointDamaged(let member, let error):
      say("\(padded(member.name))  \(error); goes on from the one before")
    case .memberDamaged(let member, let reason):
      say("\(padded(member.name))  \(reason); it is made again")
    case .imageSkipped(let image, let count):
      say("skipped \(image.name): \(image.reason) (\(count) so far)")
    case .takenOver(let member, let host):
      say(
        "\(padded(member.name))  its worker on \(host) shows no sign of life: it goes on here")
    case .memberLost(let member):
      current.removeAll { $0.name == member.name }
      say(
        "\(padded(member.name))  another worker has gone on with it, or ended it, because one of them stood still: left to that one"
      )
    case .endedElsewhere(let member, _):
      waiting.removeAll { $0 == member.name }
    case .waiting(let members):
      // Once: it may take hours.
      guard !hasWaited else { return }
      hasWaited = true
      say(
        "nothing is left to take: waiting for \(members.counted("member")) of other workers (--no-wait ends at once)"
      )
    case .memberFailed(let member, let error):
      current.removeAll { $0.name == member.name }
      say("\(padded(member.name))  stopped: \(error)")
    case .progressed(let member, let progress):
      update(member, MemberFigures(progress))
      redraw(now: false)
    case .epochFinished(let member, let metrics, let progress):
      let figures = MemberFigures(metrics, progress)
      update(member, figures)
      if live.isLive { redraw(now: true) } else { say("\(padded(member.name))  \(figures.line)") }
    case .memberFinished(let member, let testAccuracy):
      current.removeAll { $0.name == member.name }
      say("\(padded(member.name))  trained, test \(NumberFormat.share(testAccuracy))")
    }
  }

  /// Leaves the terminal tidy.
  func end() {
    live.erase()
    fflush(nil)
  }

  /// Prints a line that stays.
  func say(_ text: String) {
    live.erase()
    print(Terminal.printable(text))
    redraw(now: true)
    fflush(nil)
  }

  private func redraw(now: Bool) {
    live.redraw(now: now) { width in
      currentLines(width: width) + waitingLines(width: width) + (whole.line.map { [$0] } ?? [])
    }
  }

  private func update(_ member: Experiment.Member, _ figures: MemberFigures) {
    guard let index = current.firstIndex(where: { $0.name == member.name }) else { return }
    current[index].figures = figures
  }

  /// The heads, then a line a member that is being trained.
  private func currentLines(width: Int) -> [String] {
    var heads: [String] = []
    let lines = current.map { name, figures in
      guard let table = figures?.table(name: name, nameWidth: nameWidth, width: width) else {
        return "\(shortened(name, width: width))  starting"
      }
      heads = [table[0]]
      return table[1]
    }
    return heads + lines
  }

  private func waitingLines(width: Int) -> [String] {
    // Lines that have scrolled off the top could not be erased.
    let listed = max(0, min(Self.listedWaitingMembers, Terminal.height - 5 - current.count))
    let rest = waiting.count - listed
    return waiting.prefix(listed).map { "\(shortened($0, width: width))  waiting" }
      + (rest > 0 ? ["and \(rest) more"] : [])
  }

  private func describe(_ environment: RunEnvironment) -> String {
    let threads = environment.threads == 1 ? "1 thread" : "\(environment.threads) threads"
    let processes = environment.processes.map { "\($0) processes of " } ?? ""
    return "\(processes)\(threads) on \(environment.device), \(environment.processor)"
  }

  /// The name as the live lines have it.
  private func shortened(_ name: String, width: Int) -> String {
    let columns = MemberFigures.shownWidth(nameWidth, of: width)
    return name.shortened(columns: columns).padded(columns: columns)
  }

  private func padded(_ name: String) -> String {
    name.padded(columns: nameWidth)
  }
}
