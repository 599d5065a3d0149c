import CLI
import Ensembles
import Experiments
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort status`: how far a run is.
let statusCommand = Command(
  name: "status",
  summary: "Show what of a run is done, running, stopped and failed, and the time left.",
  operands: [
    Operand("RUN", help: "A run directory that `consort train` writes, such as runs/NAME.")
  ],
  options: [
    CommandOption("--json", help: "Print the status as JSON in place of the table."),
    CommandOption("--watch", help: "Draw it anew every two seconds until nothing runs."),
  ],
  discussion: """
    Works while the run is trained, and afterwards; reads only. The time left of a running member is what its trainer
    says; of one that waits, what members of its network took or take, or else in proportion to multiply-accumulates. Exit
    status 0 wherever the run can be read, also where members failed.
    """,
  examples: ["consort status runs/cifar10-quick", "consort status runs/cifar10-quick --watch"]
) { arguments in
  let run = RunDirectory(path: arguments.operand(0) ?? "")
  try RunMembers(run: run, split: "test").checkIsRun()
  guard arguments.isSet("--watch") else {
    let status = try readStatus(of: run)
    print(
      arguments.isSet("--json")
        ? try status.readableJSON() : StatusSummary.text(status), terminator: "")
    return
  }
  guard Terminal.isTerminal(STDOUT_FILENO), !arguments.isSet("--json") else {
    throw UsageError("--watch draws on a terminal: leave it out, or run it there")
  }
  try watch(run)
}

private func watch(_ run: RunDirectory) throws {
  var drawnLines = 0
  while true {
    let status = try readStatus(of: run)
    let text = StatusSummary.text(status)
    // Up to the first drawn line, then clear to the screen's end.
    if drawnLines > 0 { print("\u{1B}[\(drawnLines)F\u{1B}[J", terminator: "") }
    print(text, terminator: "")
    fflush(nil)
    guard status.isTraining else { return }
    drawnLines = text.count { $0 == "\n" }
    sleep(2)
  }
}

/// The status, with the test accuracy of complete members.
private func readStatus(of run: RunDirectory) throws -> RunStatus {
  var status = try RunStatus(of: run)
  for index in status.members.indices where status.members[index].state == .complete {
    let member = status.members[index]
    let path = run.member(member.name).predictionsPath(split: "test")
    do {
      let predictions = try Predictions(path: path)
      status.members[index].testAccuracy = try Metrics(of: [predictions], rule: .geometricMean)
        .top1Accuracy
    } catch {
      status.members[index].reason = "\(error)"
    }
  }
  return status
}
