import CLI
import Datasets
import Experiments
import Files
import Networks

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
    CommandOption("--out", "DIR", help: "The member's directory; members/NETWORK unless given."),
    CommandOption(
      "--input-size", "N",
      help: "Pixels of each side of the image; what the network was made for unless given."),
    CommandOption("--classes", "N", help: "Number of classes; what the file has unless given."),
    CommandOption(
      "--labels", "FILE", help: "The classes' names, one a line, in the logits' order."),
    CommandOption(
      "--resize", "N",
      help:
        "Bring the short side to N pixels, then crop the centre; as the weights' publishers do unless given."
    ),
    CommandOption(
      "--interpolation", "NAME",
      help: "bicubic or bilinear; as the weights' publishers unless given."),
    CommandOption(
      "--mean", "R,G,B", help: "Taken from the channels, on 0...1; ImageNet's unless given."),
    CommandOption(
      "--std", "R,G,B", help: "What channels are divided by, on 0...1; ImageNet's unless given."),
  ],
  discussion: """
    Writes network.json, weights.safetensors and member.json, which says how images become the input. Nothing is written
    where a tensor is missing, unexpected or of another shape. Files of PyTorch's own, .pth, are not read: the error
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
    let weights = try WeightsImport(
      path: path, networkName: name, inputSize: try arguments.integer("--input-size"),
      classes: try arguments.integer("--classes"))
    let description = try description(of: weights, arguments)
    let directory = MemberDirectory(path: arguments.string("--out") ?? "members/\(name)")
    guard !Directory.exists(directory.weightsPath) else {
      throw CommandError.memberExists(path: directory.path)
    }
    try Directory.create(directory.path)
    try DurableFile.write(weights.network.readableJSON(), to: directory.networkPath)
    try DurableFile.write(description.readableJSON(), to: directory.descriptionPath)
    // Last, because they stand for the whole member.
    try weights.write(to: directory.weightsPath)
    let cost = try weights.network.cost()
    print(
      "\(Terminal.printable(directory.path)): \(name) with \(weights.naming.rawValue)'s names, "
        + "\(cost.parameters.grouped) parameters, \(try weights.network.classes()) classes")
  })

/// How images become the network's input, and what the classes are called.
private func description(
  of weights: WeightsImport, _ arguments: ParsedArguments
) throws -> MemberDescription {
  var preprocessing = Preprocessing(published: weights)
  if let pixels = try arguments.integer("--resize") { preprocessing.resizing = .shortSide(pixels) }
  if let name = arguments.string("--interpolation") {
    guard let known = Preprocessing.Interpolation(rawValue: name) else {
      throw UsageError("--interpolation is bicubic or bilinear, not '\(name)'")
    }
    preprocessing.interpolation = known
  }
  if let mean = try channels("--mean", arguments) { preprocessing.mean = mean }
  if let deviation = try channels("--std", arguments) {
    preprocessing.standardDeviation = deviation
  }
  try preprocessing.validate()
  let names = try arguments.string("--labels").map { path in
    try labels(path, count: weights.network.classes())
  }
  return MemberDescription(preprocessing: preprocessing, classNames: names)
}

/// Three numbers on 0...1, as numbers on 0...255.
private func channels(_ option: String, _ arguments: ParsedArguments) throws -> [Float]? {
  guard let text = arguments.string(option) else { return nil }
  let numbers = text.split(separator: ",").compactMap { Float($0) }
  guard numbers.count == 3, numbers.allSatisfy({ (0...1).contains($0) }) else {
    throw UsageError("\(option) takes three numbers from 0 to 1, such as 0.485,0.456,0.406")
  }
  return numbers.map { $0 * 255 }
}

private func labels(_ path: String, count: Int) throws -> [String] {
  let text = try MappedFile(path: path).withBytes { String(decoding: $0, as: UTF8.self) }
  let names = text.split(whereSeparator: \.isNewline).map(String.init)
  guard names.count == count else {
    throw CommandError.wrongLabelCount(path: path, found: names.count, wanted: count)
  }
  return names
}

extension Preprocessing {
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
