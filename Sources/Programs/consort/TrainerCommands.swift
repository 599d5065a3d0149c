import CommandLine
import Files
import Processes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort demo`: the main job on embedded data.
let demoCommand = Command(
  name: "demo",
  summary: "Train a few small networks on embedded images and report their ensembles.",
  forwardingArguments: { arguments in try runTrainer("demo", arguments.operands) })

/// `consort train`: trains an experiment's members.
let trainCommand = Command(
  name: "train",
  summary: "Train the members of an experiment.",
  forwardingArguments: { arguments in try runTrainer("train", arguments.operands) })

/// `consort search`: searches architectures for the members of an ensemble.
let searchCommand = Command(
  name: "search",
  summary: "Search architectures for the members of an ensemble.",
  forwardingArguments: { arguments in try runTrainer("search", arguments.operands) })

/// What the trainer takes at least: under a limit of 500 MB on addresses libtorch does not load, under one of 600 MB a
/// ResNet-20 does not train.
private let leastTrainerBytes = 448 << 20

/// Goes on as `consort-train`, which links libtorch; this program stays quick without it.
private func runTrainer(_ command: String, _ arguments: [String]) throws {
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
  let reason = Executable.replace(with: trainer, arguments: [command] + arguments)
  throw CommandError.trainerUnusable(path: trainer, reason: reason)
}
