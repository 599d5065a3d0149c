import CommandLine
import Datasets
import Runs

let demoCommand = WorkerCommands.demo.running { arguments in
  let experiment = Experiment.demo
  let options = try TrainingOptions(arguments, for: experiment)
  print(
    "Training \(experiment.allMembers.count) small networks on synthetic images, drawn by code.")
  try train(experiment, on: loadImages(of: experiment, file: "the demo", from: nil), options)
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
