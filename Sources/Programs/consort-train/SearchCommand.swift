import ArchitectureSearch
import CommandLine
import Files
import Formatting
import Networks
import Processes
import Runs
import SearchRuns
import SearchTraining
import Synchronization
import Training

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

let searchCommand = Command(
  name: "search", summary: "Search architectures for the members of an ensemble.",
  operands: [
    Operand("PLAN", help: "A search plan, such as Experiments/search-cifar10.json.")
  ],
  options: [
    CommandOption("--out", "DIR", help: "The search's directory (default: runs/NAME)."),
    CommandOption(
      "--data", "DIR",
      help:
        "The images: CIFAR's binary files, train/ and test/ (or val/) with class folders, or tar "
        + "shards train-*.tar and test-*.tar (or val-*.tar)."),
    CommandOption(
      "--latencies", "FILE",
      help:
        "A table that `consort latencies` measured, perhaps on another machine (default: measured on this one, where "
        + "the plan's cost is a latency)."),
  ] + WorkerOptions.options,
  discussion: """
    Finds architectures for each setting of the plan at its cost target: one network; one network repeated; several
    networks together; one after another. Then trains what was found in full, with several seeds, and writes a report.
    Every candidate is costed before it is trained, and judged on held-out training images. Run the same command again
    after an interruption: it goes on where it was, and ends as it would have.

    Exit status: 0 when all is done, 1 after an error or an interruption, 2 for arguments that make no sense, 3 when some
    of the networks that were found could not be trained in full.
    """,
  examples: ["consort search Experiments/search-cifar10.json --data ~/cifar10"]
) { arguments in
  let file = arguments.operand(0) ?? ""
  let plan = try SearchPlan(path: file)
  let directory = SearchDirectory(path: arguments.directory("--out") ?? "runs/\(plan.name)")
  let workers = try WorkerOptions(
    arguments, members: plan.cohort * plan.members,
    earlier: RunEnvironment(path: directory.environmentPath))
  let (costModel, lock) = try costModel(
    of: plan, file: file, in: directory, given: arguments.string("--latencies"))
  try describe(plan, file: file, costModel)
  let images = try loadImages(
    plan.data,
    for: [plan.evaluationExperiment().recipe] + (plan.finalists.map { [$0.recipe] } ?? []),
    file: file, from: arguments.string("--data"))
  try search(plan, file: file, on: images, costModel, lock, in: directory, workers)
  guard let consort = Executable.sibling("consort") else {
    throw UsageError(
      "the place of `consort` is unknown: run `\(Shell.line(["consort", "report", Shell.operand(directory.path)]))`"
    )
  }
  let reason = Executable.replace(
    with: consort, arguments: ["report", Shell.operand(directory.path)])
  throw UsageError("cannot start '\(consort)' (\(reason)): build it with `make build`")
}

/// Prints what is searched.
private func describe(_ plan: SearchPlan, file: String, _ costModel: CostModel) throws {
  let range: ClosedRange<Double>
  do {
    range = try plan.costRange(costModel)
  } catch {
    throw ExperimentError.unusablePlan(file: file, reason: "\(error)")
  }
  let space = plan.space.space
  if case .latency(let table) = costModel { print(table.summary) }
  print(
    "space: \(space.decisions.count) decisions, \(NumberFormat.power(space.size)) architectures, "
      + "\(plan.cost.text(range.lowerBound)) to \(plan.cost.text(range.upperBound))")
  print(
    "target: \(plan.cost.text(plan.cost.target)) for an ensemble of \(plan.members)"
      + (plan.cost.tolerance.map { ", within \(NumberFormat.percent($0, 0)) %" } ?? "")
      + "; \(plan.controller.name), \(plan.settings.map(\.rawValue).joined(separator: ", "))")
  fflush(nil)
}

private func search(
  _ plan: SearchPlan, file: String, on images: RunImages, _ costModel: CostModel,
  _ lock: DirectoryLock?, in directory: SearchDirectory, _ workers: WorkerOptions
) throws {
  Interruption.install()
  let display = Mutex(SearchDisplay(plan))
  defer { display.withLock { $0.end() } }
  let setup = SearchSetup(
    directory: directory, devices: workers.devices, jobs: workers.jobs, threads: workers.threads,
    decoders: workers.decoders, observe: { event in display.withLock { $0.show(event) } })
  let outcome: SearchRun.Outcome
  do {
    outcome = try SearchRun(
      of: plan, on: images, costModel: costModel, setup: setup, lock: lock,
      command: ["consort"] + SystemPath.arguments.dropFirst(),
      versions: ["consort": consortVersion]
    ).run()
  } catch let error where error is SearchError || error is NetworkError {
    throw ExperimentError.unusablePlan(file: file, reason: "\(error)")
  }
  switch outcome {
  case .complete: break
  case .interrupted: throw StoppedEarly(directory: directory.path)
  case .finalistsFailed(let names):
    throw MembersFailed(names: names, directory: directory.finalists.path)
  }
}
