import CommandLine
import Files
import Formatting
import MemberSources
import Predictions
import ReportContents
import Runs
import Schemas
import SearchRuns

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort status`: how far a run, a search or a study is.
let statusCommand = Command(
  name: "status",
  summary:
    "Show what of a run, search or study is done, running, stopped and failed, and the time left.",
  operands: [
    Operand(
      "RUN",
      help:
        "A directory that `consort train`, `consort search` or `consort study` writes, such as runs/NAME."
    )
  ],
  options: [
    CommandOption("--json", help: "Print the status as JSON in place of the table."),
    CommandOption("--watch", help: "Redraw it every two seconds until nothing runs."),
  ],
  discussion: """
    Works while the run is trained, and afterwards, from any machine that sees its directory; changes nothing. Where several workers
    share the run, each is shown with its host, what it trains, and how long ago it showed a sign of life: with --watch by the clock
    of this process, otherwise by that of the file server. The time left of a running member is what its trainer
    says; of one that waits, what members of its network took or take, or else in proportion to multiply-accumulates. Of
    a search, each stage shows its best candidate so far, by its accuracy on the hold-out; then come the finalists. Exit
    status 0 wherever the run can be read, also where members failed.
    """,
  examples: ["consort status runs/cifar10-quick", "consort status runs/cifar10-quick --watch"]
) { arguments in
  let read = try reader(of: arguments.operand(0) ?? "")
  guard arguments.isSet("--watch") else {
    let status = try read()
    print(arguments.isSet("--json") ? try status.json() : status.text, terminator: "")
    return
  }
  guard !arguments.isSet("--json") else {
    throw UsageError("--watch draws tables and --json prints JSON: leave one out")
  }
  guard Terminal.canRedraw(STDOUT_FILENO) else {
    throw UsageError(
      "--watch redraws a terminal, and standard output is none or TERM says that it cannot: leave it out"
    )
  }
  try watch(read)
}

/// A status to show.
private struct ShownStatus {
  let text: String
  let json: () throws -> String
  let isRunning: Bool
}

/// Reads the status of the run or the search at `path` whenever it is called.
private func reader(of path: String) throws -> () throws -> ShownStatus {
  let search = SearchDirectory(path: path)
  if search.exists {
    return {
      var status = try SearchStatus(of: search)
      if status.finalists != nil {
        status.finalists = try RunStatus(withAccuraciesOf: search.finalists)
      }
      return ShownStatus(
        text: SearchStatusText.text(status), json: { [status] in try status.readableJSON() },
        isRunning: status.isRunning)
    }
  }
  let study = StudyDirectory(path: path)
  if study.exists { return try reader(of: study) }
  let run = RunDirectory(path: path)
  try RunPredictions(run: run, split: SplitName.test).checkIsRun()
  let watch = RunStatus.Watch()
  return {
    let status = try RunStatus(withAccuraciesOf: run, watch: watch)
    return ShownStatus(
      text: RunStatusText.text(status), json: status.readableJSON, isRunning: status.isTraining)
  }
}

/// Reads the status of each run of a study that has begun.
private func reader(of study: StudyDirectory) throws -> () throws -> ShownStatus {
  let runs = try study.plan().runs.filter { Directory.exists(study.run($0).experimentPath) }
  guard !runs.isEmpty else { throw ExperimentError.emptyStudy(directory: study.path) }
  let watches = runs.map { _ in RunStatus.Watch() }
  return {
    let statuses = try zip(runs, watches).map { run, watch in
      (run.name, try RunStatus(withAccuraciesOf: study.run(run), watch: watch))
    }
    return ShownStatus(
      text: statuses.map { "\($0): " + RunStatusText.text($1, continues: false) }
        .joined(separator: "\n"),
      json: { try Dictionary(uniqueKeysWithValues: statuses).readableJSON() },
      isRunning: statuses.contains { $1.isTraining })
  }
}

private func watch(_ read: () throws -> ShownStatus) throws {
  var screen = RedrawnText()
  while true {
    let status = try read()
    print(
      screen.redraw(
        status.text, width: Terminal.width, height: status.isRunning ? Terminal.height : .max),
      terminator: "")
    fflush(nil)
    guard status.isRunning else { return }
    sleep(2)
  }
}
