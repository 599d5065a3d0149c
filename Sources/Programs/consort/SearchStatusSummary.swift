import Files
import Formatting
import SearchRuns

/// The status of a search in words and tables.
enum SearchStatusSummary {
  static func text(_ status: SearchStatus) -> String {
    let head = Terminal.wrapped(headline(status), width: Terminal.textWidth)
    var text = head.map { $0 + "\n" }.joined() + table(status)
    if let finalists = status.finalists {
      text += "\nfinalists: " + StatusSummary.text(finalists, continues: false)
    }
    return text + continuation(status)
  }

  /// "search-demo: 3 of 5 stages complete, running"
  private static func headline(_ status: SearchStatus) -> String {
    let complete = status.stages.count { $0.state == .complete }
    let activity =
      !status.isRunning
      ? "" : complete < status.stages.count ? ", searching" : ", training what was found"
    return "\(Terminal.printable(status.search)): \(complete) of \(status.stages.count) stages "
      + "complete\(activity)"
  }

  private static func table(_ status: SearchStatus) -> String {
    var table = TextTable(columns: [
      .init("stage", isKept: true), .init("state", isKept: true), .init("evaluated", .right),
      .init("done", .right, isKept: true), .init("failed", .right),
      .init("best", .right, isKept: true), .init("cost", .right), .init("networks"),
    ])
    for stage in status.stages {
      let budget = stage.budget.map { "/\($0.grouped)" } ?? ""
      table.append([
        stage.name, stage.state.rawValue, stage.evaluations.grouped + budget,
        NumberFormat.percent(stage.spentShare, 0) + " %", stage.failures.grouped,
        stage.best?.accuracy.map { NumberFormat.percent($0) + " %" } ?? "", stage.bestCost ?? "",
        stage.best.map { $0.networks.joined(separator: " + ") } ?? "",
      ])
    }
    return table.text()
  }

  /// What to do next, where nothing runs.
  private static func continuation(_ status: SearchStatus) -> String {
    let isTrained =
      !status.plansFinalists
      || status.finalists.map { $0.count(of: .complete) == $0.members.count } ?? false
    let isComplete = status.stages.allSatisfy { $0.state == .complete } && isTrained
    guard !status.isRunning, !isComplete, let command = status.command else { return "" }
    return "go on with: \(Shell.line(command))\n"
  }
}
