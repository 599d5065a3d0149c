import ArchitectureSearch
import CommandLine
import Files
import Formatting
import Latency
import Runs
import Schemas
import SearchRuns

/// `consort latencies`: how long each part of a search space's networks takes on this machine.
let latenciesCommand = Command(
  name: "latencies",
  summary: "Measure how long the parts of a search space's networks take on this machine.",
  operands: [Operand("PLAN", help: "A search plan, such as Experiments/search-cifar10.json.")],
  options: [
    CommandOption("--out", "FILE", help: "Where the table goes (default: latencies.json)."),
    CommandOption(
      "--seconds", "S",
      help:
        "How long each part runs, over five rounds (default: \(NumberFormat.fixed(LatencyTable.standardSeconds, 1)))."
    ),
  ],
  discussion: """
    Times, with OpenVINO, one image on one thread, every convolution with what is fused to it, or a whole block where a
    skip spans it. The sum over a network's parts, times one factor fitted on \(LatencyTable.calibrationCount) whole networks,
    predicts its latency; how well it does is checked on \(LatencyTable.checkCount) others, and printed. `consort search` does this
    by itself where a plan's cost is a latency; with --latencies it takes a table from here, perhaps from the machine
    where the ensemble shall run.
    """,
  examples: ["consort latencies Experiments/search-cifar10.json --out latencies.json"],
  run: { arguments in
    let file = arguments.operand(0) ?? ""
    let plan = try SearchPlan(path: file)
    let seconds = try arguments.number("--seconds") ?? LatencyTable.standardSeconds
    guard (0.01...3600).contains(seconds) else {
      throw UsageError("--seconds is from 0.01 to 3600")
    }
    let out = arguments.string("--out") ?? "latencies.json"
    try arguments.checkOutputFile(out, option: "--out")
    let table = try measureLatencies(plan.space.space, file: file, seconds: seconds)
    try DurableFile.write(table.readableJSON(), to: out)
    print(table.summary)
    print("latencies: \(Terminal.printable(out))")
  })

/// Measures the parts of a plan's networks.
func measureLatencies(
  _ space: any SearchSpace, file: String, seconds: Double = LatencyTable.standardSeconds
) throws -> LatencyTable {
  var line = ProgressLine("timings")
  defer { line.end() }
  do {
    try space.validate()
  } catch {
    throw ExperimentError.unusablePlan(file: file, reason: "\(error)")
  }
  return try LatencyTable(of: space, seconds: seconds) {
    line.show($0.done, of: $0.total, secondsLeft: $0.secondsLeft)
  }
}
