import CLI
import Datasets
import Inference

/// What the user says about how images become a model's input; the rest is what the model's file says.
struct PreprocessingOptions {
  /// Pixels of each side, for models that take images of any size.
  let size: Int?
  private let resizing: Preprocessing.Resizing?
  private let interpolation: Preprocessing.Interpolation?
  private let mean, standardDeviation: [Float]?
  private let channelOrder: Preprocessing.ChannelOrder?

  static let options = [
    CommandOption(
      "--input-size", "N", help: "Pixels of each side, where the model takes images of any size."),
    CommandOption(
      "--resize", "N", help: "Resize the short side to N pixels, then crop the centre."),
    CommandOption(
      "--crop-padding", "N",
      help: "Crop a centred square of size / (size + N) of the short side, then resize it; 32 is "
        + "what the official EfficientNet does."),
    CommandOption("--interpolation", "HOW", help: "bilinear or bicubic."),
    CommandOption(
      "--mean", "R,G,B", help: "What is taken from each channel, on 0...255, or imagenet."),
    CommandOption(
      "--std", "R,G,B", help: "What each channel is divided by then, on 0...255, or imagenet."),
    CommandOption("--channel-order", "ORDER", help: "rgb or bgr."),
  ]

  init(_ arguments: ParsedArguments) throws {
    size = try arguments.integer("--input-size")
    guard size.map({ (1...8192).contains($0) }) ?? true else {
      throw UsageError("--input-size is from 1 to 8192")
    }
    switch (try arguments.integer("--resize"), try arguments.integer("--crop-padding")) {
    case (.some, .some): throw UsageError("--resize and --crop-padding exclude each other")
    case (let pixels?, nil): resizing = .shortSide(pixels)
    case (nil, let padding?): resizing = .centreCrop(padding: padding)
    case (nil, nil): resizing = nil
    }
    interpolation = try arguments.choice("--interpolation")
    channelOrder = try arguments.choice("--channel-order")
    mean = try Self.channels(arguments, "--mean", imageNet: Preprocessing.imageNetMean)
    standardDeviation = try Self.channels(
      arguments, "--std", imageNet: Preprocessing.imageNetStandardDeviation)
  }

  private static func channels(
    _ arguments: ParsedArguments, _ name: String, imageNet: [Float]
  ) throws -> [Float]? {
    guard let text = arguments.string(name) else { return nil }
    if text == "imagenet" { return imageNet }
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
    let known = numbers.compactMap { $0 }.filter(\.isFinite)
    guard known.count == 3, numbers.count == 3 else {
      throw UsageError("\(name) needs three numbers such as 125.3,123,113.9, or imagenet, not '\(text)'")
    }
    return known
  }

  /// The model as a member that is fed so.
  ///
  /// - Throws: `InferenceError`, or `DatasetError.invalidPreprocessing`.
  func member(_ model: ImageModel) throws -> EnsembleMember {
    let preprocessing = described(by: model)
    try preprocessing?.validate()
    return try EnsembleMember(model, preprocessing: preprocessing)
  }

  private func described(by model: ImageModel) -> Preprocessing? {
    let known = model.preprocessing
    guard let mean = mean ?? known?.mean,
      let standardDeviation = standardDeviation ?? known?.standardDeviation
    else { return nil }
    return Preprocessing(
      height: model.input.height, width: model.input.width,
      resizing: resizing ?? known?.resizing ?? .none,
      interpolation: interpolation ?? known?.interpolation ?? .bicubic, mean: mean,
      standardDeviation: standardDeviation, layout: model.input.layout,
      channelOrder: channelOrder ?? known?.channelOrder ?? .rgb)
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
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("\(name) is one of \(words), not '\(text)'")
    }
    return choice
  }
}
