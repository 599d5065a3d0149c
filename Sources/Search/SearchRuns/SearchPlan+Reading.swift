import ArchitectureSearch
import Files
import Networks
import Runs

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension SearchPlan {
  /// Reads and validates a plan.
  ///
  /// - Throws: `ExperimentError` naming the file, the key and the fix.
  public init(path: String) throws {
    try self.init(json: ObjectReader.contents(of: path), file: path)
  }

  /// Reads and validates a plan in JSON; `file` names it in errors.
  public init(json: Data, file: String) throws(ExperimentError) {
    var reader = try ObjectReader(json: json, file: file)
    name = try reader.directoryName("name")
    var data = try reader.object("data")
    self.data = try DataSelection(&data)
    guard self.data.holdsOut else {
      throw reader.invalid("data", "has a holdOut of 0, but architectures are judged by it")
    }
    var space = try reader.object("space")
    self.space = try SpaceChoice(&space)
    members = try reader.integer("members", in: 1...64)
    var cost = try reader.object("cost")
    self.cost = try CostTarget(&cost)
    settings = try reader.options("settings", Self.names(of: SearchSetting.self)) { value in
      if case .string(let name) = value { SearchSetting(rawValue: name) } else { nil }
    }
    var controller = try reader.object("controller")
    self.controller = try ControllerChoice(&controller)
    var reward = try reader.object("reward")
    self.reward = try Reward(&reward)
    var evaluator = try reader.object("evaluator")
    self.evaluator = try EvaluatorChoice(&evaluator)
    cohort = try reader.optionalInteger("cohort", in: 1...10_000) ?? 8
    var budget = try reader.object("budget")
    self.budget = try SearchBudget(&budget)
    if case .supernetwork(let recipe) = self.evaluator {
      guard self.budget.evaluations != nil || self.budget.seconds != nil else {
        throw reader.invalid(
          "budget",
          "counts training images only, but paths through a supernetwork take none: "
            + "give evaluations or seconds")
      }
      guard recipe.gradientAccumulationSteps == 1 else {
        throw reader.invalid(
          "evaluator", "has a recipe with gradientAccumulationSteps: leave it out")
      }
    }
    if var finalists = try reader.optionalObject("finalists") {
      self.finalists = try Finalists(&finalists)
    }
    seed = try reader.optionalInteger("seed", in: 0...Int.max) ?? 0
    try reader.finish()
  }

  private static func names<Choice: CaseIterable & RawRepresentable>(
    of type: Choice.Type
  ) -> String where Choice.RawValue == String {
    Choice.allCases.map(\.rawValue).joined(separator: ", ")
  }
}

extension SearchPlan.SpaceChoice {
  /// The spaces that have a name.
  private static let presets: [String: SearchPlan.SpaceChoice] = [
    "wide-resnet-32": .wideResNet(.cifar), "mobile-32": .mobile(.cifar),
    "mobile-224": .mobile(.imageNet),
  ]

  init(_ reader: inout ObjectReader) throws(ExperimentError) {
    if let name = try reader.optionalString("preset") {
      guard let preset = Self.presets[name] else {
        let names = Self.presets.keys.sorted()
        throw reader.invalid("preset", "must be " + Spelling.oneOf(names, not: name))
      }
      self = preset
      try reader.finish()
      return
    }
    let kind = try reader.string("kind")
    switch Kind(rawValue: kind) {
    case .wideResNet?: self = .wideResNet(try WideResNetSpace(&reader))
    case .mobile?: self = .mobile(try MobileSpace(&reader))
    case nil:
      throw reader.invalid("kind", "is '\(kind)', but must be wide-resnet or mobile")
    }
    try reader.finish()
  }

  enum Kind: String, Codable {
    case wideResNet = "wide-resnet"
    case mobile
  }
}

extension WideResNetSpace {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let inputSize = try reader.optionalInteger("inputSize", in: 4...4096)
    let classes = try reader.optionalInteger("classes", in: 2...1_000_000)
    var groups: [Group] = []
    for var group in try reader.objects("groups") {
      groups.append(
        Group(
          blocks: try group.integerOptions("blocks", in: 1...1000),
          channels: try group.integerOptions("channels", in: 1...65_536)))
      try group.finish()
    }
    guard !groups.isEmpty else { throw reader.invalid("groups", "is empty: add a group") }
    self.init(inputSize: inputSize ?? 32, classes: classes ?? 10, groups: groups)
  }
}

extension MobileSpace {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    var stages: [Stage] = []
    for var stage in try reader.objects("stages") { stages.append(try Stage(&stage)) }
    guard !stages.isEmpty else { throw reader.invalid("stages", "is empty: add a stage") }
    let conventions = try reader.optionalString("conventions")
    guard let known = Conventions(rawValue: conventions ?? Conventions.tensorFlow.rawValue) else {
      throw reader.invalid(
        "conventions", "is '\(conventions ?? "")', but must be tensorflow or symmetric")
    }
    self.init(
      inputSize: try reader.integer("inputSize", in: 4...4096),
      classes: try reader.integer("classes", in: 2...1_000_000),
      stem: try reader.integer("stem", in: 1...65_536),
      stemStride: try reader.integer("stemStride", in: 1...8),
      head: try reader.integer("head", in: 1...65_536), stages: stages,
      dropout: try reader.optionalNumber("dropout", in: 0...0.99) ?? 0.2,
      dropPathRate: try reader.optionalNumber("stochasticDepth", in: 0...0.99) ?? 0.2,
      conventions: known)
  }
}

extension MobileSpace.Stage {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let kernels = try reader.integerOptions("kernelSizes", in: 1...31)
    guard kernels.allSatisfy({ $0 % 2 == 1 }) else {
      throw reader.invalid("kernelSizes", "has an even number: kernels have a middle, as 3 and 5")
    }
    self.init(
      stride: try reader.optionalInteger("stride", in: 1...8) ?? 1, kernelSizes: kernels,
      expansions: try reader.integerOptions("expansions", in: 1...64),
      squeezeRatios: try reader.options("squeezeRatios", "numbers from 0 to 1") { value in
        value.asNumber.flatMap { (0...1).contains($0) ? $0 : nil }
      },
      blocks: try reader.integerOptions("blocks", in: 1...1000),
      channels: try reader.integerOptions("channels", in: 1...65_536),
      skips: try reader.options("skips", "true, false") { value -> Bool? in
        if case .bool(let flag) = value { flag } else { nil }
      })
    try reader.finish()
  }
}

extension ObjectReader {
  fileprivate mutating func integerOptions(
    _ key: String, in range: ClosedRange<Int>
  ) throws(ExperimentError) -> [Int] {
    try options(key, "whole numbers from \(range.lowerBound) to \(range.upperBound)") { value in
      if case .integer(let number) = value, range.contains(number) { number } else { nil }
    }
  }
}

extension CostTarget {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let name = try reader.string("measure")
    guard let measure = Measure(rawValue: name) else {
      throw reader.invalid("measure", "is '\(name)', but must be macs or latency")
    }
    self.init(
      target: try reader.number("target", in: 1e-6...1e18),
      tolerance: try reader.optionalNumber("tolerance", in: 0...0.999), measure: measure)
    try reader.finish()
  }
}

extension ControllerChoice {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let kind = try reader.string("kind")
    switch kind {
    case "random": self = .random
    case "evolution":
      self = .evolution(
        population: try reader.optionalInteger("population", in: 1...100_000) ?? 16,
        sample: try reader.optionalInteger("sample", in: 1...100_000) ?? 4)
    case "reinforce":
      let standard = PolicyGradient.Settings()
      self = .reinforce(
        PolicyGradient.Settings(
          learningRate: try reader.optionalNumber("learningRate", in: 1e-6...10)
            ?? standard.learningRate,
          baselineDecay: try reader.optionalNumber("baselineDecay", in: 0...0.9999)
            ?? standard.baselineDecay,
          warmUp: try reader.optionalNumber("warmUp", in: 0...1) ?? standard.warmUp))
    default:
      throw reader.invalid("kind", "is '\(kind)', but must be random, evolution or reinforce")
    }
    try reader.finish()
  }
}

extension Reward {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let kind = try reader.string("kind")
    switch kind {
    case "absolute":
      self = .absolute(weight: try reader.optionalNumber("weight", in: -100...0) ?? -0.1)
    case "mnasnet":
      self = .mnasNet(exponent: try reader.optionalNumber("exponent", in: -10...0) ?? -0.07)
    default: throw reader.invalid("kind", "is '\(kind)', but must be absolute or mnasnet")
    }
    try reader.finish()
  }
}

extension SearchPlan.EvaluatorChoice {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let kind = try reader.string("kind")
    var object = try reader.object("recipe")
    let recipe = try Recipe(&object)
    try object.finish()
    switch kind {
    case "proxy":
      let rungs = try reader.optionalIntegers("rungs", in: 1...recipe.epochs) ?? [recipe.epochs]
      guard !rungs.isEmpty, zip(rungs, rungs.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw reader.invalid("rungs", "must rise, as in [1, 2, 4]")
      }
      self = .proxy(
        recipe, rungs: rungs, kept: try reader.optionalNumber("kept", in: 0.01...1) ?? 0.5)
    case "supernetwork": self = .supernetwork(recipe)
    default: throw reader.invalid("kind", "is '\(kind)', but must be proxy or supernetwork")
    }
    try reader.finish()
  }
}

extension SearchBudget {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let evaluations = try reader.optionalInteger("evaluations", in: 1...1_000_000_000)
    let seconds = try reader.optionalNumber("seconds", in: 1...1e9)
    let images = try reader.optionalInteger("trainingImages", in: 1...1_000_000_000_000_000)
    guard evaluations != nil || seconds != nil || images != nil else {
      throw reader.invalid(
        "evaluations", "is missing, and so are seconds and trainingImages: give at least one")
    }
    self.init(evaluations: evaluations, seconds: seconds, trainingImages: images)
    try reader.finish()
  }
}

extension SearchPlan.Finalists {
  fileprivate init(_ reader: inout ObjectReader) throws(ExperimentError) {
    var object = try reader.object("recipe")
    let recipe = try Recipe(&object)
    try object.finish()
    var designs: [HandDesigned] = []
    for var design in try reader.optionalObjects("handDesigned") ?? [] {
      let network = try design.string("network")
      do {
        _ = try Network(named: network)
      } catch {
        throw design.invalid("network", "does not work: \(error)")
      }
      designs.append(
        HandDesigned(
          network: network, count: try design.optionalInteger("count", in: 1...1000) ?? 1))
      try design.finish()
    }
    self.init(
      recipe: recipe, seeds: try reader.optionalInteger("seeds", in: 1...1000) ?? 3,
      trainingImages: try reader.optionalInteger("trainingImages", in: 1...1_000_000_000),
      handDesigned: designs)
    try reader.finish()
  }
}

extension JSONValue {
  /// The number, whole or not; nil for anything else.
  fileprivate var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
