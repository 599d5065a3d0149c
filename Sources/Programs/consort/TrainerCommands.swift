import ArchitectureSearch
import CommandLine
import Files
import Formatting
import Leases
import Processes
import Runs
import SearchRuns

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort demo`: the main job on embedded data, and its report.
let demoCommand = WorkerCommands.demo.running { arguments in
  try runTrainer()
  print("")
  try report(on: arguments.directory("--out") ?? "runs/demo")
}

/// `consort train`: trains an experiment's members.
let trainCommand = WorkerCommands.train.running { _ in try runTrainer() }

/// `consort study`: trains the same members on several numbers of images.
let studyCommand = WorkerCommands.study.running { arguments in
  let plan = try StudyPlan(path: arguments.operand(0) ?? "")
  let directory = StudyDirectory(path: arguments.directory("--out") ?? "runs/\(plan.name)")
  let record = arguments.directory("--record").map(StudyDirectory.init)
  if arguments.isSet("--no-training") {
    try bringUpToDate(record, of: directory, plan)
  } else {
    try runTrainer()
  }
  try report(on: (record ?? directory).path)
}

/// Puts what is trained of a study on record.
private func bringUpToDate(
  _ record: StudyDirectory?, of directory: StudyDirectory, _ plan: StudyPlan
) throws {
  try directory.check(plan)
  guard let record else { return }
  try record.claim(for: plan)
  for run in plan.runs where Directory.exists(directory.run(run).experimentPath) {
    let names = try record.record(run).add(directory.run(run))
    print(
      "\(run.name): \(names.count.counted("member")) more on record in '\(Terminal.printable(record.path))'"
    )
  }
}

/// `consort search`: searches architectures for the members of an ensemble, and reports on them.
let searchCommand = WorkerCommands.search.running { arguments in
  let file = arguments.operand(0) ?? ""
  let plan = try SearchPlan(path: file)
  let directory = SearchDirectory(path: arguments.directory("--out") ?? "runs/\(plan.name)")
  let lease = try arguments.leaseSeconds() ?? WorkerSession.usualLeaseSeconds
  if plan.cost.measure == .latency, arguments.string("--latencies") == nil,
    try directory.latencies(covering: plan.space.space) == nil
  {
    if let token = arguments.string("--run-token") {
      try RunToken.check(token, in: directory.path)
    }
    try provideLatencies(of: plan, file: file, in: directory, lease)
  }
  try runTrainer()
  // Of processes that train together, the first one's host alone need have it.
  guard Directory.exists(directory.path) else { return }
  let isOurs = try directory.once(
    .report, leaseSeconds: lease,
    waits: saidOnce("another worker writes the report: waiting for it")
  ) { try report(on: directory.path) }
  if !isOurs {
    print("report: \(Terminal.printable("\(directory.reportPath)/report.html")), by another worker")
  }
}

/// Puts the latencies of a plan's networks on record: one worker measures, and all go by its table.
private func provideLatencies(
  of plan: SearchPlan, file: String, in directory: SearchDirectory, _ lease: Int
) throws {
  // No other search begins in the directory meanwhile.
  let lock = try directory.claim(for: plan, isShared: plan.isShareable)
  defer { withExtendedLifetime(lock) {} }
  let space = plan.space.space
  let isOurs = try directory.once(
    .latencies, leaseSeconds: lease, waits: saidOnce("another worker measures: waiting for it")
  ) {
    // Another one may have come and gone.
    guard try directory.latencies(covering: space) == nil else { return }
    print("measuring how long the parts of networks take on this machine; once for this search")
    fflush(nil)
    let table = try measureLatencies(space, file: file)
    guard try directory.publish(table, covering: space) else {
      return print("another worker's latencies are there already: all go by those")
    }
    print(table.summary)
    print("latencies: \(Terminal.printable(directory.latenciesPath))")
  }
  guard !isOurs else { return }
  // A network's file system may show them late.
  for _ in 0..<120 where try directory.latencies(covering: space) == nil {
    _ = try? Directory.names(in: directory.path)
    usleep(500_000)
  }
  print("latencies: \(Terminal.printable(directory.latenciesPath)), by another worker")
}

/// Prints a line the first time that it is called.
private func saidOnce(_ line: String) -> () -> Void {
  var isSaid = false
  return {
    guard !isSaid else { return }
    isSaid = true
    print(line)
    fflush(nil)
  }
}

/// `consort report` of a directory.
private func report(on directory: String) throws {
  let words = [Shell.operand(directory)]
  try writeReport(
    reportCommand.parse(words), command: Shell.line(["consort", reportCommand.name] + words))
}

/// What the trainer takes at least: under a limit of 500 MB on addresses libtorch does not load, under one of 600 MB a
/// ResNet-20 does not train.
private let leastTrainerBytes = 448 << 20

/// Has `consort-train`, which links libtorch, carry out the command of this process; this program stays quick without it.
/// Ends the process where the trainer fails, which has said why.
private func runTrainer() throws {
  guard let trainer = Executable.sibling("consort-train") else {
    throw CommandError.trainerUnusable(path: "consort-train", reason: "its place is unknown")
  }
  // Where libtorch cannot even be loaded, it ends without a word that helps.
  if let shortage = Memory.shortage(bytes: leastTrainerBytes) {
    throw CommandError.trainerTooLarge(shortage)
  }
  // libtorch's OpenMP threads otherwise spin at each barrier: where another program holds a core, that costs nearly all
  // speed (docs/performance.md). It is read when the library loads, so it has to be set before.
  setenv("GOMP_SPINCOUNT", "1000", 0)
  let ending: Worker.Ending
  do {
    ending = try Worker.run(trainer, arguments: Array(SystemPath.arguments.dropFirst()))
  } catch {
    throw CommandError.trainerUnusable(path: trainer, reason: error.reason)
  }
  if ending == .exited(status: Worker.librariesMissing) { throw CommandError.torchMissing }
  guard ending == .exited(status: 0) else { Worker.endLike(ending) }
}

extension Worker {
  /// With what the dynamic linker ends a program whose libraries it does not find; it has named the first one.
  fileprivate static let librariesMissing: Int32 = 127
}

/// What keeps a command from its work.
enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that trains cannot be started.
  case trainerUnusable(path: String, reason: String)
  /// The memory that may be taken does not suffice for the program that trains.
  case trainerTooLarge(Memory.Shortage)
  /// The program that trains does not find libtorch.
  case torchMissing

  /// One sentence naming the file, what is wrong and the fix.
  var description: String {
    switch self {
    case .torchMissing:
      "training needs libtorch, which is not there: install it with `pip install 'consort[train]'`, or `scripts/setup` in a "
        + "checkout"
    case .trainerTooLarge(let shortage):
      "training \(shortage), networks not counted: free memory, or raise the limit on it (`ulimit -v`)"
    case .trainerUnusable(let path, let reason):
      "cannot start '\(path)', which trains: \(reason); build it with `make build`"
    }
  }
}
