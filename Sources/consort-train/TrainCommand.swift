import CLI
import Datasets
import Experiments
import Files
import Torch
import Training

let trainCommand = Command(
  name: "train", summary: "train the members of an experiment",
  operands: [
    Operand("EXPERIMENT", help: "an experiment file, such as Experiments/cifar10-quick.json")
  ],
  options: trainingOptions + [
    CommandOption(
      "--data", "DIR",
      help: "the images: CIFAR's binary files, or train/ and test/ with class folders")
  ],
  discussion: """
    Trains every member from its own random start, evaluates it on the hold-out after each epoch and on the test images
    once, at the end. Run the same command again after an interruption: it goes on from the last checkpoint.
    """,
  examples: ["consort train Experiments/cifar10-quick.json --data ~/cifar10"]
) { arguments in
  let experiment = try Experiment(path: arguments.operand(0) ?? "")
  let directory = RunDirectory(path: arguments.string("--out") ?? "runs/\(experiment.name)")
  let dataset = try loadImages(of: experiment, from: arguments.string("--data"))
  try train(experiment, on: dataset, in: directory, arguments)
  print("next: consort frontier \(directory.path)")
}

/// The options of every command that trains.
let trainingOptions = [
  CommandOption("--out", "DIR", help: "the run directory; runs/NAME where it is left out"),
  CommandOption("--device", "NAME", help: "cpu (default), cuda or cuda:N"),
  CommandOption(
    "--members", "NAMES", help: "only these, such as wide-resnet-16-1-0,wide-resnet-16-1-1"),
  CommandOption(
    "--threads", "N", help: "threads inside one operation; all processors where it is left out"),
]

/// Trains `experiment` with a display of its progress.
///
/// - Throws: `StoppedEarly` where the user interrupted it.
func train(
  _ experiment: Experiment, on dataset: ImageDataset, in directory: RunDirectory,
  _ arguments: ParsedArguments
) throws {
  let threads = try arguments.integer("--threads") ?? RunEnvironment.availableProcessors()
  guard (1...1024).contains(threads) else { throw UsageError("--threads needs 1 to 1024") }
  let device = try Device(named: arguments.string("--device") ?? "cpu")
  Interruption.install()
  let run = try TrainingRun(
    of: experiment, on: dataset, in: directory, device: device, threads: threads)
  try RunEnvironment(
    command: CommandLine.arguments,
    versions: ["consort": consortVersion, "libtorch": Runtime.version],
    device: "\(device)", threads: threads
  ).write(to: directory)
  let display = TrainingDisplay()
  let outcome = try run.run(
    only: chosenMembers(of: experiment, arguments), observe: display.show)
  display.end()
  if outcome == .interrupted { throw StoppedEarly(directory: directory.path) }
}

/// The members that `--members` names; nil for all.
private func chosenMembers(
  of experiment: Experiment, _ arguments: ParsedArguments
) throws -> Set<String>? {
  guard let names = arguments.string("--members")?.split(separator: ",").map(String.init) else {
    return nil
  }
  let known = experiment.allMembers.map(\.name)
  if let stranger = names.first(where: { !known.contains($0) }) {
    throw UsageError(
      "the experiment has no member '\(stranger)'; it has \(known.joined(separator: ", "))")
  }
  return Set(names)
}

/// The images that an experiment asks for.
func loadImages(of experiment: Experiment, from path: String?) throws -> ImageDataset {
  if let procedural = experiment.data.procedural {
    guard path == nil else {
      throw UsageError("this experiment draws its own images: leave --data out")
    }
    return procedural.dataset()
  }
  guard let path else {
    throw UsageError(
      "this experiment needs images: --data DIR (`consort data download cifar10` fetches some)")
  }
  return try ImageDataset.load(directory: path, imageSize: experiment.data.imageSize) { message in
    Terminal.writeError(message)
  }
}

/// The end of a run that the user stopped.
struct StoppedEarly: Error, CustomStringConvertible {
  let directory: String
  var description: String {
    "stopped; everything so far is saved in '\(directory)': run the same command again to go on"
  }
}

extension Device {
  /// "cpu", "cuda" or "cuda:N", loading CUDA where it is asked for.
  fileprivate init(named name: String) throws {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("cpu", 1): self = .cpu
    case ("cuda", 1...2):
      guard let index = parts.count == 2 ? Int(parts[1]) : 0, index >= 0 else {
        throw UsageError("--device takes cpu, cuda or cuda:N, not '\(name)'")
      }
      let count: Int
      do {
        count = try Runtime.loadCUDA()
      } catch {
        throw TrainingError.noDevice(name: name, reason: error.message)
      }
      guard index < count else {
        throw TrainingError.noDevice(name: name, reason: "this machine has \(count) GPU(s)")
      }
      self = .cuda(index)
    default: throw UsageError("--device takes cpu, cuda or cuda:N, not '\(name)'")
    }
  }
}
