import ArchitectureSearch
import CommandLine
import Files
import Formatting
import Networks
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

let searchCommand = WorkerCommands.search.running { arguments in
  let file = arguments.operand(0) ?? ""
  let plan = try SearchPlan(path: file)
  guard let launch = try Launch.find(arguments, for: plan) else {
    return try search(plan, file: file, arguments)
  }
  try launch.reportingFailure { try search(plan, file: file, arguments, launch) }
}

extension Launch {
  /// This process's place among those that train a plan's shared weights together; nil where it trains alone. Processes that
  /// train whole architectures share them out, whatever has started them.
  fileprivate static func find(_ arguments: ParsedArguments, for plan: SearchPlan) throws -> Launch?
  {
    guard plan.isShareable else { return try find(arguments) }
    guard arguments.string("--rendezvous") == nil, try arguments.integer("--rank") == nil else {
      throw UsageError(
        "architectures of '\(plan.name)' are each trained by one process: start the same command several times, without "
          + "--rendezvous, --rank and --world-size")
    }
    return nil
  }
}

/// - Parameter launch: This process's place among those that train shared weights together; nil for one alone.
private func search(
  _ plan: SearchPlan, file: String, _ arguments: ParsedArguments, _ launch: Launch? = nil
) throws {
  let isFirst = launch.map { $0.rank == 0 } ?? true
  let directory = SearchDirectory(path: arguments.directory("--out") ?? "runs/\(plan.name)")
  if isFirst { Terminal.writeNotes(Note.lines(try Recipe.notes(ofFile: file))) }
  let workers = try WorkerOptions(
    arguments, members: plan.cohort * plan.members,
    earlier: isFirst ? RunEnvironment(path: directory.environmentPath) : nil, launch)
  let costModel = try costModel(
    of: plan, file: file, in: directory, given: arguments.string("--latencies"))
  if isFirst { try describe(plan, file: file, costModel) }
  let rendezvous = try launch.map(Rendezvous.init(joining:))
  let images = try loadImages(
    plan.data,
    for: [plan.evaluationExperiment().recipe] + (plan.finalists.map { [$0.recipe] } ?? []),
    file: file, from: arguments.string("--data"), isQuiet: !isFirst)
  let group = try rendezvous?.connect(
    for: plan.readableJSON(), plan.evaluationExperiment().recipe, on: images,
    device: workers.devices[0], version: consortVersion)
  if let group, isFirst { print("\(group.size) processes train shared weights together") }
  Interruption.install()
  let setup = SearchSetup(
    directory: directory, devices: workers.devices, jobs: workers.jobs, threads: workers.threads,
    decoders: workers.decoders, sharing: try RunSharing(arguments))
  if let group, !isFirst {
    try report(
      FollowingSearch(of: plan, on: images, in: group, setup: setup).run(), in: directory)
  } else {
    try search(plan, file: file, on: images, costModel, setup, group)
  }
}

/// Tells how the part of a process ended that is not the first one.
private func report(_ outcome: TrainingRun.Outcome, in directory: SearchDirectory) throws {
  switch outcome {
  case .complete, .leftToOthers: break
  case .interrupted: throw StoppedEarly(directory: directory.path)
  case .membersFailed(let names):
    throw MembersFailed(names: names, directory: directory.finalists.path)
  }
}

/// What the networks of a plan cost: counted, or by a table that is given, or on record in the search's directory.
private func costModel(
  of plan: SearchPlan, file: String, in directory: SearchDirectory, given: String?
) throws -> CostModel {
  guard plan.cost.measure == .latency else {
    guard given == nil else {
      throw UsageError("'\(file)' counts multiply-accumulates: leave --latencies out")
    }
    return .multiplyAccumulates
  }
  let measure = Shell.line(["consort", "latencies", Shell.operand(file)])
  if let given {
    let table = try LatencyTable(file: given)
    guard try table.covers(plan.space.space) else {
      throw UsageError(
        "'\(given)' lacks parts of this plan's networks: measure it with `\(measure)`")
    }
    return .latency(table)
  }
  guard let table = try directory.latencies(covering: plan.space.space) else {
    throw UsageError(
      "there are no latencies: measure them with `\(measure)`, and give --latencies FILE")
  }
  return .latency(table)
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
  _ quiet: SearchSetup, _ group: TrainingGroup?
) throws {
  let display = Mutex(SearchDisplay(plan))
  defer { display.withLock { $0.end() } }
  var setup = quiet
  setup.observe = { event in display.withLock { $0.show(event) } }
  let directory = setup.directory
  let outcome: SearchRun.Outcome
  do {
    outcome = try SearchRun(
      of: plan, on: images, costModel: costModel, setup: setup, group: group,
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
