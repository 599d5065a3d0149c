import Decisions
import Ensembles
import Inference

/// How long images take through a cascade as a whole, measured, and beside it through another model.
///
/// Images go one at a time, each through as many members as its path has: in between it is computed whether it stops, as it is
/// when it is served. What it holds does not matter to the time, so that there need be no image. Rounds of the cascade and
/// of the other model take turns, so that a machine that is busy for a while is so for both.
package struct CascadeRun: Sendable {
  /// Mean milliseconds of an image in each round, each path as often as its share of the images.
  package let milliseconds: [Double]
  /// Of an image that comes to all members, in each round.
  package let slowestMilliseconds: [Double]
  /// What the share of the images that was asked for does not exceed, in each round; empty where none was asked for.
  package let quantileMilliseconds: [Double]
  /// Of the other model's; empty without one.
  package let referenceMilliseconds: [Double]
  /// Images through the cascade in a round.
  package let imagesPerRound: Int

  /// Measures the cascade and the other model in turn, round by round, one image at a time.
  ///
  /// - Parameters:
  ///   - members: In the order in which they run, each of which takes one image at a time.
  ///   - exitFractions: Of each member, the share of the images that stop after it; of an ensemble without thresholds all of
  ///     them after the last.
  ///   - reference: The other model.
  ///   - percent: Of the images' times, the percentile that is looked at; nil for none.
  ///   - rounds: At least one, after one to warm up.
  ///   - seconds: About how long the cascade is run in a round.
  /// - Throws: `InferenceError`, or `EnsembleError` where the combination does not fit the members.
  package init(
    _ members: [ImageModel], combination: Combination, exitFractions: [Double],
    beside reference: ImageModel?, percent: Int? = nil, options: InferenceOptions,
    rounds: Int = 5, seconds: Double = 0.5
  ) throws {
    precondition(members.count == exitFractions.count && rounds > 0, "a share of each member")
    let stages = try members.map { try Self.session($0, options) }
    let other = try reference.map { try Self.session($0, options) }
    let sequence = Self.sequence(
      exitFractions,
      images: try Self.imagesOfPass(stages, combination, seconds: seconds))
    var paths = PathTimes(count: members.count)
    for last in sequence { try paths.run(to: last, stages, combination) }
    let passSeconds = paths.total
    let passes = max(1, Int((seconds / max(passSeconds, 1e-6)).rounded(.up)))
    _ = try other.map { try Self.run($0, times: 10) }
    var (means, slowest, quantiles, others) = ([Double](), [Double](), [Double](), [Double]())
    for _ in 0..<rounds {
      var paths = PathTimes(count: members.count)
      for _ in 0..<passes {
        for last in sequence { try paths.run(to: last, stages, combination) }
      }
      means.append(1000 * paths.mean(exitFractions))
      slowest.append(1000 * paths.mean(of: members.count - 1))
      if let percent {
        quantiles.append(1000 * paths.quantile(Double(percent) / 100, exitFractions))
      }
      if let other { others.append(1000 * (try Self.run(other, times: passes * sequence.count))) }
    }
    (milliseconds, slowestMilliseconds, referenceMilliseconds) = (means, slowest, others)
    quantileMilliseconds = quantiles
    imagesPerRound = passes * sequence.count
  }

  private static func session(
    _ model: ImageModel, _ options: InferenceOptions
  ) throws(InferenceError) -> InferenceSession {
    let session = try InferenceSession(Classifier([model], batch: 1, options: options))
    for index in session.input.indices { session.input[index] = Float(index % 255) / 127 - 1 }
    return session
  }

  /// Mean seconds of one image.
  private static func run(_ session: InferenceSession, times: Int) throws -> Double {
    let start = ContinuousClock.now
    for _ in 0..<times {
      try session.run()
      _ = try session.logProbabilities(of: 0)
    }
    return start.duration(to: .now) / .seconds(1) / Double(times)
  }

  /// Up to 100, fewer where they would take longer than a round.
  private static func imagesOfPass(
    _ stages: [InferenceSession], _ combination: Combination, seconds: Double
  ) throws -> Int {
    var paths = PathTimes(count: stages.count)
    for _ in 0..<3 { try paths.run(to: stages.count - 1, stages, combination) }
    let possible = seconds / max(1e-9, paths.mean(of: stages.count - 1))
    return Int(min(100, max(10, possible)))
  }

  /// After which member images stop, one after another: each path as evenly over a pass as may be, and at least once, the
  /// whole cascade's too.
  static func sequence(_ exitFractions: [Double], images: Int) -> [Int] {
    let last = exitFractions.count - 1
    return exitFractions.enumerated().flatMap { exit, share -> [(place: Double, exit: Int)] in
      guard share > 0 || exit == last else { return [] }
      let count = max(1, Int((share * Double(images)).rounded()))
      return (0..<count).map { ((Double($0) + 0.5) / Double(count), exit) }
    }.sorted { ($0.place, $0.exit) < ($1.place, $1.exit) }.map(\.exit)
  }
}

/// The times of each path, from the first member to one of them.
struct PathTimes {
  /// Seconds of each image of each path.
  private(set) var seconds: [[Double]]

  init(count: Int) { seconds = Array(repeating: [], count: count) }

  init(seconds: [[Double]]) { self.seconds = seconds }

  var total: Double { seconds.reduce(0) { $0 + $1.reduce(0, +) } }

  func mean(of exit: Int) -> Double {
    seconds[exit].reduce(0, +) / Double(max(1, seconds[exit].count))
  }

  func mean(_ exitFractions: [Double]) -> Double {
    exitFractions.indices.reduce(0) { $0 + exitFractions[$1] * mean(of: $1) }
  }

  /// What a share of the images does not exceed, where the images of a path stand for as many as take it.
  ///
  /// - Parameter share: Above 0 and at most 1.
  func quantile(_ share: Double, _ exitFractions: [Double]) -> Double {
    let images = zip(seconds, exitFractions).flatMap { times, fraction in
      times.map { (seconds: $0, weight: fraction / Double(times.count)) }
    }.sorted { $0.seconds < $1.seconds }
    var sum = 0.0
    for image in images {
      sum += image.weight
      // A hair, so that weights that are summed do not miss their share.
      if sum >= share - 1e-9 { return image.seconds }
    }
    return images.last { $0.weight > 0 }?.seconds ?? 0
  }

  /// Runs one image through the members up to `last`.
  mutating func run(
    to last: Int, _ stages: [InferenceSession], _ combination: Combination
  ) throws {
    let start = ContinuousClock.now
    var rows: [[Float]] = []
    for stage in 0...last {
      try stages[stage].run()
      rows.append(try stages[stage].logProbabilities(of: 0))
      guard stage < stages.count - 1, combination.cascade != nil else { continue }
      _ = try combination.stops(
        afterRows: rows, classes: stages[stage].classifier.models[0].classes)
    }
    seconds[last].append(start.duration(to: .now) / .seconds(1))
  }
}

extension MeasuredTimes {
  /// Measures a deployed cascade, or an ensemble that has to keep to a budget of time, as a whole, beside the best single model.
  ///
  /// - Parameter progress: Called before with what is being done.
  /// - Returns: nil where it is neither, where the models are not at hand, or where one takes several images at a time.
  /// - Throws: `InferenceError`, or what keeps a model from being read.
  package init?(
    _ decision: Decision, models: [TimedModel], progress: (String) -> Void
  ) throws {
    let deployed = decision.deployed
    let options = decision.options
    let hasBudget = options.cost == .latency && options.maximumCost != nil
    guard deployed.kind == .cascade || (hasBudget && deployed.members.count > 1),
      let reference = decision.candidate(decision.reference)?.members.first
    else { return nil }
    let names = deployed.members + [reference]
    let found = names.compactMap { name in models.first { $0.members.contains(name) } }
    guard found.count == names.count else { return nil }
    let loaded = try found.map { try $0.model() }
    guard loaded.allSatisfy({ ($0.input.fixedBatch ?? 1) == 1 }) else { return nil }
    progress("timing what is deployed as a whole, in turns with the best single model")
    let all = deployed.members.indices.map { $0 == deployed.members.count - 1 ? 1.0 : 0 }
    let percent: Int? =
      if hasBudget, case .percentile(let percent) = options.costQuantile { percent } else { nil }
    let run = try CascadeRun(
      Array(loaded.dropLast()), combination: deployed.combination,
      exitFractions: deployed.test.exitFractions ?? all, beside: loaded[loaded.count - 1],
      percent: percent, options: InferenceOptions(threads: 1))
    self.init(
      deployed: Time(run.milliseconds), slowestPath: Time(run.slowestMilliseconds),
      reference: Time(run.referenceMilliseconds),
      quantile: percent.map { Quantile(percent: $0, time: Time(run.quantileMilliseconds)) },
      rounds: run.milliseconds.count, imagesPerRound: run.imagesPerRound)
  }
}
