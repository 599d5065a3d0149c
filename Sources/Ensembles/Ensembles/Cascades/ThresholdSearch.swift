/// The thresholds of a cascade of given stages.
///
/// Up to three stages have the best thresholds there are. With more, two thresholds at a time are made the best there are
/// with the others fixed, pair by pair until no pair gets better, from several beginnings; the best end is taken.
struct ThresholdSearch {
  /// Thresholds and what comes of them, over all images.
  struct Plan {
    /// Of each stage but the last; none where no image stops.
    var thresholds: [Double?]
    var hits: Int
    var cost: Double
    /// Whether each stage is reached by enough images, or by none.
    var isReachedEnough = true
  }

  let stages: [StageStatistics]
  /// Of each stage alone, for one image.
  let costs: [Double]
  let goal: ThresholdPair.Goal
  /// How many images reach a stage at least, unless none does.
  var fewestReaching = 1

  private static let beginnings = 6
  private static let uniformSteps = 64
  private static let mostRounds = 20

  private var images: Int { stages[0].isRight.count }

  /// nil where the goal is out of reach.
  func best() -> Plan? {
    guard stages.count <= ThresholdSweep.mostStages else { return search() }
    return ThresholdSweep(stages, costs: costs, fewestReaching: fewestReaching).plans(for: [goal])[
      0]
  }

  // MARK: - Many stages

  private func search() -> Plan? {
    let never = [Double?](repeating: nil, count: stages.count - 1)
    let starts = (pairs().compactMap { improve(never, $0.0, $0.1) } + uniform())
      .filter { meetsGoal($0) && $0.isReachedEnough }.sorted(by: isBetter)
    let ends = starts.prefix(Self.beginnings).map(descend)
    return ends.dropFirst().reduce(ends.first) { best, end in
      best.map { isBetter(end, $0) ? end : $0 }
    }
  }

  private func pairs() -> [(Int, Int)] {
    (0..<stages.count - 1).flatMap { first in
      (first + 1..<max(first + 1, stages.count - 1)).map { (first, $0) }
    }
  }

  /// Plans of one threshold for all stages.
  private func uniform() -> [Plan] {
    let values = stages.dropLast().flatMap(\.confidence).sorted()
    return (0..<Self.uniformSteps).map { step in
      let value = values[step * (values.count - 1) / max(Self.uniformSteps - 1, 1)]
      return outcome(Array(repeating: value, count: stages.count - 1))
    }
  }

  private func descend(_ start: Plan) -> Plan {
    var plan = start
    for _ in 0..<Self.mostRounds {
      var hasImproved = false
      for (first, second) in pairs() {
        guard let next = improve(plan.thresholds, first, second), next.isReachedEnough,
          isBetter(next, plan)
        else { continue }
        plan = next
        hasImproved = true
      }
      if !hasImproved { break }
    }
    return plan
  }

  func meetsGoal(_ plan: Plan) -> Bool {
    switch goal {
    case .cost(let budget): plan.cost <= budget
    case .hits(let target): plan.hits >= target
    }
  }

  /// Whether a plan that meets the goal is better than another one.
  func isBetter(_ first: Plan, _ second: Plan) -> Bool { Self.isBetter(first, second, goal) }

  /// Whether a plan that meets the goal is better than another one.
  static func isBetter(_ first: Plan, _ second: Plan, _ goal: ThresholdPair.Goal) -> Bool {
    switch goal {
    case .cost: (first.hits, -first.cost) > (second.hits, -second.cost)
    case .hits: (-first.cost, first.hits) > (-second.cost, second.hits)
    }
  }

  // MARK: - Two thresholds

  /// The plan with the best thresholds at two stages, the others as they are. A second stage that is the last has none.
  func improve(_ thresholds: [Double?], _ first: Int, _ second: Int) -> Plan? {
    var hits = 0
    var cost = 0.0
    var reaching: [ThresholdPair.Image] = []
    var places = [Int](repeating: -1, count: images)
    for image in imagesInOrder(of: first) {
      let exit = exit(of: image, thresholds, from: 0, upTo: first)
      cost += costs[0...exit].reduce(0, +)
      if exit < first {
        hits += value(exit, image)
      } else {
        let found = self.image(image, thresholds, first, second)
        if found.second != nil { places[image] = reaching.count }
        reaching.append(found)
      }
    }
    let secondOrder =
      second < thresholds.count
      ? imagesInOrder(of: second).compactMap { places[$0] < 0 ? nil : places[$0] } : []
    guard
      let pair = ThresholdPair(
        reaching, secondOrder: secondOrder, hits: hits, cost: cost, goal: goal,
        fewest: fewestReaching)
    else { return nil }
    var found = thresholds
    found[first] = pair.first
    if second < found.count { found[second] = pair.second }
    return outcome(found)
  }

  /// The images, the least sure first.
  private func imagesInOrder(of stage: Int) -> [Int] {
    let order = stages[stage].order
    guard order.isEmpty else { return order.map { Int($0) } }
    let confidence = stages[stage].confidence
    return confidence.indices.sorted { confidence[$0] < confidence[$1] }
  }

  private func image(
    _ image: Int, _ thresholds: [Double?], _ first: Int, _ second: Int
  ) -> ThresholdPair.Image {
    let last = stages.count - 1
    let middle = exit(of: image, thresholds, from: first + 1, upTo: min(second, last))
    let reachesSecond = middle == second && second < last
    let end = reachesSecond ? exit(of: image, thresholds, from: second + 1, upTo: last) : middle
    return ThresholdPair.Image(
      first: stages[first].confidence[image], valueAtFirst: value(first, image),
      second: reachesSecond ? stages[second].confidence[image] : nil,
      valueAtSecond: value(middle, image),
      costToSecond: costs[(first + 1)...middle].reduce(0, +),
      valueBeyond: value(end, image),
      costBeyond: end > middle ? costs[(middle + 1)...end].reduce(0, +) : 0)
  }

  private func value(_ stage: Int, _ image: Int) -> Int { stages[stage].isRight[image] ? 1 : 0 }

  /// The stage at which an image stops, from `start` on, and `end` at the latest.
  private func exit(of image: Int, _ thresholds: [Double?], from start: Int, upTo end: Int) -> Int {
    var stage = start
    while stage < end {
      if let threshold = thresholds[stage], stages[stage].confidence[image] >= threshold { break }
      stage += 1
    }
    return stage
  }

  // MARK: - Outcomes

  /// `[N]`: the stage at which each image stops.
  func exits(_ thresholds: [Double?]) -> [Int] {
    (0..<images).map { exit(of: $0, thresholds, from: 0, upTo: stages.count - 1) }
  }

  private func outcome(_ thresholds: [Double?]) -> Plan {
    var hits = 0
    var cost = 0.0
    var stopping = [Int](repeating: 0, count: stages.count)
    for (image, exit) in exits(thresholds).enumerated() {
      hits += value(exit, image)
      cost += costs[0...exit].reduce(0, +)
      stopping[exit] += 1
    }
    var reaching = images
    let isReachedEnough = stopping.dropLast().allSatisfy { stopped in
      reaching -= stopped
      return reaching == 0 || reaching >= fewestReaching
    }
    return Plan(
      thresholds: thresholds, hits: hits, cost: cost, isReachedEnough: isReachedEnough)
  }
}
