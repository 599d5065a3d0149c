import Concurrency
import Predictions
import Statistics

extension ExpectedService {
  /// The most members of an ensemble of which it is measured what is left without one: of as many, one is hardly missed.
  public static let mostReducedMembers = 64

  /// Measures what an ensemble is worth.
  ///
  /// Each reduction is `Combination.withoutMember`, with a temperature that is fitted to it. Members that had all the weight
  /// have none, as have all members of more than `mostReducedMembers`.
  ///
  /// - Parameters:
  ///   - combination: How the members become one, with the temperatures that it is deployed with.
  ///   - members: Their hold-out predictions, in order; never those of a test set.
  /// - Throws: `EnsembleError` where there are no members, where they predict different data or share a name, or where the
  ///   combination does not fit them.
  ///
  /// Complexity: O(N C K^2) for K members, of which one reduction is in memory at a time.
  public init(
    of combination: Combination, holdOut members: [Predictions]
  ) throws(EnsembleError) {
    try Predictions.checkSameData(members)
    try Predictions.checkNamesDiffer(members)
    try combination.check(members)
    let exits = try combination.exits(members)
    let combined = try combination.combine(members, exits: exits, name: "ensemble")
    images = combined.count
    accuracy = MeasuredShare(ofRight: combined)
    answers = AnswerCounts(
      of: combined, made: members, exits: combination.cascade == nil ? nil : exits)
    reductions = []
    guard 2...Self.mostReducedMembers ~= members.count else { return }
    for place in members.indices {
      guard let others = combination.withoutMember(at: place, of: members.count) else { continue }
      var left = members
      let lost = left.remove(at: place)
      reductions.append(try ReducedService(of: others, holdOut: left, missing: [lost.name]))
    }
  }
}

extension MeasuredShare {
  /// The share that is predicted right.
  fileprivate init(ofRight predictions: Predictions) {
    let hits = zip(predictions.predictedClasses(), predictions.labels).count { $0 == Int($1) }
    self.init(ofHits: hits, count: predictions.count)
  }
}

extension ReducedService {
  /// - Parameters:
  ///   - combination: Of the members that are left, without a temperature.
  ///   - members: Their hold-out predictions, in order.
  ///   - missing: The names of the others.
  fileprivate init(
    of combination: Combination, holdOut members: [Predictions], missing: [String]
  ) throws(EnsembleError) {
    let exits = try combination.exits(members)
    let combined = try combination.combine(members, exits: exits, name: "left")
    let temperature = try Temperature.fitted(to: combined, of: members)?.value ?? 1
    var calibrated = combination
    calibrated.temperature = temperature == 1 ? nil : temperature
    // A temperature leaves the predicted classes as they are.
    self.init(
      missing: missing, combination: calibrated, accuracy: MeasuredShare(ofRight: combined),
      multiplyAccumulates: Self.cost(members, exits: combination.cascade == nil ? nil : exits))
  }

  private static func cost(_ members: [Predictions], exits: [Int]?) -> Double {
    guard let exits else { return Cost(of: members, latencies: nil).multiplyAccumulates }
    let fractions = exits.counts(of: members.count).map { Double($0) / Double(exits.count) }
    return Cost(ofCascade: members, exitFractions: fractions, latencies: nil).multiplyAccumulates
  }
}

extension AnswerCounts {
  /// - Parameters:
  ///   - combined: The answers.
  ///   - members: What they were made of.
  ///   - exits: `[N]`: after which member each image stopped; nil where all ran.
  fileprivate init(of combined: Predictions, made members: [Predictions], exits: [Int]?) {
    let confidences = combined.confidences()
    let bounds = Self.bounds(of: confidences)
    let predicted = parallelMap(members.count) { members[$0].predictedClasses() }
    self.init(
      exits: exits?.counts(of: members.count), confidenceBounds: bounds, confidences: [],
      disagreements: (0..<combined.count).count { image in
        let last = exits?[image] ?? members.count - 1
        return predicted[...last].contains { $0[image] != predicted[0][image] }
      })
    self.confidences = confidences.map { bin(ofConfidence: $0) }.counts(of: bounds.count + 1)
  }

  /// Which of `confidences` counts an answer.
  ///
  /// - Parameter confidence: The probability of its class.
  public func bin(ofConfidence confidence: Double) -> Int {
    var bounds = confidenceBounds[...]
    while !bounds.isEmpty {
      let middle = bounds.startIndex + bounds.count / 2
      bounds = confidence < bounds[middle] ? bounds[..<middle] : bounds[(middle + 1)...]
    }
    return bounds.startIndex
  }

  private static let binCount = 10
  /// Answers are the same to a millionth, whatever batch and machine they come from: bounds lie between those that differ by
  /// more.
  private static let steps = 1e6

  /// Bounds between bins of equal shares of the confidences, as near as equal ones let it come.
  static func bounds(of confidences: [Double]) -> [Double] {
    let ordered = confidences.map { ($0 * steps).rounded() }.sorted()
    let places = ordered.indices.dropFirst().filter { ordered[$0] > ordered[$0 - 1] }
    guard !places.isEmpty else { return [] }
    var chosen: [Int] = []
    for bin in 1..<binCount {
      let wanted = Double(bin * ordered.count) / Double(binCount)
      let nearest = places.nearest(to: wanted)
      if chosen.last != nearest { chosen.append(nearest) }
    }
    return chosen.map { (ordered[$0 - 1] + ordered[$0]) / (2 * steps) }
  }
}

extension Predictions {
  /// `[N]`: the probability of the predicted class.
  fileprivate func confidences() -> [Double] {
    let predicted = predictedClasses()
    return withLogProbabilities { values in
      predicted.enumerated().map { exponential(Double(values[$0 * classes + $1])) }
    }
  }
}

extension [Int] {
  /// How often each of `0..<count` is among them, which are of no others.
  fileprivate func counts(of count: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: count)
    for value in self { counts[value] += 1 }
    return counts
  }

  /// The one that is nearest, of two the lesser; they are ascending, and not none.
  fileprivate func nearest(to value: Double) -> Int {
    var (low, high) = (startIndex, endIndex - 1)
    while low < high {
      let middle = (low + high) / 2
      if Double(self[middle]) < value { low = middle + 1 } else { high = middle }
    }
    guard low > startIndex, value - Double(self[low - 1]) <= abs(Double(self[low]) - value) else {
      return self[low]
    }
    return self[low - 1]
  }
}
