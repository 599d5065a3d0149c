import CommandLine
import Files
import Formatting
import Networks
import Processes
import Runs
import Synchronization
import Training

let trainCommand = WorkerCommands.train.running { arguments in
  let file = arguments.operand(0) ?? ""
  let launch = try Launch.find(arguments)
  let experiment = try Experiment(path: file)
  guard let launch else {
    Terminal.writeNotes(Note.lines(try Recipe.notes(ofFile: file)))
    let options = try TrainingOptions(arguments, for: experiment)
    let images = try loadImages(of: experiment, file: file, from: arguments.string("--data"))
    let directory = try fitting(file) { try train(experiment, on: images, options) }
    return printNext(experiment, directory)
  }
  try launch.reportingFailure {
    let directory = try fitting(file) {
      try trainTogether(experiment, file: file, arguments, launch)
    }
    if let directory { printNext(experiment, directory) }
  }
}

/// Makes an experiment that does not go with the images an error that names its file.
func fitting<Result>(_ file: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as ExperimentError {
    switch error {
    case .tooFewImages, .tooFewOfAClass:
      throw ExperimentDoesNotFit(file: file, reason: "\(error)")
    default: throw error
    }
  } catch let error as TrainingError {
    guard case .networkDoesNotFit = error else { throw error }
    throw ExperimentDoesNotFit(file: file, reason: "\(error)")
  } catch let error as NetworkError {
    throw ExperimentDoesNotFit(file: file, reason: "\(error)")
  }
}

/// Says what comes after a training.
private func printNext(_ experiment: Experiment, _ directory: RunDirectory) {
  let waiting = experiment.allMembers.count {
    !directory.member($0.name).isComplete(withHoldOut: experiment.data.holdsOut)
  }
  print(
    waiting == 0
      ? "next: " + Shell.line(["consort", "report", Shell.operand(directory.path)])
      : "\(waiting) of \(experiment.allMembers.count) members are still to be trained")
}

/// What the options of a training ask for, checked before anything is read or written.
struct TrainingOptions {
  let directory: RunDirectory
  let workers: WorkerOptions
  /// nil for all members.
  let members: Set<String>?
  let checkpointInterval: CheckpointInterval
  let sharing: RunSharing
  let longer: RunDirectory.LongerTraining

  /// - Parameter launch: This process's place among those that train each member together; nil for one alone.
  init(
    _ arguments: ParsedArguments, for experiment: Experiment, _ launch: Launch? = nil
  ) throws {
    try self.init(
      arguments, for: experiment,
      in: RunDirectory(path: arguments.directory("--out") ?? "runs/\(experiment.name)"),
      members: Self.members(arguments.string("--members"), of: experiment), launch)
  }

  /// - Parameters:
  ///   - directory: Where the experiment is trained, whatever --out says.
  ///   - members: Of the experiment, those that are trained; nil for all.
  init(
    _ arguments: ParsedArguments, for experiment: Experiment, in directory: RunDirectory,
    members: Set<String>?, _ launch: Launch? = nil
  ) throws {
    self.directory = directory
    self.members = members
    longer = arguments.isSet("--retrain") ? .allowed : .ifNothingIsLost
    let interval = arguments.string("--checkpoint-every")
    guard let interval = interval.map(CheckpointInterval.init) ?? .standard else {
      throw UsageError(
        "--checkpoint-every takes steps, epochs or minutes, such as 500steps, 1epoch or 5min")
    }
    checkpointInterval = interval
    sharing = try RunSharing(arguments)
    workers = try WorkerOptions(
      arguments, members: members?.count ?? experiment.trainings.count,
      // What the first process writes is its own to read.
      earlier: launch.map { $0.rank } ?? 0 == 0
        ? RunEnvironment(path: directory.environmentPath) : nil,
      launch)
  }

  private static func members(_ text: String?, of experiment: Experiment) throws -> Set<String>? {
    guard let names = text?.split(separator: ",").map(String.init) else { return nil }
    guard !names.isEmpty else { throw UsageError("--members needs at least one name") }
    let known = experiment.allMembers.map(\.name)
    if let stranger = names.first(where: { !known.contains($0) }) {
      throw UsageError(
        "--members: the experiment has no '\(stranger)'"
          + Spelling.suggestion(for: stranger, among: known)
          + "; it has \(known.joined(separator: ", "))")
    }
    return Set(names)
  }
}

extension RunSharing {
  init(_ arguments: ParsedArguments) throws {
    self.init(
      waits: !arguments.isSet("--no-wait"),
      leaseSeconds: try arguments.leaseSeconds() ?? Self.usualLeaseSeconds,
      token: arguments.string("--run-token"), joinsOthers: arguments.isSet("--mixed"),
      program: Executable.path().flatMap(Self.digest))
  }

  /// Of the program's file.
  private static func digest(of path: String) -> String? {
    guard let file = try? MappedFile(path: path) else { return nil }
    return String(file.withBytes { sha256(of: $0) }.prefix(16))
  }
}

/// Trains `experiment` with a display of its progress.
///
/// - Parameter group: The processes that train each member together, of which this is the first; nil for one alone.
/// - Returns: The run that holds the members.
/// - Throws: `StoppedEarly` where the user interrupted it.
@discardableResult
func train(
  _ experiment: Experiment, on images: RunImages, _ options: TrainingOptions,
  _ group: TrainingGroup? = nil
) throws -> RunDirectory {
  Interruption.install()
  let run = try TrainingRun(of: experiment, on: images, options)
  // Where the experiment leaves it open, how many images are held out is said.
  let heading = experiment.data.holdOut == nil ? try images.summary(of: experiment) : nil
  let display = Mutex(TrainingDisplay(heading: heading))
  defer { display.withLock { $0.end() } }
  let outcome = try run.run(
    only: options.members, group: group, jobs: options.workers.jobs,
    checkpointInterval: options.checkpointInterval,
    observe: { event in display.withLock { $0.show(event) } })
  switch outcome {
  case .complete: return run.place
  case .leftToOthers: return run.place
  case .interrupted: throw StoppedEarly(directory: run.place.path)
  case .membersFailed(let names):
    throw MembersFailed(names: names, directory: run.place.path)
  }
}

extension TrainingRun {
  /// Claims the run directory that the options name.
  init(of experiment: Experiment, on images: RunImages, _ options: TrainingOptions) throws {
    try self.init(
      of: experiment, on: images, in: options.directory, longer: options.longer,
      devices: options.workers.devices,
      threads: options.workers.threads, decoders: options.workers.decoders,
      command: ["consort"] + SystemPath.arguments.dropFirst(),
      versions: ["consort": consortVersion], sharing: options.sharing)
  }
}

/// An experiment file and images that do not go together.
struct ExperimentDoesNotFit: Error, CustomStringConvertible {
  let file: String
  let reason: String
  var description: String { "'\(file)' does not fit the images: \(reason)" }
}

/// The end of a run that was asked to stop.
struct StoppedEarly: ExitStatusError, CustomStringConvertible {
  let directory: String
  /// Not done, also where a user asked for it: a scheduler that takes it for done never goes on with it.
  var exitStatus: ExitStatus { .stopped }
  var description: String {
    "stopped; everything so far is saved in '\(directory)'; to go on: \(Shell.commandLine())"
  }
}

/// The end of a run some of whose members stopped by themselves.
struct MembersFailed: ExitStatusError, CustomStringConvertible {
  let names: [String]
  let directory: String
  /// Says to a script that all that could be trained is.
  var exitStatus: ExitStatus { .membersFailed }
  var description: String {
    "\(names.joined(separator: ", ")) stopped by \(names.count == 1 ? "itself" : "themselves"), with the last good "
      + "checkpoint kept; all others are trained: `\(Shell.line(["consort", "status", Shell.operand(directory)]))` says why"
  }
}
