import CommandLine
import Datasets
import Deployment
import Ensembles
import Files
import Inference

extension PreprocessingOverrides {
  static let options = [
    CommandOption(
      "--input-size", "N", help: "Pixels of each side, where the model takes images of any size."),
    CommandOption(
      "--crop-fraction", "F",
      help: "Resize the short side to the input's size / F, then crop the centre: timm's crop_pct."),
    CommandOption(
      "--resize", "N", help: "Resize the short side to N pixels, then crop the centre."),
    CommandOption(
      "--crop-padding", "N",
      help: "Crop a centred square of size / (size + N) of the short side, then resize it; 32 is "
        + "what the official EfficientNet does."),
    CommandOption("--interpolation", "HOW", help: "bilinear or bicubic."),
    CommandOption(
      "--scale", "S",
      help:
        "The model takes pixels on 0...S, and --mean and --std are on that scale, where given; 255 for pixels as "
        + "they are (default: 1)."),
    CommandOption(
      "--mean", "R,G,B", help: "Subtracted from each channel: three numbers on 0...1, or imagenet."),
    CommandOption(
      "--std", "R,G,B",
      help: "Then each channel is divided by it: three numbers on 0...1, or imagenet."),
    CommandOption("--channel-order", "ORDER", help: "rgb or bgr."),
  ]

  init(_ arguments: ParsedArguments) throws {
    self.init()
    inputSize = try arguments.integer("--input-size")
    guard inputSize.map({ (1...8192).contains($0) }) ?? true else {
      throw UsageError("--input-size is from 1 to 8192")
    }
    resizing = try Self.resizing(arguments)
    interpolation = try arguments.choice("--interpolation")
    channelOrder = try arguments.choice("--channel-order")
    scale = try arguments.number("--scale").map { Float($0) }
    guard scale.map({ (1...255).contains($0) }) ?? true else {
      throw UsageError("--scale is from 1 to 255, such as 255 for pixels as they are")
    }
    mean = try Self.channels(
      arguments, "--mean", scale: scale, imageNet: Preprocessing.imageNetMean)
    standardDeviation = try Self.channels(
      arguments, "--std", scale: scale, imageNet: Preprocessing.imageNetStandardDeviation)
  }

  private static func resizing(_ arguments: ParsedArguments) throws -> Resizing? {
    let pixels = try arguments.integer("--resize")
    let padding = try arguments.integer("--crop-padding")
    let fraction = try arguments.number("--crop-fraction")
    guard fraction.map({ (0.01...1).contains($0) }) ?? true else {
      throw UsageError("--crop-fraction is from 0.01 to 1")
    }
    let ways: [Resizing] = [
      pixels.map { .fixed(.shortSide($0)) }, padding.map { .fixed(.centreCrop(padding: $0)) },
      fraction.map { .cropFraction($0) },
    ].compactMap { $0 }
    guard ways.count < 2 else {
      throw UsageError("--resize, --crop-padding and --crop-fraction exclude one another")
    }
    return ways.first
  }

  private static func channels(
    _ arguments: ParsedArguments, _ name: String, scale: Float?, imageNet: [Float]
  ) throws -> [Float]? {
    let scale = scale ?? 1
    guard let text = arguments.string(name) else { return nil }
    if text == "imagenet" { return imageNet }
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
    let known = numbers.compactMap { $0 }.filter { (0...scale).contains($0) }
    guard known.count == 3, numbers.count == 3 else {
      throw UsageError(
        "\(name) needs three numbers from 0 to \(Int(scale)), such as 0.491,0.482,0.447, or imagenet, not '\(text)'"
          + (scale == 1 ? "; for those on 0...255 give --scale 255 too" : ""))
    }
    return known.map { $0 * 255 / scale }
  }
}

/// What the user says about the outputs of ONNX files.
extension ImageModel.OutputChoice {
  static let options = [
    CommandOption(
      "--output", "NAME", help: "The output with the classes, of ONNX files that have several."),
    CommandOption(
      "--output-kind", "KIND",
      help:
        "What that output is: logits, probabilities, percentages or logProbabilities (default: what the graph ends "
        + "in, else logits)."),
  ]

  init(_ arguments: ParsedArguments) throws(UsageError) {
    self.init(
      name: arguments.string("--output"), kind: try arguments.choice("--output-kind"))
  }
}

extension ModelSelection {
  /// What `init` takes beside what is said about the input.
  static let options =
    [
      CommandOption("--onnx", help: "The operands are ONNX files, whatever they are called."),
      CommandOption("--members", "NAME,...", help: "Only these members, in this order."),
    ] + ImageModel.OutputChoice.options

  /// Reads what the operands name.
  ///
  /// - Parameters:
  ///   - operands: Those that are models; all where nil.
  ///   - decided: Which of their members, in order; all, or those that `--members` names, where nil.
  init(
    _ arguments: ParsedArguments, operands: [String]? = nil,
    preprocessing: PreprocessingOverrides, decided: DecidedCandidate? = nil
  ) throws {
    let paths = operands ?? arguments.operands
    guard !paths.isEmpty else {
      throw UsageError("MODEL is missing: ONNX files, directories of ensembles or runs")
    }
    do {
      try self.init(
        paths, areFiles: arguments.isSet("--onnx"),
        names: arguments.string("--members").map { $0.split(separator: ",").map(String.init) },
        preprocessing: preprocessing, output: ImageModel.OutputChoice(arguments),
        decided: decided)
    } catch let error as DeploymentError where error.isMisuse {
      throw UsageError("\(error)")
    }
  }
}

extension ParsedArguments {
  /// The option's value as one of a few words; nil where it was not given.
  ///
  /// - Throws: `UsageError` where it is none of them.
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ name: String
  ) throws(UsageError) -> Choice? {
    guard let text = string(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw UsageError(
        "\(name) is " + Spelling.oneOf(Choice.allCases.map(\.rawValue), not: text))
    }
    return choice
  }
}

extension CombinationRule {
  /// The option that names one.
  static let option = CommandOption(
    "--rule", "RULE",
    help: "How members are combined: geometric-mean, arithmetic-mean, logit-mean or "
      + "majority-vote (default: geometric-mean).")

  /// What `--rule` names; nil where it is not given.
  init?(_ arguments: ParsedArguments) throws(UsageError) {
    guard let name = arguments.string("--rule") else { return nil }
    guard let known = Self.names.first(where: { $0.name == name }) else {
      throw UsageError("--rule is " + Spelling.oneOf(Self.names.map(\.name), not: name))
    }
    self = known.rule
  }
}

extension ClassMatching.Order {
  /// The option that says how classes are matched, of all commands that match them.
  static let option = CommandOption(
    "--class-order", "HOW",
    help:
      "How the images' classes are the model's: names (default where they fit), folders (in the order of the "
      + "folders, numbers by number), text (in the order of the folders as text, as torchvision), numbers (a "
      + "folder's name is the output's number, from 0) or numbers-from-1.")

  /// What the option says; nil where it is not given.
  ///
  /// - Throws: `UsageError` where it says none of these.
  init?(_ arguments: ParsedArguments) throws(UsageError) {
    guard let order: ClassMatching.Order = try arguments.choice(Self.option.name) else {
      return nil
    }
    self = order
  }
}
