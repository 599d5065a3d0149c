import Datasets
import Files
import Networks
import Runs
import Schemas

extension WeightsImport {
  /// How images become the network's input, and what the classes are called.
  ///
  /// - Parameters:
  ///   - overrides: What the user says; the rest is as the weights' publishers have it.
  ///   - published: How the weights' publishers prepare images.
  ///   - classNames: Of each logit, in order; nil where they have no names.
  /// - Throws: `DatasetError.invalidPreprocessing`.
  package func description(
    _ overrides: PreprocessingOverrides, over published: Preprocessing? = nil,
    classNames: [String]?
  ) throws -> MemberInterface {
    let published = published ?? publishedPreprocessing
    let preprocessing =
      overrides.described(
        over: published, height: published.height, width: published.width,
        layout: .channelsFirst)
      ?? published
    try preprocessing.validate()
    return MemberInterface(preprocessing: preprocessing, classNames: classNames)
  }

  /// The names of the network's classes in the file at `path`.
  ///
  /// - Throws: `DeploymentError.wrongLabelCount` where they are more or fewer than the logits, `DatasetError` or
  ///   `FileError` where the file names none.
  package func classList(path: String) throws -> ClassList {
    let (list, classes) = (try ClassList(path: path), network.classes)
    guard list.names.count == classes else {
      throw DeploymentError.wrongLabelCount(
        path: path, found: list.names.count, wanted: classes)
    }
    return list
  }

  /// How those who published the weights prepare images.
  package var publishedPreprocessing: Preprocessing { Preprocessing(published: self) }

  /// Writes the weights and what is known of them as a member.
  ///
  /// - Parameter directory: Where no weights are yet.
  /// - Throws: `DeploymentError.memberExists`, or `FileError` where it cannot be written.
  package func write(_ description: MemberInterface, to directory: MemberDirectory) throws {
    guard !Directory.exists(directory.weightsPath) else {
      throw DeploymentError.memberExists(path: directory.path)
    }
    try Directory.createForResults(directory.path)
    try DurableFile.write(network.readableJSON(), to: directory.networkPath)
    try DurableFile.write(description.readableJSON(), to: directory.descriptionPath)
    // Last, because they stand for the whole member.
    try writeWeights(to: directory.weightsPath)
  }
}

extension Preprocessing {
  /// The numbers, in a line, on the scale of `--mean` and `--std`.
  package var summary: String {
    func listing(_ numbers: [Float]) -> String {
      numbers.map { "\((Double($0) / 255 * 1000).rounded() / 1000)" }.joined(separator: ",")
    }
    return
      "\(height) x \(width) pixels, \(interpolation.rawValue), mean \(listing(mean)), standard deviation "
      + listing(standardDeviation)
  }

  /// How those who published the weights evaluate them.
  ///
  /// Source: the official EfficientNet code (TensorFlow's padding), for efficientnet-lite-pytorch its own evaluation, and
  /// torchvision 0.26's weights' transforms, whose ResNets are bilinear.
  init(published weights: WeightsImport) {
    let (name, size) = (weights.network.name, weights.network.input.height)
    let isSymmetric = name.hasSuffix("-symmetric")
    let isLite = name.hasPrefix("efficientnet-lite") && !isSymmetric
    let resizing: Resizing
    switch name.hasPrefix("efficientnet") {
    case true where isLite && weights.naming != .timm: resizing = .shortSide(size + 32)
    case true where !isSymmetric && !isLite: resizing = .centreCrop(padding: 32)
    case true where weights.naming == .torchvision:
      resizing = .shortSide(max(size, Self.torchvisionShortSides[size] ?? size))
    default: resizing = .shortSide(Int((Double(size) / 0.875).rounded(.down)))
    }
    self.init(
      height: weights.network.input.height, width: weights.network.input.width,
      resizing: resizing, interpolation: name.hasPrefix("resnet") ? .bilinear : .bicubic,
      mean: isLite ? Self.liteMean(weights.naming) : Self.imageNetMean,
      standardDeviation: isLite
        ? Self.liteStandardDeviation(weights.naming) : Self.imageNetStandardDeviation)
  }

  /// timm has the official weights of EfficientNet-Lite with 0.5, the official code and efficientnet-lite-pytorch nearly so.
  private static func liteMean(_ naming: WeightsImport.Naming) -> [Float] {
    [Float](repeating: naming == .timm ? 127.5 : 127, count: 3)
  }

  private static func liteStandardDeviation(_ naming: WeightsImport.Naming) -> [Float] {
    [Float](repeating: naming == .timm ? 127.5 : 128, count: 3)
  }

  /// The short side to which torchvision brings images, by the network's input.
  private static let torchvisionShortSides = [224: 256, 240: 256, 300: 320, 380: 384]
}
