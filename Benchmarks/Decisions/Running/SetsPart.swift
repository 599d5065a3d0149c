import Concurrency
import Predictions
import Synchronization

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

/// The part `sets`: every rule on every split of every set.
struct SetsPart {
  /// Images of hold-outs.
  static let sizes = [100, 300, 1000, 5000]
  static let rules: [any Rule] = [
    BestSingleRule(), AllEqualRule(), AutoGluonGreedyRule(), OneStandardErrorRule(), DecisionRule(),
  ]
  /// Those that are asked for by name only.
  private static let slowRules: [any Rule] = [WholeDecisionRule()]
  /// The root of the repository.
  let root: String
  /// Where records are.
  let out: String
  let splits: Int
  /// Names of sets and of rules; nil for all.
  let onlySets, onlyRules: Set<String>?
  /// Of hold-outs; nil for all.
  let onlySizes: Set<Int>?

  /// The sets, recorded ones first.
  static func names(_ root: String) throws -> [String] {
    try ["cifar10-mixed"] + packed(root) + SimulatedSets.all.map(\.name)
  }

  private static func packed(_ root: String) throws -> [String] {
    let folder = predictions(root)
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(12)) }.sorted()
  }

  private static func predictions(_ root: String) -> String {
    root + "/results/decisions/predictions"
  }

  private func set(_ name: String) throws -> MemberSet {
    if name == "cifar10-mixed" {
      return try FileSets.recorded(
        root + "/results/cifar10-mixed/predictions", name: name,
        about: "one WRN-16-4, two WRN-16-2 and four WRN-16-1, trained on 45,000 images")
    }
    if let simulated = try SimulatedSets.make(name) { return simulated }
    guard try Self.packed(root).contains(name) else { throw SetError.unknownSet(name) }
    return try FileSets.packed(Self.predictions(root) + "/\(name).safetensors")
  }

  /// Goes on with what is not on record.
  func run() throws {
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    for name in try Self.names(root) where onlySets?.contains(name) ?? true {
      try SetRun(set(name), path: "\(out)/\(name).json", rules: rules, splits: splits)
        .run(Self.sizes.filter { onlySizes?.contains($0) ?? true })
    }
  }

  private var rules: [any Rule] {
    guard let onlyRules else { return Self.rules }
    return (Self.rules + Self.slowRules).filter { onlyRules.contains($0.name) }
  }
}

/// All splits of one set.
private final class SetRun {
  private let set: MemberSet
  private let path: String
  private let rules: [any Rule]
  private let splits: Int
  private var record: SetRecord
  private let best: Judgement
  private let judge: SharedJudge
  /// Splits between two writings of the record.
  private static let block = 20

  init(_ set: MemberSet, path: String, rules: [any Rule], splits: Int) throws {
    self.set = set
    self.path = path
    self.rules = rules
    self.splits = splits
    record = try SetRecord.begun(set, at: path)
    judge = SharedJudge(set.population)
    best = try judge.judge(Choice(single: record.best))
  }

  func run(_ sizes: [Int]) throws {
    for images in sizes where set.allows(holdOut: images) {
      for rule in rules { try run(rule, images) }
    }
    try record.write(to: path)
  }

  private func run(_ rule: any Rule, _ images: Int) throws {
    let place = try place(of: rule, images)
    let clock = ContinuousClock()
    var begun = record.results[place].lost.count
    let first = begun
    let seconds = try clock.measure {
      while begun < splits {
        let block = begun..<min(begun + Self.block, splits)
        for outcome in try outcomes(rule, images, block) { add(outcome, at: place) }
        begun = block.upperBound
        try record.write(to: path)
      }
    }
    guard begun > first else { return }
    let each = seconds / .seconds(1) / Double(begun - first)
    print("\(set.name) \(images) \(rule.name): \(begun - first) splits, \(each) s each")
    fflush(nil)
  }

  private func place(of rule: any Rule, _ images: Int) throws -> Int {
    if let place = record.results.firstIndex(where: { $0.images == images && $0.rule == rule.name })
    {
      return place
    }
    let count = set.population[0].count
    let isFresh = if case .simulation = set.source { true } else { false }
    record.results.append(
      SetRecord.Result(images: images, rule: rule.name, judges: isFresh ? count : count - images))
    return record.results.count - 1
  }

  private struct Outcome: Sendable {
    let choice: Choice
    let lost, lostOfPopulation, cost: Double
  }

  private func outcomes(
    _ rule: any Rule, _ images: Int, _ block: Range<Int>
  ) throws -> [Outcome] {
    let (set, best, judge) = (set, best, judge)
    return try parallelMap(block.count) { index in
      let draw = try set.draw(split: block.lowerBound + index, images: images)
      let choice = try rule.choose(draw)
      let judgement = try judge.judge(choice)
      return Outcome(
        choice: choice,
        lost: 100 * (best.accuracy(draw.judges) - judgement.accuracy(draw.judges)),
        lostOfPopulation: 100 * (best.accuracy(nil) - judgement.accuracy(nil)),
        cost: judgement.cost(draw.judges) / best.cost(nil))
    }
  }

  private func add(_ outcome: Outcome, at place: Int) {
    func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
    record.results[place].lost.append(rounded(outcome.lost))
    record.results[place].lostOfPopulation.append(rounded(outcome.lostOfPopulation))
    record.results[place].cost.append(rounded(outcome.cost))
    record.results[place].kind.append(outcome.choice.kind)
    record.results[place].members.append(outcome.choice.members.count)
    if let isShown = outcome.choice.isShown {
      record.results[place].isShown = (record.results[place].isShown ?? []) + [isShown ? 1 : 0]
    }
  }
}

/// Judges choices for all threads; those without thresholds come again and again, and are kept.
private final class SharedJudge: Sendable {
  private let population: [Predictions]
  private let kept = Mutex<[Choice: Judgement]>([:])

  init(_ population: [Predictions]) { self.population = population }

  func judge(_ choice: Choice) throws -> Judgement {
    if let known = kept.withLock({ $0[choice] }) { return known }
    let judgement = try Judgement(choice, population)
    if choice.kind != "cascade" { kept.withLock { $0[choice] = judgement } }
    return judgement
  }
}
