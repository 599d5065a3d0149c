import ArchitectureSearch
import Formatting
import SearchRuns
import SearchTraining

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Shows a search: two live lines on a terminal, a plain line a cohort elsewhere; then the training of what it found.
final class SearchDisplay {
  private let plan: SearchPlan
  private var live = LiveLines()
  private let training = TrainingDisplay()
  private var stage: SearchStage?
  private var records: [EvaluationRecord] = []
  private var spentShare = 0.0
  private var cohort: (members: Int, rung: Int, rungs: Int, done: Int)?
  private var speeds: [String: Double] = [:]
  private var supernetwork: String?
  /// Seconds that earlier stages took, and shares of the settings' budgets that they had.
  private var earlier = (seconds: 0.0, shares: 0.0)

  init(_ plan: SearchPlan) {
    self.plan = plan
  }

  /// Takes note of what happened and shows it.
  func show(_ event: SearchEvent) {
    switch event {
    case .stageBegan(let stage):
      (self.stage, records, spentShare, cohort) = (stage, [], 0, nil)
      redraw(now: true)
    case .supernetwork(let place, let step, let steps, let loss, let imagesPerSecond):
      let text =
        "shared network \(place + 1): step \(step.grouped) of \(steps.grouped), loss "
        + "\(NumberFormat.fixed(loss, 3)), \(Int(imagesPerSecond).grouped) images/s"
      supernetwork = text
      if step == steps { say(text) } else { redraw(now: false) }
    case .cohortBegan(let members, let rung, let rungs):
      (cohort, speeds, supernetwork) = ((members, rung, rungs, 0), [:], nil)
      redraw(now: true)
    case .progressed(let member, let imagesPerSecond):
      speeds[member] = imagesPerSecond
      redraw(now: false)
    case .memberEvaluated(let member):
      cohort?.done += 1
      speeds[member] = nil
      redraw(now: true)
    case .memberDamaged(let member, let reason):
      say("\(member): \(reason): it is trained again")
    case .memberFailed(let member, let reason):
      cohort?.done += 1
      say("failed: \(member): \(reason)")
    case .evaluated(let records, let spentShare):
      let isNews = records.count > self.records.count
      (self.records, self.spentShare) = (records, spentShare)
      if live.isLive { redraw(now: true) } else if isNews { say(stageLine) }
    case .stageEnded(let stage, let end, let best, let overheadSeconds):
      finish(stage, end, best, overheadSeconds)
    case .finalists(let event):
      live.erase()
      if case .began(let members, let epochs) = event {
        print("training \(members.count.counted("finalist")) for \(epochs.counted("epoch")) each")
      }
      training.show(event)
    }
  }

  /// Leaves the terminal tidy.
  func end() {
    live.erase()
    training.end()
  }

  private func finish(
    _ stage: SearchStage, _ end: StageSearch.End, _ best: EvaluationRecord?,
    _ overheadSeconds: Double
  ) {
    let seconds = records.reduce(0) { $0 + $1.seconds }
    earlier.seconds += seconds
    earlier.shares += stage.budgetShare
    self.stage = nil
    var text =
      "\(stage.name): \(evaluated) in \(NumberFormat.duration(seconds)), of which the search itself "
      + "\(NumberFormat.percent(overheadSeconds / max(seconds + overheadSeconds, 1e-9), 2)) %"
    switch end {
    case .budgetSpent: break
    case .nothingNew: text += ", and nothing new is proposed"
    case .interrupted: text += ", interrupted"
    }
    if let best {
      text += "\n  found \(best.networks.joined(separator: " + ")): \(worth(best))"
      for member in best.members {
        text += plan.space.space.description(of: member).map { "\n    \($0)" }.joined()
      }
    } else {
      text += "\n  no candidate was trained as far as it should be"
    }
    say(text)
  }

  // MARK: Lines

  private var evaluated: String {
    let failed = records.count { $0.failure != nil }
    let of = plan.budget.part(stage?.budgetShare ?? 1).evaluations.map { " of \($0.grouped)" } ?? ""
    return "\(records.count.grouped)\(stage == nil ? "" : of) evaluated"
      + (failed > 0 ? ", \(failed.grouped) failed" : "")
  }

  private var stageLine: String {
    guard let stage else { return "" }
    // What matters most comes first: a narrow terminal cuts the rest.
    var parts = ["\(stage.name): \(evaluated)"]
    if let left = secondsLeft { parts.append("about \(NumberFormat.duration(left)) left") }
    if let best = records.best {
      parts.append("best \(worth(best)), \(best.networks.joined(separator: " + "))")
    }
    return parts.joined(separator: "; ")
  }

  /// "61.20 %, 52.1 M MACs, reward 0.598".
  private func worth(_ record: EvaluationRecord) -> String {
    "\(NumberFormat.percent(record.accuracy ?? 0)) % of the hold-out, \(plan.cost.text(record.cost)), reward "
      + NumberFormat.fixed(record.reward, 4)
  }

  private var cohortLine: String? {
    if let supernetwork { return supernetwork }
    guard let cohort, stage != nil else { return nil }
    var line = "  \(cohort.done) of \(cohort.members) members trained"
    if cohort.rungs > 1 { line += " to rung \(cohort.rung) of \(cohort.rungs)" }
    if !speeds.isEmpty {
      line += ", \(Int(speeds.values.reduce(0, +).rounded()).grouped) images/s"
    }
    return line
  }

  /// Until all settings have spent their budgets, at the pace so far.
  private var secondsLeft: Double? {
    guard let stage else { return nil }
    let share = min(1, spentShare) * stage.budgetShare
    let done = earlier.shares + share
    guard share > 0 else { return nil }
    let seconds = earlier.seconds + records.reduce(0) { $0 + $1.seconds }
    return seconds / done * max(0, Double(plan.settings.count) - done)
  }

  // MARK: Drawing

  /// Prints a text that stays.
  private func say(_ text: String) {
    live.erase()
    print(Terminal.printable(text, keepsNewlines: true))
    redraw(now: true)
    fflush(nil)
  }

  private func redraw(now: Bool) {
    live.redraw(now: now) { _ in [stageLine, cohortLine ?? ""].filter { !$0.isEmpty } }
  }
}
