import Checkpoints
import CommandLine
import Deployment
import Downloads
import Files
import Foundation
import Formatting
import Networks
import Runs

/// `consort import`: public weights as a member.
let importCommand = Command(
  name: "import",
  summary: "Take public weights in as a member.",
  operands: [
    Operand(
      "WEIGHTS",
      help:
        "A safetensors file, what torch.save wrote (.pth, .pt, .bin, .ckpt), or the index of several, with the names of timm, "
        + "torchvision or efficientnet-pytorch; or hf:OWNER/NAME of a timm model on the Hugging Face hub."
    )
  ],
  options: [
    CommandOption(
      "--network", "NAME",
      help:
        "What they are for: efficientnet-b0 for timm's tf_efficientnet_b0, efficientnet-b0-symmetric for timm's "
        + "efficientnet_b0 and torchvision's, resnet-18, wide-resnet-16-4, ..."),
    CommandOption(
      "--weights-key", "KEY",
      help:
        "Which weights of a checkpoint that holds several, such as model_ema, or models.teacher; '.' for those beside others."
    ),
    CommandOption(
      "--skip-objects",
      help: "Pass over what a checkpoint holds beside weights, also of types that are not known."),
    CommandOption("--out", "DIR", help: "The member's directory (default: members/NETWORK)."),
    CommandOption("--classes", "N", help: "Number of classes (default: what the file has)."),
    CommandOption(
      "--labels", "FILE", help: "The classes' names, one a line, in the logits' order."),
  ] + PreprocessingOverrides.options,
  discussion: """
    Writes network.json, weights.safetensors and member.json, which says how images become the input. Nothing is written
    where a tensor is missing, unexpected or of another shape. What is not said of how images become
    the input is as the weights' publishers have it.

    Of hf:OWNER/NAME, or hf:OWNER/NAME@REVISION, config.json and the weights are fetched, checked by the hub's hashes and kept. The first
    says the network, how images are prepared, and the classes. HF_ENDPOINT names another hub; HF_TOKEN is sent to it alone.

    The pickles in files of PyTorch's are read and not run: nothing in them is called or made. Names that no weights need are refused.
    """,
  examples: [
    "consort import tf_efficientnet_b0.safetensors --network efficientnet-b0",
    "consort import checkpoint.pth --network resnet-18 --weights-key model_ema",
    "consort import hf:timm/tf_efficientnet_b0.in1k",
    "consort import resnet18.safetensors --network resnet-18 --labels imagenet-classes.txt",
  ],
  run: { try ImportCall($0).run() })

/// One call of `consort import`.
private struct ImportCall {
  private let arguments: ParsedArguments
  private let overrides: PreprocessingOverrides
  /// What the hub says of the model, where it comes from there.
  private let configuration: TimmConfiguration?
  private let path: String
  private let networkName: String
  private let defaultDirectory: String

  init(_ arguments: ParsedArguments) throws {
    self.arguments = arguments
    overrides = try PreprocessingOverrides(arguments)
    let source = arguments.operand(0) ?? ""
    let named = arguments.string("--network")
    guard HubRepository.isMeant(by: source) else {
      guard let named else {
        throw UsageError("--network NAME is missing, such as --network efficientnet-b0")
      }
      (configuration, path, networkName) = (nil, source, named)
      defaultDirectory = "members/\(named)"
      return
    }
    let repository = try HubRepository(source)
    let model = try HubModel(
      repository, from: try Hub(environment: ProcessInfo.processInfo.environment),
      showsProgress: Terminal.isTerminal(STDERR_FILENO))
    let configuration = try TimmConfiguration(path: model.configurationPath)
    self.configuration = configuration
    path = model.weightsPath
    networkName = try named ?? configuration.networkName()
    defaultDirectory = "members/\(repository.name)"
  }

  func run() throws {
    let weights = try WeightsImport(
      path: path,
      WeightsFile.Options(
        key: arguments.string("--weights-key"), skipsObjects: arguments.isSet("--skip-objects")),
      networkName: networkName, inputSize: try overrides.inputSize ?? configuration?.inputSize(),
      classes: try arguments.integer("--classes"))
    Terminal.writeNotes(Note.lines(weights.notes))
    let directory = MemberDirectory(
      path: try arguments.outputDirectory("--out", default: defaultDirectory))
    try weights.write(try description(of: weights), to: directory)
    let cost = weights.network.totals
    print(
      "\(Terminal.printable(directory.path)): \(networkName) with \(weights.naming.rawValue)'s names, "
        + "\(cost.parameters.grouped) parameters, \(weights.network.classes) classes")
  }

  /// How images become the input, and the classes' names, with a word about what the user did not say.
  private func description(of weights: WeightsImport) throws -> MemberInterface {
    let published =
      try configuration?.preprocessing(size: weights.network.input.height)
      ?? weights.publishedPreprocessing
    var description = try weights.description(overrides, over: published, classNames: nil)
    if description.preprocessing == published {
      let origin =
        configuration == nil
        ? "are taken to be prepared as the weights' publishers do"
        : "are prepared as config.json says"
      Terminal.writeNotes(["images \(origin): \(published.summary); options say otherwise"])
    }
    if let labels = try arguments.string("--labels").map(weights.classList) {
      Terminal.writeNotes(Note.lines(labels.notes))
      description.classNames = labels.names
    } else if let names = configuration?.classNames {
      guard names.count == weights.network.classes else {
        throw DeploymentError.wrongLabelCount(
          path: path, found: names.count, wanted: weights.network.classes)
      }
      description.classNames = names
    }
    return description
  }
}
