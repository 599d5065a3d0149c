import CommandLine
import Deployment
import Files
import Formatting
import Networks
import Runs

/// `consort import`: public weights as a member.
let importCommand = Command(
  name: "import",
  summary: "Take public weights in as a member.",
  operands: [
    Operand("WEIGHTS", help: "A safetensors file with timm's or torchvision's names.")
  ],
  options: [
    CommandOption(
      "--network", "NAME",
      help:
        "What they are for: efficientnet-b0 for timm's tf_efficientnet_b0, efficientnet-b0-symmetric for timm's "
        + "efficientnet_b0 and torchvision's, resnet-18, wide-resnet-16-4, ..."),
    CommandOption("--out", "DIR", help: "The member's directory (default: members/NETWORK)."),
    CommandOption("--classes", "N", help: "Number of classes (default: what the file has)."),
    CommandOption(
      "--labels", "FILE", help: "The classes' names, one a line, in the logits' order."),
  ] + PreprocessingOverrides.options,
  discussion: """
    Writes network.json, weights.safetensors and member.json, which says how images become the input. Nothing is written
    where a tensor is missing, unexpected or of another shape. What is not said of how images become
    the input is as the weights' publishers have it. Files of PyTorch's own, .pth, are not read: the error
    says how to convert one.
    """,
  examples: [
    "consort import tf_efficientnet_b0.safetensors --network efficientnet-b0",
    "consort import resnet18.safetensors --network resnet-18 --labels imagenet-classes.txt",
  ],
  run: { arguments in
    guard let name = arguments.string("--network") else {
      throw UsageError("--network NAME is missing, such as --network efficientnet-b0")
    }
    let overrides = try PreprocessingOverrides(arguments)
    let weights = try WeightsImport(
      path: arguments.operand(0) ?? "", networkName: name, inputSize: overrides.inputSize,
      classes: try arguments.integer("--classes"))
    Terminal.writeNotes(Note.lines(weights.notes))
    var description = try weights.description(overrides, classNames: nil)
    let published = weights.publishedPreprocessing
    if description.preprocessing == published {
      Terminal.writeNotes([
        "images are taken to be prepared as the weights' publishers do: \(published.summary); options say otherwise"
      ])
    }
    if let labels = try arguments.string("--labels").map(weights.classList) {
      Terminal.writeNotes(Note.lines(labels.notes))
      description.classNames = labels.names
    }
    let directory = MemberDirectory(
      path: try arguments.outputDirectory("--out", default: "members/\(name)"))
    try weights.write(description, to: directory)
    let cost = weights.network.totals
    print(
      "\(Terminal.printable(directory.path)): \(name) with \(weights.naming.rawValue)'s names, "
        + "\(cost.parameters.grouped) parameters, \(weights.network.classes) classes")
  })
