import Files
import Formatting
import Runs

/// The status of a run in words and a table, within 80 columns where names are short.
package enum RunStatusText {
  /// - Parameter continues: Whether to say how a run goes on where nothing runs.
  package static func text(_ status: RunStatus, continues: Bool = true) -> String {
    let notes = status.members.compactMap { member in
      member.reason.map { "\(member.name): \($0)" }
    }
    let retraining = status.retraining.map {
      "note: \($0.text): \(Shell.line(["consort", "status", $0.path]))"
    }
    let lines = (notes + [retraining].compactMap { $0 }).flatMap {
      Terminal.wrapped(Terminal.printable($0), width: min(80, Terminal.textWidth))
    }
    let head = Terminal.wrapped(headline(status), width: Terminal.textWidth)
    return head.map { $0 + "\n" }.joined() + table(status) + workers(status)
      + lines.map { $0 + "\n" }.joined()
      + (continues ? continuation(status) : "")
  }

  /// "5 of 8 members complete, 2 running, 1 failed; 12:03 left; 577 images/s"
  private static func headline(_ status: RunStatus) -> String {
    let complete = status.count(of: .complete)
    var parts = ["\(complete) of \(status.members.count) members complete"]
    for state in [MemberState.running, .stopped, .waiting, .failed] {
      let count = status.count(of: state)
      if count > 0 { parts.append("\(count) \(state)") }
    }
    var text = parts.joined(separator: ", ")
    if let seconds = status.secondsLeft, seconds > 0 {
      text += "; about \(NumberFormat.duration(seconds)) left"
    }
    if let speed = status.imagesPerSecond {
      text += "; \(Int(speed.rounded()).grouped) images/s"
    }
    return text
  }

  private static func table(_ status: RunStatus) -> String {
    var table = TextTable(columns: [
      .init("member", isKept: true), .init("state", isKept: true), .init("epoch", .right),
      .init("done", .right, isKept: true), .init("left", .right, isKept: true),
      .init("hold-out", .right), .init("test", .right),
      .init("images/s", .right),
    ])
    for member in status.members {
      table.append([
        member.name, "\(member.state)",
        member.epoch.map { "\($0)/\(member.epochs)" } ?? "-", share(member.doneShare, 0),
        member.state == .complete ? "" : member.secondsLeft.map(NumberFormat.duration) ?? "?",
        member.holdOutAccuracy.map { share($0, 1) } ?? "",
        member.testAccuracy.map { share($0, 1) } ?? "",
        member.imagesPerSecond.map { Int($0.rounded()).grouped } ?? "",
      ])
    }
    return table.text()
  }

  /// Of a run that several processes, or those of another machine, share.
  private static func workers(_ status: RunStatus) -> String {
    let workers = (status.workers ?? []).filter { $0.state != .ended }
    let isElsewhere = workers.contains { $0.host != MachineIdentity.current.host }
    guard workers.count > 1 || isElsewhere else { return "" }
    var table = TextTable(columns: [
      .init("worker", isKept: true), .init("state", isKept: true), .init("members", isKept: true),
      .init("images/s", .right), .init("last sign of life", .right, isKept: true),
    ])
    for worker in workers {
      let place = worker.host.map { "\($0):\(worker.process ?? 0)" } ?? worker.name
      table.append([
        Terminal.printable(place), "\(worker.state)",
        worker.members.isEmpty ? "-" : worker.members.joined(separator: ", "),
        worker.imagesPerSecond.map { Int($0.rounded()).grouped } ?? "",
        worker.secondsSinceSign.map { "\(NumberFormat.duration($0)) ago" } ?? "?",
      ])
    }
    return "\n" + table.text()
  }

  private static func share(_ value: Double, _ digits: Int) -> String {
    NumberFormat.percent(value, digits) + " %"
  }

  /// What to do next, where nothing runs.
  private static func continuation(_ status: RunStatus) -> String {
    guard !status.isTraining, status.count(of: .complete) < status.members.count,
      let command = status.command
    else { return "" }
    return "go on with: \(Shell.line(command))\n"
  }
}
