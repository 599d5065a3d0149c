import CLI
import Datasets
import Experiments
import Files
import Networks
import Synchronization
import Torch
import Training

let trainCommand = Command(
  name: "train", summary: "Train the members of an experiment.",
  operands: [
    Operand("EXPERIMENT", help: "An experiment file, such as Experiments/cifar10-quick.json.")
  ],
  options: trainingOptions + [
    CommandOption(
      "--data", "DIR",
      help:
        "The images: CIFAR's binary files, train/ and test/ (or val/) with class folders, or tar "
        + "shards train-*.tar and test-*.tar (or val-*.tar).")
  ],
  discussion: """
    Trains every member from its own random start, evaluates it on the hold-out after each epoch and on the test images
    once, at the end. Run the same command again after an interruption: it goes on from the last checkpoint.

    Exit status: 0 when all members asked for are trained, 1 after an error or an interruption, 2 for arguments that make
    no sense, 3 when members stopped because their loss was not finite and all others are trained.
    """,
  examples: ["consort train Experiments/cifar10-quick.json --data ~/cifar10"]
) { arguments in
  let file = arguments.operand(0) ?? ""
  let experiment = try Experiment(path: file)
  let options = try TrainingOptions(arguments, for: experiment)
  let images = try loadImages(of: experiment, file: file, from: arguments.string("--data"))
  do {
    try train(experiment, on: images, options)
  } catch let error as ExperimentError {
    guard case .tooFewImages = error else { throw error }
    throw ExperimentDoesNotFit(file: file, reason: "\(error)")
  } catch let error as TrainingError {
    guard case .networkDoesNotFit = error else { throw error }
    throw ExperimentDoesNotFit(file: file, reason: "\(error)")
  } catch let error as NetworkError {
    throw ExperimentDoesNotFit(file: file, reason: "\(error)")
  }
  let waiting = experiment.allMembers.count {
    !Directory.exists(options.directory.member($0.name).predictionsPath(split: "test"))
  }
  print(
    waiting == 0
      ? "next: consort report \(options.directory.path)"
      : "\(waiting) of \(experiment.allMembers.count) members are still to be trained")
}

/// The options of every command that trains.
let trainingOptions = [
  CommandOption("--out", "DIR", help: "The run directory; runs/NAME unless given."),
  CommandOption(
    "--devices", "NAMES",
    help:
      "cpu, cuda (all GPUs), or some of them, such as cuda:0,cuda:1; as the run began, or all GPUs of the machine "
      + "where CUDA is installed, else cpu, unless given."),
  CommandOption(
    "--members", "NAMES", help: "Only these members, such as wide-resnet-16-1-0,wide-resnet-16-1-1."
  ),
  CommandOption(
    "--jobs", "N", help: "Members side by side; as many as processors allow unless given."),
  CommandOption(
    "--threads", "N",
    help: "Threads inside one operation; as the run began, or all processors, unless given."),
  CommandOption(
    "--decoders", "N",
    help:
      "Threads that decode images for one member, where an experiment has random resized crops; the processors over "
      + "the members side by side unless given."),
  CommandOption(
    "--checkpoint-every", "N",
    help: "Steps, epochs or minutes, such as 500steps, 1epoch or 5min; 1min unless given."),
]

/// What the options of a training ask for, checked before anything is read or written.
struct TrainingOptions {
  let directory: RunDirectory
  let devices: [Device]
  /// Members side by side, and threads inside one operation.
  let jobs, threads: Int
  /// Threads that decode images for one member.
  let decoders: Int
  /// nil for all members.
  let members: Set<String>?
  let checkpointInterval: CheckpointInterval

  init(_ arguments: ParsedArguments, for experiment: Experiment) throws {
    directory = RunDirectory(path: arguments.string("--out") ?? "runs/\(experiment.name)")
    members = try Self.members(arguments.string("--members"), of: experiment)
    let interval = arguments.string("--checkpoint-every")
    guard let interval = interval.map(CheckpointInterval.init) ?? .standard else {
      throw UsageError(
        "--checkpoint-every takes steps, epochs or minutes, such as 500steps, 1epoch or 5min")
    }
    checkpointInterval = interval
    let earlier = RunEnvironment(path: directory.environmentPath)
    // A run goes on with the devices and threads that it began with, because its bits depend on them.
    devices = try Device.named(arguments.string("--devices") ?? earlier?.device)
    let processors = RunEnvironment.availableProcessors()
    let schedule = Schedule(
      members: members?.count ?? experiment.allMembers.count, processors: processors,
      gpus: devices == [.cpu] ? 0 : devices.count,
      jobs: try arguments.integer("--jobs"),
      threads: try arguments.integer("--threads") ?? earlier?.threads)
    (jobs, threads) = (schedule.jobs, schedule.threads)
    decoders = try arguments.integer("--decoders") ?? max(1, processors / max(1, jobs))
    guard (1...1024).contains(jobs) else { throw UsageError("--jobs needs 1 to 1024") }
    guard (1...1024).contains(threads) else { throw UsageError("--threads needs 1 to 1024") }
    guard (1...1024).contains(decoders) else { throw UsageError("--decoders needs 1 to 1024") }
  }

  private static func members(_ text: String?, of experiment: Experiment) throws -> Set<String>? {
    guard let names = text?.split(separator: ",").map(String.init) else { return nil }
    guard !names.isEmpty else { throw UsageError("--members needs at least one name") }
    let known = experiment.allMembers.map(\.name)
    if let stranger = names.first(where: { !known.contains($0) }) {
      throw UsageError(
        "the experiment has no member '\(stranger)'; it has \(known.joined(separator: ", "))")
    }
    return Set(names)
  }
}

/// Trains `experiment` with a display of its progress.
///
/// - Throws: `StoppedEarly` where the user interrupted it.
func train(
  _ experiment: Experiment, on images: RunImages, _ options: TrainingOptions
) throws {
  Interruption.install()
  let run = try TrainingRun(
    of: experiment, on: images, in: options.directory, devices: options.devices,
    threads: options.threads, decoders: options.decoders,
    command: ["consort"] + CommandLine.arguments.dropFirst(),
    versions: ["consort": consortVersion])
  let display = Mutex(TrainingDisplay())
  defer { display.withLock { $0.end() } }
  let outcome = try run.run(
    only: options.members, jobs: options.jobs, checkpointInterval: options.checkpointInterval,
    observe: { event in display.withLock { $0.show(event) } })
  switch outcome {
  case .complete: break
  case .interrupted: throw StoppedEarly(directory: options.directory.path)
  case .membersFailed(let names):
    throw MembersFailed(names: names, directory: options.directory.path)
  }
}

/// The images that an experiment asks for; `file` names it in errors.
func loadImages(
  of experiment: Experiment, file: String, from path: String?
) throws -> RunImages {
  if let procedural = experiment.data.procedural {
    guard path == nil else {
      throw UsageError("'\(file)' draws its own images: leave --data out")
    }
    guard experiment.recipe.randomResizedCrop == nil else {
      throw UsageError(
        "'\(file)' draws its own images: leave recipe.randomResizedCrop out, or the recipe that has it"
      )
    }
    return .resident(procedural.dataset())
  }
  guard let path else {
    throw UsageError(
      "'\(file)' needs images: --data DIR (`consort data download cifar10` fetches some)")
  }
  let progress = { (message: String) in Terminal.writeError(message) }
  // Crops of random size are taken from the files themselves.
  guard experiment.recipe.randomResizedCrop == nil else {
    return .streamed(try EncodedDataset.load(directory: path, progress: progress))
  }
  return .resident(
    try ImageDataset.load(
      directory: path, imageSize: experiment.data.imageSize, progress: progress))
}

/// An experiment file and images that do not go together.
struct ExperimentDoesNotFit: Error, CustomStringConvertible {
  let file: String
  let reason: String
  var description: String { "'\(file)' does not fit the images: \(reason)" }
}

/// The end of a run that the user stopped.
struct StoppedEarly: Error, CustomStringConvertible {
  let directory: String
  var description: String {
    "stopped; everything so far is saved in '\(directory)'; to go on: \(Shell.commandLine())"
  }
}

/// The end of a run some of whose members stopped by themselves.
struct MembersFailed: ExitStatusError, CustomStringConvertible {
  let names: [String]
  let directory: String
  /// Tells a script that what could be trained is.
  var exitStatus: Int32 { 3 }
  var description: String {
    "\(names.joined(separator: ", ")) stopped by \(names.count == 1 ? "itself" : "themselves"), with the last good "
      + "checkpoint kept; all others are trained: `consort status \(directory)` tells why"
  }
}

extension Device {
  /// The devices of "cpu", "cuda" or "cuda:0,cuda:1", loading CUDA where it is asked for; nil stands for all GPUs that
  /// there are, or else the CPU.
  fileprivate static func named(_ names: String?) throws -> [Device] {
    guard let names else {
      // Only where there is a driver: loading CUDA's libraries takes seconds.
      guard Directory.exists("/dev/nvidiactl"), let count = try? Runtime.loadCUDA(), count > 0
      else { return [.cpu] }
      return (0..<count).map(Device.cuda)
    }
    if names == "cpu" { return [.cpu] }
    let words = names.split(separator: ",", omittingEmptySubsequences: false)
    let indices = words.map { $0.hasPrefix("cuda:") ? Int($0.dropFirst(5)) : nil }
    guard names == "cuda" || indices.allSatisfy({ ($0 ?? -1) >= 0 }),
      names == "cuda" || Set(indices).count == words.count
    else {
      throw UsageError(
        "--devices takes cpu, cuda, or GPUs such as cuda:0,cuda:1, each once, not '\(names)'")
    }
    let count: Int
    do {
      count = try Runtime.loadCUDA()
    } catch {
      throw TrainingError.noDevice(name: names, reason: error.message)
    }
    if names == "cuda" { return (0..<count).map(Device.cuda) }
    let chosen = indices.compactMap { $0 }
    guard chosen.allSatisfy({ $0 < count }) else {
      throw TrainingError.noDevice(name: names, reason: "this machine has \(count) GPU(s)")
    }
    return chosen.map(Device.cuda)
  }
}
