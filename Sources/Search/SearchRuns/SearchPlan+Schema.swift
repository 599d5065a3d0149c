import ArchitectureSearch
import Files
import Networks
import Runs
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension SearchPlan {
  /// Reads and validates a plan.
  ///
  /// - Throws: `SchemaError` naming the file, the key and the fix, or `ExperimentError.unreadable`.
  public init(path: String) throws {
    try self.init(json: Experiment.contents(of: path), file: path)
  }

  /// Reads and validates a plan in JSON; `file` names it in errors.
  public init(json: Data, file: String) throws(SchemaError) {
    self = Self.blank
    try read(json: json, file: file)
  }

  /// What a plan is before its keys are read, nearly all of which it must have.
  private static let blank = SearchPlan(
    name: "", data: DataSelection(), space: .wideResNet(.cifar), members: 1,
    cost: CostTarget(target: 1, tolerance: nil), settings: [], controller: .random,
    reward: .standard(.absolute), evaluator: .standard(.proxy), cohort: 8,
    budget: SearchBudget(evaluations: 1), finalists: nil, seed: 0)
}

extension SearchPlan: SchemaObject {
  /// All that is searched, and how.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("name", &name, .directoryName, isRequired: true)
    try fields.object("data", &data, isRequired: true)
    try fields.object("space", &space, isRequired: true)
    try fields.field("members", &members, .integer(1...64), isRequired: true)
    try fields.object("cost", &cost, isRequired: true)
    try fields.field("settings", &settings, .options(of: .choice), isRequired: true)
    try fields.object("controller", &controller, isRequired: true)
    try fields.object("reward", &reward, isRequired: true)
    try fields.object("evaluator", &evaluator, isRequired: true)
    try fields.field("cohort", &cohort, .integer(1...10_000))
    try fields.object("budget", &budget, isRequired: true)
    try fields.field("finalists", &finalists, .object(Finalists(recipe: Recipe(.fast))))
    try fields.field("seed", &seed, .integer(0...Int.max))
    if fields.isReading { try checkTogether(fields) }
  }

  private func checkTogether(_ fields: ObjectFields) throws(SchemaError) {
    guard data.holdsOut else {
      throw fields.invalid("data", "has a holdOut of 0, but architectures are judged by it")
    }
    for (key, recipe) in [
      ("evaluator", evaluationExperiment().recipe), ("finalists", finalists?.recipe),
    ]
    where recipe?.epochsPerCycle != nil {
      throw fields.invalid(
        key, "has a learning rate of kind 'cyclicCosine', which is an experiment's: give another")
    }
    for (key, recipe) in [
      ("evaluator", evaluationExperiment().recipe), ("finalists", finalists?.recipe),
    ] where recipe?.distillation != nil {
      throw fields.invalid(
        key, "has a recipe with distillation, which is an experiment's: leave it out")
    }
    guard case .supernetwork(let recipe) = evaluator else { return }
    guard budget.evaluations != nil || budget.seconds != nil else {
      throw fields.invalid(
        "budget",
        "counts training images only, but paths through a supernetwork take none: "
          + "give evaluations or seconds")
    }
    guard recipe.gradientAccumulationSteps == 1 else {
      throw fields.invalid(
        "evaluator", "has a recipe with gradientAccumulationSteps: leave it out")
    }
  }
}

extension SearchPlan.SpaceChoice: KindedObject {
  /// The spaces that have a name.
  private static let presets: [String: Self] = [
    "wide-resnet-32": .wideResNet(.cifar), "mobile-32": .mobile(.cifar),
    "mobile-224": .mobile(.imageNet),
  ]

  /// The families.
  public enum Kind: String, CaseIterable {
    case wideResNet = "wide-resnet"
    case mobile
  }

  /// The family.
  public var kind: Kind {
    switch self {
    case .wideResNet: .wideResNet
    case .mobile: .mobile
    }
  }

  /// The family's space without stages, for images as in CIFAR-10.
  public static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .wideResNet: .wideResNet(WideResNetSpace(groups: []))
    case .mobile:
      .mobile(
        MobileSpace(inputSize: 32, classes: 10, stem: 1, stemStride: 1, head: 1, stages: []))
    }
  }

  /// A preset, or the kind and the space's own numbers side by side.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    if fields.isReading {
      var preset: String?
      try fields.field("preset", &preset, .text)
      if let preset {
        guard let known = Self.presets[preset] else {
          let names = Self.presets.keys.sorted()
          throw fields.invalid("preset", "must be " + Spelling.oneOf(names, not: preset))
        }
        self = known
        return
      }
    }
    try fields.kind(&self)
    switch self {
    case .wideResNet(var space):
      try space.walk(&fields)
      self = .wideResNet(space)
    case .mobile(var space):
      try space.walk(&fields)
      self = .mobile(space)
    }
  }
}

extension WideResNetSpace: SchemaObject {
  /// All that a space is.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("inputSize", &inputSize, .integer(4...4096))
    try fields.field("classes", &classes, .integer(2...1_000_000))
    try fields.field(
      "groups", &groups, .list(of: .object(Group(blocks: [], channels: []))), isRequired: true)
    if fields.isReading, groups.isEmpty {
      throw fields.invalid("groups", "is empty: add a group")
    }
  }
}

extension WideResNetSpace.Group: SchemaObject {
  /// What may be chosen.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("blocks", &blocks, .options(of: .integer(1...1000)), isRequired: true)
    try fields.field("channels", &channels, .options(of: .integer(1...65_536)), isRequired: true)
  }
}

extension MobileSpace: SchemaObject {
  /// All that a space is.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("inputSize", &inputSize, .integer(4...4096), isRequired: true)
    try fields.field("classes", &classes, .integer(2...1_000_000), isRequired: true)
    try fields.field("stem", &stem, .integer(1...65_536), isRequired: true)
    try fields.field("stemStride", &stemStride, .integer(1...8), isRequired: true)
    try fields.field("head", &head, .integer(1...65_536), isRequired: true)
    try fields.field("stages", &stages, .list(of: .object(.blank)), isRequired: true)
    try fields.field("dropout", &dropout, .number(0...0.99))
    try fields.field("stochasticDepth", &dropPathRate, .number(0...0.99))
    try fields.field("conventions", &conventions, .choice)
    if fields.isReading, stages.isEmpty {
      throw fields.invalid("stages", "is empty: add a stage")
    }
  }
}

extension MobileSpace.Stage: SchemaObject {
  fileprivate static let blank = Self(
    stride: 1, kernelSizes: [], expansions: [], squeezeRatios: [], blocks: [], channels: [],
    skips: [])

  /// What may be chosen.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("stride", &stride, .integer(1...8))
    try fields.field(
      "kernelSizes", &kernelSizes, .options(of: .integer(1...31)).refusing(Self.evenKernel),
      isRequired: true)
    try fields.field("expansions", &expansions, .options(of: .integer(1...64)), isRequired: true)
    try fields.field(
      "squeezeRatios", &squeezeRatios, .options(of: .number(0...1)), isRequired: true)
    try fields.field("blocks", &blocks, .options(of: .integer(1...1000)), isRequired: true)
    try fields.field("channels", &channels, .options(of: .integer(1...65_536)), isRequired: true)
    try fields.field("skips", &skips, .options(of: .flag), isRequired: true)
  }

  private static func evenKernel(_ sizes: [Int]) -> String? {
    sizes.allSatisfy { $0 % 2 == 1 }
      ? nil : "has an even number: kernels have a middle, as 3 and 5"
  }
}

extension CostTarget: SchemaObject {
  /// What is counted, and how much of it.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("measure", &measure, .choice, isRequired: true)
    try fields.field("target", &target, .number(1e-6...1e18), isRequired: true)
    try fields.field("tolerance", &tolerance, .number(0...0.999))
  }
}

extension ControllerChoice: KindedObject {
  /// The controllers.
  public enum Kind: String, CaseIterable {
    case random, evolution, reinforce
  }

  /// The controller without its numbers.
  public var kind: Kind {
    switch self {
    case .random: .random
    case .evolution: .evolution
    case .reinforce: .reinforce
    }
  }

  /// The controller with the usual numbers.
  public static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .random: .random
    case .evolution: .evolution(population: 16, sample: 4)
    case .reinforce: .reinforce(PolicyGradient.Settings())
    }
  }

  /// The kind and its numbers side by side.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.kind(&self)
    switch self {
    case .random: break
    case .evolution(var population, var sample):
      try fields.field("population", &population, .integer(1...100_000))
      try fields.field("sample", &sample, .integer(1...100_000))
      self = .evolution(population: population, sample: sample)
    case .reinforce(var settings):
      try fields.field("learningRate", &settings.learningRate, .number(1e-6...10))
      try fields.field("baselineDecay", &settings.baselineDecay, .number(0...0.9999))
      try fields.field("warmUp", &settings.warmUp, .number(0...1))
      self = .reinforce(settings)
    }
  }
}

extension Reward: KindedObject {
  /// The forms.
  public enum Kind: String, CaseIterable {
    case absolute
    case mnasNet = "mnasnet"
  }

  /// The form without its number.
  public var kind: Kind {
    switch self {
    case .absolute: .absolute
    case .mnasNet: .mnasNet
    }
  }

  /// The form with the usual number.
  public static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .absolute: .absolute(weight: -0.1)
    case .mnasNet: .mnasNet(exponent: -0.07)
    }
  }

  /// The kind and its number side by side.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.kind(&self)
    switch self {
    case .absolute(var weight):
      try fields.field("weight", &weight, .number(-100...0))
      self = .absolute(weight: weight)
    case .mnasNet(var exponent):
      try fields.field("exponent", &exponent, .number(-10...0))
      self = .mnasNet(exponent: exponent)
    }
  }
}

extension SearchPlan.EvaluatorChoice: KindedObject {
  /// The evaluators.
  public enum Kind: String, CaseIterable {
    case proxy, supernetwork
  }

  /// The evaluator without its recipe.
  public var kind: Kind {
    switch self {
    case .proxy: .proxy
    case .supernetwork: .supernetwork
    }
  }

  /// The evaluator with the recipe for a machine without a GPU.
  public static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .proxy: .proxy(Recipe(.fast), rungs: [], kept: 0.5)
    case .supernetwork: .supernetwork(Recipe(.fast))
    }
  }

  /// The kind, the recipe and the numbers.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.kind(&self)
    switch self {
    case .proxy(var recipe, var rungs, var kept):
      try fields.object("recipe", &recipe, isRequired: true)
      if fields.isReading { rungs = [recipe.epochs] }
      let rising = FieldType.list(of: .integer(1...recipe.epochs)).refusing(Self.fallingRungs)
      try fields.field("rungs", &rungs, rising)
      try fields.field("kept", &kept, .number(0.01...1))
      self = .proxy(recipe, rungs: rungs, kept: kept)
    case .supernetwork(var recipe):
      try fields.object("recipe", &recipe, isRequired: true)
      self = .supernetwork(recipe)
    }
  }

  private static func fallingRungs(_ rungs: [Int]) -> String? {
    !rungs.isEmpty && zip(rungs, rungs.dropFirst()).allSatisfy { $0 < $1 }
      ? nil : "must rise, as in [1, 2, 4]"
  }
}

extension SearchBudget: SchemaObject {
  /// The bounds, at least one.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    if fields.isReading { (evaluations, seconds, trainingImages) = (nil, nil, nil) }
    try fields.field("evaluations", &evaluations, .integer(1...1_000_000_000))
    try fields.field("seconds", &seconds, .number(1...1e9))
    try fields.field("trainingImages", &trainingImages, .integer(1...1_000_000_000_000_000))
    guard evaluations != nil || seconds != nil || trainingImages != nil else {
      throw fields.invalid(
        "evaluations", "is missing, and so are seconds and trainingImages: give at least one")
    }
  }
}

extension SearchPlan.Finalists: SchemaObject {
  /// The recipe, and how many are trained with it.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.object("recipe", &recipe, isRequired: true)
    try fields.field("seeds", &seeds, .integer(1...1000))
    try fields.field("trainingImages", &trainingImages, .integer(1...1_000_000_000))
    let design = FieldType.object(HandDesigned(network: "", count: 1))
    try fields.field("handDesigned", &handDesigned, .list(of: design))
  }
}

extension SearchPlan.Finalists.HandDesigned: SchemaObject {
  /// The network's name, and how many of it.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field(
      "network", &network, .text.refusing(Self.unknownNetwork), isRequired: true)
    try fields.field("count", &count, .integer(1...1000))
  }

  private static func unknownNetwork(_ name: String) -> String? {
    do {
      _ = try Network(named: name)
      return nil
    } catch {
      return "does not work: \(error)"
    }
  }
}
