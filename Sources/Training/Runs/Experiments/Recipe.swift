import Datasets
import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a member is trained: steps along the gradients of augmented batches.
public struct Recipe: Encodable, Hashable, Sendable {
  /// The named recipe that it started from.
  public var preset: Preset
  /// Passes over the training images.
  public var epochs: Int
  /// Images a step; the last, smaller batch of an epoch is used too.
  public var batchSize: Int
  /// The learning rate at each step.
  public var learningRate: LearningRate
  /// What moves the parameters.
  public var optimizer: OptimizerChoice
  /// Of either optimizer; Nesterov's, dampening 0, in stochastic gradient descent.
  public var momentum: Double
  /// L2, as PyTorch has it: so much of a parameter is added to its gradient.
  public var weightDecay: Double
  /// Whether weight decay takes in the scales and shifts of normalisations.
  public var decaysNormalization: Bool
  /// Over how many parts of a batch, one after another, gradients are accumulated: for less memory. Normalisations see a part
  /// each.
  public var gradientAccumulationSteps: Int
  /// In `0..<1`.
  public var labelSmoothing: Double
  /// Pixels of reflection around the image before it is cropped back at a random place.
  public var cropPadding: Int
  /// Crops of random size and shape, resized: images are then decoded as they are needed, not all beforehand. nil for
  /// crops out of reflected pixels.
  public var randomResizedCrop: RandomResizedCrop?
  /// Whether half of the images are mirrored.
  public var flips: Bool
  /// The decay a step of the exponential moving average of weights and statistics, which is then what is evaluated and
  /// kept; nil for the weights themselves.
  public var emaDecay: Double?
  /// The numbers of maps and of weights where they meet.
  public var precision: Precision

  /// What moves the parameters.
  public enum OptimizerChoice: Hashable, Sendable {
    /// Stochastic gradient descent with Nesterov momentum.
    case sgd
    /// RMSProp in TensorFlow's form: `decay` of the mean square stays at each step; epsilon is inside the root.
    case rmsProp(decay: Double, epsilon: Double)
  }

  /// The numbers that convolutions and linear layers compute with. Weights, their gradients, statistics and the loss are
  /// float32 in either case.
  public enum Precision: String, Codable, Sendable, CaseIterable {
    /// 32 bits.
    case float32
    /// 16 bits with float32's range: for GPUs that have it in hardware.
    case bfloat16
  }

  /// The named recipes.
  public enum Preset: String, Codable, Sendable, CaseIterable {
    /// Wide ResNet's own.
    case paper
    /// For a machine without a GPU.
    case fast
    /// EfficientNet's own on ImageNet, without AutoAugment, as the paper has it.
    case efficientNetOfficial = "efficientnet-official"
  }

  /// The recipe of that name.
  public init(_ preset: Preset) {
    self.preset = preset
    (momentum, weightDecay, labelSmoothing, cropPadding, flips) = (0.9, 5e-4, 0, 4, true)
    (optimizer, decaysNormalization, gradientAccumulationSteps) = (.sgd, true, 1)
    precision = .float32
    switch preset {
    case .paper:
      // Source: arXiv:1605.07146 and its published code.
      (epochs, batchSize) = (200, 128)
      learningRate = .steps(initial: 0.1, factor: 0.2, epochs: [60, 120, 160])
    case .fast:
      // Chosen on hold-out images: docs/recipes.md.
      (epochs, batchSize) = (10, 64)
      learningRate = .oneCycle(peak: 0.1, warmUp: 0.25)
    case .efficientNetOfficial:
      // Source: arXiv:1905.11946 and its official code.
      (epochs, batchSize) = (350, 256)
      learningRate = Self.efficientNetLearningRate(batchSize: batchSize)
      optimizer = .rmsProp(decay: 0.9, epsilon: 1e-3)
      (weightDecay, decaysNormalization, labelSmoothing) = (1e-5, false, 0.1)
      (cropPadding, randomResizedCrop) = (0, RandomResizedCrop())
      emaDecay = 0.9999
    }
  }

  /// In proportion to the batch.
  private static func efficientNetLearningRate(batchSize: Int) -> LearningRate {
    .exponential(
      initial: 0.016 * Double(batchSize) / 256, factor: 0.97, epochs: 2.4, warmUpEpochs: 5)
  }
}

extension Recipe {
  /// The keys that have another name in files of earlier versions, and in members' identities, by that name.
  static let renamedKeys = [
    "averageDecay": "emaDecay", "piecesPerBatch": "gradientAccumulationSteps",
  ]

  /// A note for each key of an experiment or a plan that stands there under an earlier name.
  ///
  /// - Throws: `ExperimentError` where the file is none in JSON.
  package static func notes(ofFile path: String) throws -> [Note] {
    var keys: Set<String> = []
    let contents = try ObjectReader.contents(of: path)
    collect(&keys, in: try JSONDecoder().decode(JSONValue.self, from: contents), isRecipe: false)
    return keys.sorted().compactMap { earlier in
      renamedKeys[earlier].map {
        Note(source: path, text: "recipe.\(earlier) is now called recipe.\($0)")
      }
    }
  }

  private static func collect(_ keys: inout Set<String>, in value: JSONValue, isRecipe: Bool) {
    switch value {
    case .object(let values):
      if isRecipe { keys.formUnion(values.keys.filter { renamedKeys[$0] != nil }) }
      for (key, value) in values { collect(&keys, in: value, isRecipe: key == "recipe") }
    case .array(let values):
      for value in values { collect(&keys, in: value, isRecipe: false) }
    default: break
    }
  }
}

/// The learning rate over a training.
public enum LearningRate: Hashable, Sendable {
  /// `initial`, multiplied by `factor` at the start of each of `epochs`, counted from 1.
  case steps(initial: Double, factor: Double, epochs: [Int])
  /// Linear from 0 to `initial` over `warmUpEpochs`, then `initial` times `factor` for every `epochs` since the start of
  /// the training, in whole steps. Source: the official code of EfficientNet.
  case exponential(initial: Double, factor: Double, epochs: Double, warmUpEpochs: Double)
  /// Linear from 0 to `peak` over the share `warmUp` of all steps, then linear back to 0.
  case oneCycle(peak: Double, warmUp: Double)

  /// Whether what a step's rate is depends on how many epochs there are.
  public var dependsOnEpochs: Bool {
    switch self {
    case .oneCycle: true
    case .steps, .exponential: false
    }
  }

  /// The learning rate of one step.
  ///
  /// - Parameters:
  ///   - step: Counted from 0 over the whole training.
  ///   - stepsPerEpoch: Steps of one epoch.
  ///   - epochs: Epochs of the whole training.
  public func value(at step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    switch self {
    case .steps(let initial, let factor, let milestones):
      let epoch = step / stepsPerEpoch + 1
      return milestones.filter { $0 <= epoch }.reduce(initial) { rate, _ in rate * factor }
    case .exponential(let initial, let factor, let period, let warmUpEpochs):
      let warmUpSteps = warmUpEpochs * Double(stepsPerEpoch)
      if Double(step) < warmUpSteps { return initial * Double(step) / warmUpSteps }
      return initial * pow(factor, (Double(step) / (period * Double(stepsPerEpoch))).rounded(.down))
    case .oneCycle(let peak, let warmUp):
      let total = Double(stepsPerEpoch * epochs)
      // The step that has the peak, counted from 1.
      let highest = max(1, (warmUp * total).rounded(.down))
      let position = Double(step + 1)
      return position <= highest
        ? peak * position / highest : peak * (total + 1 - position) / (total + 1 - highest)
    }
  }
}

extension LearningRate: Encodable {
  private enum Kind: String, Encodable {
    case steps, exponential, oneCycle
  }

  private enum CodingKeys: CodingKey {
    case kind, initial, factor, epochs, warmUpEpochs, peak, warmUp
  }

  /// Encodes the kind and its numbers side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .steps(let initial, let factor, let epochs):
      try container.encode(Kind.steps, forKey: .kind)
      try container.encode(initial, forKey: .initial)
      try container.encode(factor, forKey: .factor)
      try container.encode(epochs, forKey: .epochs)
    case .exponential(let initial, let factor, let epochs, let warmUpEpochs):
      try container.encode(Kind.exponential, forKey: .kind)
      try container.encode(initial, forKey: .initial)
      try container.encode(factor, forKey: .factor)
      try container.encode(epochs, forKey: .epochs)
      try container.encode(warmUpEpochs, forKey: .warmUpEpochs)
    case .oneCycle(let peak, let warmUp):
      try container.encode(Kind.oneCycle, forKey: .kind)
      try container.encode(peak, forKey: .peak)
      try container.encode(warmUp, forKey: .warmUp)
    }
  }
}

extension Recipe {
  /// Reads a recipe: a preset, `fast` where none is named, and what differs from it.
  package init(_ reader: inout ObjectReader) throws(ExperimentError) {
    for (earlier, key) in Self.renamedKeys { try reader.rename(earlier, to: key) }
    let name = try reader.optionalString("preset") ?? Preset.fast.rawValue
    guard let preset = Preset(rawValue: name) else {
      let names = Preset.allCases.map(\.rawValue)
      throw reader.invalid("preset", "must be " + Spelling.oneOf(names, not: name))
    }
    self.init(preset)
    epochs = try reader.optionalInteger("epochs", in: 1...100_000) ?? epochs
    batchSize = try reader.optionalInteger("batchSize", in: 1...65_536) ?? batchSize
    if var chosen = try reader.optionalObject("optimizer") {
      optimizer = try OptimizerChoice(&chosen)
      try chosen.finish()
    }
    decaysNormalization =
      try reader.optionalBoolean("decaysNormalization") ?? decaysNormalization
    gradientAccumulationSteps =
      try reader.optionalInteger("gradientAccumulationSteps", in: 1...1024)
      ?? gradientAccumulationSteps
    momentum = try reader.optionalNumber("momentum", in: 0...0.9999) ?? momentum
    weightDecay = try reader.optionalNumber("weightDecay", in: 0...1) ?? weightDecay
    labelSmoothing = try reader.optionalNumber("labelSmoothing", in: 0...0.999) ?? labelSmoothing
    try readCrops(&reader)
    flips = try reader.optionalBoolean("flips") ?? flips
    emaDecay = try reader.optionalNumber("emaDecay", in: 0...0.999999) ?? emaDecay
    if let name = try reader.optionalString("precision") {
      guard let known = Precision(rawValue: name) else {
        let names = Precision.allCases.map(\.rawValue).joined(separator: " or ")
        throw reader.invalid("precision", "is '\(name)', but must be \(names)")
      }
      precision = known
    }
    if var rate = try reader.optionalObject("learningRate") {
      learningRate = try LearningRate(&rate)
      try rate.finish()
    } else if preset == .efficientNetOfficial {
      learningRate = Self.efficientNetLearningRate(batchSize: batchSize)
    }
  }
}

extension Recipe {
  /// What is said of one kind of crops takes the place of the preset's other kind.
  fileprivate mutating func readCrops(_ reader: inout ObjectReader) throws(ExperimentError) {
    let padding = try reader.optionalInteger("cropPadding", in: 0...64)
    var crop: RandomResizedCrop?
    if var object = try reader.optionalObject("randomResizedCrop") {
      crop = try RandomResizedCrop(&object)
      try object.finish()
    }
    if crop != nil, let padding, padding > 0 {
      throw reader.invalid("cropPadding", "does not go with random resized crops: leave it out")
    }
    if crop != nil || padding != nil {
      (randomResizedCrop, cropPadding) = (crop, padding ?? 0)
    }
  }
}

extension RandomResizedCrop {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let standard = RandomResizedCrop()
    self.init(
      area: try reader.optionalRange("area", in: 1e-3...1) ?? standard.area,
      aspectRatio: try reader.optionalRange("aspectRatio", in: 0.1...10) ?? standard.aspectRatio)
    if let name = try reader.optionalString("interpolation") {
      guard let known = Preprocessing.Interpolation(rawValue: name) else {
        throw reader.invalid("interpolation", "is '\(name)', but must be bilinear or bicubic")
      }
      interpolation = known
    }
  }
}

extension Recipe.OptimizerChoice: Encodable {
  private enum Kind: String, Encodable {
    case sgd
    case rmsProp = "rmsprop"
  }

  private enum CodingKeys: CodingKey {
    case kind, decay, epsilon
  }

  package init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let kind = try reader.string("kind")
    switch Kind(rawValue: kind) {
    case .sgd?: self = .sgd
    case .rmsProp?:
      self = .rmsProp(
        decay: try reader.optionalNumber("decay", in: 0...0.999999) ?? 0.9,
        epsilon: try reader.optionalNumber("epsilon", in: 1e-12...1) ?? 1e-3)
    case nil: throw reader.invalid("kind", "is '\(kind)', but must be sgd or rmsprop")
    }
  }

  /// Encodes the kind and its numbers side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .sgd: try container.encode(Kind.sgd, forKey: .kind)
    case .rmsProp(let decay, let epsilon):
      try container.encode(Kind.rmsProp, forKey: .kind)
      try container.encode(decay, forKey: .decay)
      try container.encode(epsilon, forKey: .epsilon)
    }
  }
}

extension LearningRate {
  package init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let kind = try reader.string("kind")
    switch Kind(rawValue: kind) {
    case .steps?:
      self = .steps(
        initial: try reader.number("initial", in: 1e-9...1e3),
        factor: try reader.number("factor", in: 1e-9...1),
        epochs: try reader.optionalIntegers("epochs", in: 1...100_000) ?? [])
    case .exponential?:
      self = .exponential(
        initial: try reader.number("initial", in: 1e-9...1e3),
        factor: try reader.number("factor", in: 1e-9...1),
        epochs: try reader.number("epochs", in: 1e-3...1e5),
        warmUpEpochs: try reader.optionalNumber("warmUpEpochs", in: 0...1e5) ?? 0)
    case .oneCycle?:
      self = .oneCycle(
        peak: try reader.number("peak", in: 1e-9...1e3),
        warmUp: try reader.number("warmUp", in: 0...1))
    case nil:
      throw reader.invalid("kind", "is '\(kind)', but must be steps, exponential or oneCycle")
    }
  }
}
