import CommandLine
import Datasets
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
  ] + PreprocessingOptions.options,
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
    let path = arguments.operand(0) ?? ""
    guard let name = arguments.string("--network") else {
      throw UsageError("--network NAME is missing, such as --network efficientnet-b0")
    }
    let options = try PreprocessingOptions(arguments)
    let weights = try WeightsImport(
      path: path, networkName: name, inputSize: options.size,
      classes: try arguments.integer("--classes"))
    Terminal.writeNotes(Note.lines(weights.notes))
    let description = try description(
      of: weights, options, labels: arguments.string("--labels"))
    let directory = MemberDirectory(
      path: try arguments.outputDirectory("--out", default: "members/\(name)"))
    guard !Directory.exists(directory.weightsPath) else {
      throw CommandError.memberExists(path: directory.path)
    }
    try Directory.createForResults(directory.path)
    try DurableFile.write(weights.network.readableJSON(), to: directory.networkPath)
    try DurableFile.write(description.readableJSON(), to: directory.descriptionPath)
    // Last, because they stand for the whole member.
    try weights.write(to: directory.weightsPath)
    let cost = weights.network.totals
    print(
      "\(Terminal.printable(directory.path)): \(name) with \(weights.naming.rawValue)'s names, "
        + "\(cost.parameters.grouped) parameters, \(weights.network.classes) classes")
  })

/// How images become the network's input, and what the classes are called.
private func description(
  of weights: WeightsImport, _ options: PreprocessingOptions, labels path: String?
) throws -> MemberInterface {
  let published = Preprocessing(published: weights)
  let preprocessing =
    options.described(
      over: published, height: published.height, width: published.width, layout: .channelsFirst)
    ?? published
  try preprocessing.validate()
  if preprocessing == published {
    Terminal.writeNotes([
      "images are taken to be prepared as the weights' publishers do: \(published.summary); options say otherwise"
    ])
  }
  let names = try path.map { try labels($0, count: weights.network.classes) }
  return MemberInterface(preprocessing: preprocessing, classNames: names)
}

private func labels(_ path: String, count: Int) throws -> [String] {
  let list = try ClassList(path: path)
  Terminal.writeNotes(Note.lines(list.notes))
  let names = list.names
  guard names.count == count else {
    throw CommandError.wrongLabelCount(path: path, found: names.count, wanted: count)
  }
  return names
}

extension Preprocessing {
  /// The numbers, in a line, on the scale of `--mean` and `--std`.
  fileprivate var summary: String {
    func listing(_ numbers: [Float]) -> String {
      numbers.map { "\((Double($0) / 255 * 1000).rounded() / 1000)" }.joined(separator: ",")
    }
    return
      "\(height) x \(width) pixels, \(interpolation.rawValue), mean \(listing(mean)), standard deviation "
      + listing(standardDeviation)
  }

  /// How those who published the weights evaluate them.
  ///
  /// Source: the official EfficientNet code (TensorFlow's padding), and torchvision 0.26's weights' transforms, whose
  /// ResNets are bilinear.
  fileprivate init(published weights: WeightsImport) {
    let (name, size) = (weights.network.name, weights.network.input.height)
    let isSymmetric = name.hasSuffix("-symmetric")
    let resizing: Resizing
    switch name.hasPrefix("efficientnet") {
    case true where !isSymmetric: resizing = .centreCrop(padding: 32)
    case true where weights.naming == .torchvision:
      resizing = .shortSide(max(size, Self.torchvisionShortSides[size] ?? size))
    default: resizing = .shortSide(Int((Double(size) / 0.875).rounded(.down)))
    }
    self.init(
      height: weights.network.input.height, width: weights.network.input.width,
      resizing: resizing, interpolation: name.hasPrefix("resnet") ? .bilinear : .bicubic,
      mean: Self.imageNetMean, standardDeviation: Self.imageNetStandardDeviation)
  }

  /// The short side to which torchvision brings images, by the network's input.
  private static let torchvisionShortSides = [224: 256, 240: 256, 300: 320, 380: 384]
}
