import Datasets
import Files
import Schemas

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
///
/// A new property is optional and nil where it says nothing new, or the members of earlier runs are taken for others
/// (`Experiment.identity`). What it changes in a step stands in `TrainingStep`, and in the search's `SupernetworkTraining`.
public struct Recipe: Hashable, Sendable {
  /// The named recipe that it started from.
  public var preset: Preset
  /// Passes over the training images, at most `mostEpochs`.
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
  /// Whether a batch is cut into a fixed number of shards, whose sums are taken in their order: weights then have the same
  /// bits for any number of processes. nil for no.
  public var reproducible: Bool?
  /// What batch normalisation goes by where a batch is cut into shards; nil for the whole batch.
  public var batchNorm: BatchNormStatistics?

  /// Whom it learns from besides the labels; nil for no one.
  public var distillation: Distillation?

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

  /// Whose statistics batch normalisation goes by.
  public enum BatchNormStatistics: String, Codable, Sendable, CaseIterable {
    /// Those of the whole batch, wherever its images are.
    case synchronized
    /// Those of a shard each.
    case local
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

  /// The most epochs that can be asked for.
  static let mostEpochs = 100_000

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
  /// - Throws: `ExperimentError.unreadable`, or `DecodingError` where the file is not JSON.
  package static func notes(ofFile path: String) throws -> [Note] {
    let contents = try Experiment.contents(of: path)
    let value = try JSONDecoder().decode(JSONValue.self, from: contents)
    return renamedPlaces(in: value, at: []).map { place in
      let (recipe, key) = (place.dropLast().joined(separator: "."), place[place.count - 1])
      return Note(
        source: path,
        text: "\(recipe).\(key) is now called \(recipe).\(renamedKeys[key] ?? key)")
    }
  }

  /// The places of keys with earlier names, in the order of the alphabet.
  private static func renamedPlaces(in value: JSONValue, at path: [String]) -> [[String]] {
    guard case .object(let values) = value else { return [] }
    return values.sorted { $0.key < $1.key }.flatMap { key, value in
      path.last == "recipe" && renamedKeys[key] != nil
        ? [path + [key]] : renamedPlaces(in: value, at: path + [key])
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
  /// So many times from `initial` down to nearly 0 along half a cosine, each time over as many steps. Source: arXiv:1704.00109,
  /// equation 2.
  case cyclicCosine(initial: Double, cycles: Int)

  /// Whether what a step's rate is depends on how many epochs there are.
  public var dependsOnEpochs: Bool {
    switch self {
    case .oneCycle, .cyclicCosine: true
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
    case .cyclicCosine(let initial, let cycles):
      let steps = max(1, stepsPerEpoch * epochs / max(1, cycles))
      return initial / 2 * (cos(.pi * Double(step % steps) / Double(steps)) + 1)
    }
  }
}

extension Recipe {
  /// How many epochs a cycle of the learning rate has; nil where it has no cycles.
  public var epochsPerCycle: Int? {
    guard case .cyclicCosine(_, let cycles) = learningRate else { return nil }
    return max(1, epochs / max(1, cycles))
  }
}

extension Recipe: SchemaObject {
  /// A preset, and what differs from it.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    for (earlier, key) in Self.renamedKeys { try fields.rename(earlier, to: key) }
    try fields.field("preset", &preset, .choice)
    if fields.isReading { self = Recipe(preset) }
    try fields.field("epochs", &epochs, .integer(1...Self.mostEpochs))
    try fields.field("batchSize", &batchSize, .integer(1...65_536))
    try walkLearningRate(&fields)
    try fields.object("optimizer", &optimizer)
    try fields.field("momentum", &momentum, .number(0...0.9999))
    try fields.field("weightDecay", &weightDecay, .number(0...1))
    try fields.field("decaysNormalization", &decaysNormalization, .flag)
    try fields.field(
      "gradientAccumulationSteps", &gradientAccumulationSteps, .integer(1...1024))
    try fields.field("labelSmoothing", &labelSmoothing, .number(0...0.999))
    try walkCrops(&fields)
    try fields.field("flips", &flips, .flag)
    try fields.field("emaDecay", &emaDecay, .number(0...0.999999))
    try fields.field("precision", &precision, .choice)
    try fields.field("reproducible", &reproducible, .flag)
    try fields.field("batchNorm", &batchNorm, .choice)
    try fields.field("distillation", &distillation, .object(Distillation(teacher: "")))
    if fields.isReading, distillation != nil {
      for (key, isGiven) in [
        ("randomResizedCrop", randomResizedCrop != nil), ("reproducible", reproducible == true),
      ] where isGiven {
        throw fields.invalid(
          "distillation",
          "does not go with \(key), which recipe.preset or the file asks for: leave one out")
      }
    }
  }

  /// The preset's own depends on the size of a batch.
  private mutating func walkLearningRate(_ fields: inout ObjectFields) throws(SchemaError) {
    var rate = fields.isReading ? nil : learningRate
    try fields.field("learningRate", &rate, .object(learningRate))
    if fields.isReading, case .cyclicCosine(_, let cycles)? = rate, epochs % cycles != 0 {
      throw fields.invalid(
        "learningRate.cycles",
        "is \(cycles), but must divide recipe.epochs, which is \(epochs): a cycle is a whole number of epochs"
      )
    }
    if let rate {
      learningRate = rate
    } else if preset == .efficientNetOfficial {
      learningRate = Self.efficientNetLearningRate(batchSize: batchSize)
    }
  }

  /// One kind of crops takes the place of the preset's other kind.
  private mutating func walkCrops(_ fields: inout ObjectFields) throws(SchemaError) {
    var padding = fields.isReading ? nil : cropPadding
    var crop = fields.isReading ? nil : randomResizedCrop
    try fields.field("cropPadding", &padding, .integer(0...64))
    try fields.field("randomResizedCrop", &crop, .object(RandomResizedCrop()))
    if fields.isReading, crop != nil, let padding, padding > 0 {
      throw fields.invalid("cropPadding", "does not go with random resized crops: leave it out")
    }
    if crop != nil || padding != nil {
      (randomResizedCrop, cropPadding) = (crop, padding ?? 0)
    }
  }
}

extension RandomResizedCrop: SchemaObject {
  /// All that a crop is.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("area", &area, .bounds(1e-3...1))
    try fields.field("aspectRatio", &aspectRatio, .bounds(0.1...10))
    try fields.field("interpolation", &interpolation, .choice)
  }
}

extension Recipe.OptimizerChoice: KindedObject {
  /// The optimizers.
  public enum Kind: String, CaseIterable {
    case sgd
    case rmsProp = "rmsprop"
  }

  /// The optimizer without its numbers.
  public var kind: Kind {
    switch self {
    case .sgd: .sgd
    case .rmsProp: .rmsProp
    }
  }

  /// The optimizer with the usual numbers.
  public static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .sgd: .sgd
    case .rmsProp: .rmsProp(decay: 0.9, epsilon: 1e-3)
    }
  }

  /// The kind and its numbers side by side.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.kind(&self)
    guard case .rmsProp(var decay, var epsilon) = self else { return }
    try fields.field("decay", &decay, .number(0...0.999999))
    try fields.field("epsilon", &epsilon, .number(1e-12...1))
    self = .rmsProp(decay: decay, epsilon: epsilon)
  }
}

extension LearningRate: KindedObject {
  /// The forms.
  public enum Kind: String, CaseIterable {
    case steps, exponential, oneCycle, cyclicCosine
  }

  /// The form without its numbers.
  public var kind: Kind {
    switch self {
    case .steps: .steps
    case .exponential: .exponential
    case .oneCycle: .oneCycle
    case .cyclicCosine: .cyclicCosine
    }
  }

  /// The form before the numbers that it must have are read.
  public static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .steps: .steps(initial: 0, factor: 1, epochs: [])
    case .exponential: .exponential(initial: 0, factor: 1, epochs: 1, warmUpEpochs: 0)
    case .oneCycle: .oneCycle(peak: 0, warmUp: 0)
    case .cyclicCosine: .cyclicCosine(initial: 0, cycles: 1)
    }
  }

  /// The form and its numbers side by side.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    let (rates, factors) = (FieldType.number(1e-9...1e3), FieldType.number(1e-9...1))
    try fields.kind(&self)
    switch self {
    case .steps(var initial, var factor, var epochs):
      try fields.field("initial", &initial, rates, isRequired: true)
      try fields.field("factor", &factor, factors, isRequired: true)
      try fields.field("epochs", &epochs, .list(of: .integer(1...100_000)))
      self = .steps(initial: initial, factor: factor, epochs: epochs)
    case .exponential(var initial, var factor, var epochs, var warmUpEpochs):
      try fields.field("initial", &initial, rates, isRequired: true)
      try fields.field("factor", &factor, factors, isRequired: true)
      try fields.field("epochs", &epochs, .number(1e-3...1e5), isRequired: true)
      try fields.field("warmUpEpochs", &warmUpEpochs, .number(0...1e5))
      self = .exponential(
        initial: initial, factor: factor, epochs: epochs, warmUpEpochs: warmUpEpochs)
    case .oneCycle(var peak, var warmUp):
      try fields.field("peak", &peak, rates, isRequired: true)
      try fields.field("warmUp", &warmUp, .number(0...1), isRequired: true)
      self = .oneCycle(peak: peak, warmUp: warmUp)
    case .cyclicCosine(var initial, var cycles):
      try fields.field("initial", &initial, rates, isRequired: true)
      try fields.field("cycles", &cycles, .integer(1...10_000), isRequired: true)
      self = .cyclicCosine(initial: initial, cycles: cycles)
    }
  }
}
