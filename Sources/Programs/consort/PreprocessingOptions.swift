import CommandLine
import Datasets
import Deployment
import Files
import Inference

/// What the user says about how images become a model's input; the rest is what its file or its publishers say.
struct PreprocessingOptions {
  /// Pixels of each side, for models that take images of any size.
  let size: Int?
  private let resizing: Resizing?
  private let interpolation: Preprocessing.Interpolation?
  private let mean, standardDeviation: [Float]?
  /// The scale of the pixels that mean and standard deviation are on, where the user says it.
  private let scale: Float?
  private let channelOrder: Preprocessing.ChannelOrder?

  private enum Resizing {
    case fixed(Preprocessing.Resizing)
    /// The short side becomes the input's size over this.
    case cropFraction(Double)
  }

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

  /// What the user says, as words of a command line.
  let words: [String]

  init(_ arguments: ParsedArguments) throws {
    words = arguments.words(of: Self.options)
    size = try arguments.integer("--input-size")
    guard size.map({ (1...8192).contains($0) }) ?? true else {
      throw UsageError("--input-size is from 1 to 8192")
    }
    resizing = try Self.resizing(arguments)
    interpolation = try arguments.choice("--interpolation")
    channelOrder = try arguments.choice("--channel-order")
    let scale = try arguments.number("--scale").map { Float($0) }
    guard scale.map({ (1...255).contains($0) }) ?? true else {
      throw UsageError("--scale is from 1 to 255, such as 255 for pixels as they are")
    }
    self.scale = scale
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

  /// The model as a member that is fed so.
  ///
  /// - Throws: `InferenceError`, or `DatasetError.invalidPreprocessing`.
  func member(_ model: ImageModel) throws -> EnsembleMember {
    let bytes = Preprocessing(
      height: model.input.height, width: model.input.width, resizing: .none, mean: [0, 0, 0],
      standardDeviation: [1, 1, 1], layout: model.input.layout)
    let preprocessing = described(
      over: model.preprocessing ?? (model.input.takesBytes ? bytes : nil),
      height: model.input.height, width: model.input.width,
      layout: model.input.layout)
    try preprocessing?.validate()
    return try EnsembleMember(model, preprocessing: preprocessing)
  }

  /// What is known, with what the user says in its place; nil where the two do not say enough.
  func described(
    over known: Preprocessing?, height: Int, width: Int, layout: Preprocessing.Layout
  ) -> Preprocessing? {
    let given = scale.map { [Float](repeating: 255 / $0, count: 3) }
    guard let mean = mean ?? given.map({ _ in [0, 0, 0] }) ?? known?.mean,
      let standardDeviation = standardDeviation ?? given ?? known?.standardDeviation
    else { return nil }
    return Preprocessing(
      height: height, width: width,
      resizing: resizing(toInput: min(height, width)) ?? known?.resizing ?? .none,
      interpolation: interpolation ?? known?.interpolation ?? .bicubic, mean: mean,
      standardDeviation: standardDeviation, layout: layout,
      channelOrder: channelOrder ?? known?.channelOrder ?? .rgb)
  }

  private func resizing(toInput size: Int) -> Preprocessing.Resizing? {
    switch resizing {
    case .fixed(let resizing): resizing
    case .cropFraction(let fraction): .shortSide(Int((Double(size) / fraction).rounded(.down)))
    case nil: nil
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
