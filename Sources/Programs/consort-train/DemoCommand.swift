import CommandLine
import Datasets
import Files
import Processes
import Runs

let demoCommand = Command(
  name: "demo",
  summary: "Train a few small networks on embedded images and report their ensembles.",
  options: trainingOptions,
  discussion: """
    Draws ten classes of small synthetic images, trains Wide ResNets of three widths on them, several of each, and
    writes the page that says what to deploy of them, as `consort report` does. Needs no data and no network; takes a few
    minutes on two cores. The images are made by code and say nothing about photographs.
    """,
  examples: ["consort demo"]
) { arguments in
  let experiment = Experiment.demo
  let options = try TrainingOptions(arguments, for: experiment)
  let directory = options.directory
  print(
    "Training \(experiment.allMembers.count) small networks on synthetic images, drawn by code.")
  try train(experiment, on: loadImages(of: experiment, file: "the demo", from: nil), options)
  print("")
  guard let consort = Executable.sibling("consort") else {
    throw UsageError(
      "the place of `consort` is unknown: run `\(Shell.line(["consort", "report", Shell.operand(directory.path)]))`"
    )
  }
  let reason = Executable.replace(
    with: consort, arguments: ["report", Shell.operand(directory.path)])
  throw UsageError("cannot start '\(consort)' (\(reason)): build it with `make build`")
}

extension Experiment {
  /// Three widths of the smallest Wide ResNet on images of 16 x 16 pixels: minutes on two cores.
  fileprivate static var demo: Experiment {
    var recipe = Recipe(.fast)
    recipe.epochs = 15
    // Mirrored and shifted figures: shapes lie anywhere already, so a small shift is enough.
    recipe.cropPadding = 2
    return Experiment(
      name: "demo",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 16, trainCount: 3500, testCount: 5000, seed: 0),
        holdOut: 500),
      members: [
        .init(network: "wide-resnet-10-1", count: 4),
        .init(network: "wide-resnet-10-2", count: 3),
        .init(network: "wide-resnet-10-4", count: 1),
      ],
      recipe: recipe)
  }
}
