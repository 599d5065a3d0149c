import Datasets
import Deployment
import Ensembles
import Inference
import InferenceTestSupport
import Predictions
import Testing

/// Members that run one after another give what all of them would, combined.
@Suite struct CascadePredictionTests {
  private static let names = ["logits", "logits-2", "log-softmax", "half"]
  /// Neither a multiple of the batch, nor of the images that vectors take at once.
  private static let count = 61

  private static let split = ImageSplit(
    name: "test", height: 8, width: 8,
    pixels: (0..<count * 3 * 64).map { pixel in
      let (image, channel, place) = (pixel / 192, pixel / 64 % 3, pixel % 64)
      return UInt8((image * 37 * (channel + 1) + place * (image % 7)) % 256)
    }, labels: (0..<count).map { Int64($0 % 5) }, classNames: (0..<5).map { "class \($0)" })

  private static func members() throws -> [EnsembleMember] {
    let preprocessing = Preprocessing(
      height: 8, width: 8, resizing: .none, mean: [90, 100, 110], standardDeviation: [4, 4, 4])
    return try names.map {
      try EnsembleMember(ImageModel(fixture: $0), name: $0, preprocessing: preprocessing)
    }
  }

  private static func predict(
    _ combination: Combination, runsAllMembers: Bool = false, batch: Int = 4, threads: Int = 2
  ) throws -> EnsemblePredictions {
    try EnsemblePredictions(
      of: members(), combinedBy: combination, runsAllMembers: runsAllMembers, on: .decoded(split),
      options: PredictionOptions(
        inference: InferenceOptions(threads: threads, cacheDirectory: nil), batch: batch))
  }

  private static func whole(_ found: EnsemblePredictions) throws -> [Predictions] {
    try found.memberPredictions(split: "test", labels: split.labels).compactMap { $0 }
  }

  private static func values(_ predictions: Predictions) -> [Float] {
    predictions.withLogProbabilities { Array($0) }
  }

  /// Thresholds at which some images stop and some go on: the middle of how sure the members so far are.
  private static func cascade(
    _ rule: CombinationRule, _ confidence: CascadeConfidence, temperatures: [Double]?,
    temperature: Double?
  ) throws -> Combination {
    let all = try whole(predict(Combination(), runsAllMembers: true))
    var combination = Combination(
      rule: rule, memberTemperatures: temperatures,
      cascade: CascadeStops(
        confidence: confidence, confidenceThresholds: [Double?](repeating: nil, count: 3)),
      temperature: temperature)
    for stage in stages(confidence) {
      // The more is asked for, the fewer stop.
      var (low, high) = (-2.0, 1.0)
      for _ in 0..<40 {
        let middle = (low + high) / 2
        combination.cascade?.confidenceThresholds[stage] = middle
        let isLow = stops(combination, Array(all[...stage])) > count / 2
        (low, high) = isLow ? (middle, high) : (low, middle)
      }
    }
    return combination
  }

  /// After which members images stop: one member always agrees with itself.
  private static func stages(_ confidence: CascadeConfidence) -> [Int] {
    confidence == .agreement ? [1, 2] : [0, 2]
  }

  private static func stops(_ combination: Combination, _ members: [Predictions]) -> Int {
    (try? combination.stops(after: members, isLast: false).count { $0 }) ?? 0
  }

  @Test(arguments: [
    (CombinationRule.geometricMean, CascadeConfidence.maximumProbability, true),
    (.arithmeticMean, .entropy, false), (.geometricMean, .margin, false),
    (.majorityVote, .agreement, true),
  ])
  func givesWhatAllMembersWouldGive(
    rule: CombinationRule, confidence: CascadeConfidence, hasTemperatures: Bool
  ) throws {
    let combination = try Self.cascade(
      rule, confidence, temperatures: hasTemperatures ? [1.5, 0.8, 1, 2.5] : nil,
      temperature: hasTemperatures ? 1.25 : nil)
    let staged = try Self.predict(combination)
    let whole = try Self.predict(combination, runsAllMembers: true)
    let members = try Self.whole(whole)
    #expect(members.count == 4)
    let expected = try combination.combine(members, name: "ensemble")
    for found in [staged, whole] {
      let combined = try found.combined(
        split: "test", labels: Self.split.labels, name: "ensemble")
      #expect(Self.values(combined) == Self.values(expected))
      #expect(combined.multiplyAccumulates == expected.multiplyAccumulates)
      #expect(
        abs(found.expectedMultiplyAccumulates - Double(expected.multiplyAccumulates)) <= 0.5)
      #expect(
        try found.metrics(labels: Self.split.labels) == combination.metrics(of: members))
      #expect(found.exits == staged.exits)
    }
    for stage in 0..<3 {
      let stops = Self.stages(confidence).contains(stage)
      #expect(stops || staged.exitFractions[stage] == 0)
    }
    let first = staged.exitFractions[Self.stages(confidence)[0]]
    #expect(first > 0.1 && first < 0.9)
    #expect(abs(staged.exitFractions.reduce(0, +) - 1) < 1e-12)
    for (member, places) in staged.places.enumerated() {
      #expect(places == staged.exits.indices.filter { staged.exits[$0] >= member })
      let rows = places.flatMap { whole.logProbabilities[member][$0 * 5..<($0 + 1) * 5] }
      #expect(staged.logProbabilities[member] == rows)
    }
    #expect(staged.indices == Array(0..<Self.count))
    #expect(staged.fingerprint == whole.fingerprint && staged.seconds > 0)
  }

  @Test(arguments: [(1, 1), (16, 2), (100, 3)])
  func anyBatchAndThreadsWillDo(batch: Int, threads: Int) throws {
    let combination = try Self.cascade(
      .geometricMean, .maximumProbability, temperatures: nil, temperature: nil)
    let staged = try Self.predict(combination, batch: batch, threads: threads)
    let whole = try Self.predict(
      combination, runsAllMembers: true, batch: batch, threads: threads)
    let labels = Self.split.labels
    #expect(
      try Self.values(staged.combined(split: "test", labels: labels, name: "e"))
        == Self.values(whole.combined(split: "test", labels: labels, name: "e")))
  }

  /// Members after which every image stops make all others idle.
  @Test func membersThatNoImageReachesSeeNone() throws {
    let combination = Combination(
      cascade: CascadeStops(confidence: .margin, confidenceThresholds: [0, nil, nil]))
    let done = Peak()
    let found = try EnsemblePredictions(
      of: Self.members(), combinedBy: combination, on: .decoded(Self.split),
      options: PredictionOptions(
        inference: InferenceOptions(threads: 1, cacheDirectory: nil))
    ) { count, total in done.record(count, total) }
    #expect(found.exitFractions == [1, 0, 0, 0])
    #expect(found.places.map { $0.count } == [Self.count, 0, 0, 0])
    #expect(found.expectedMultiplyAccumulates == Double(found.members[0].multiplyAccumulates))
    let members = try found.memberPredictions(split: "test", labels: Self.split.labels)
    #expect(members.map { $0 == nil } == [false, true, true, true])
    let combined = try found.combined(split: "test", labels: Self.split.labels, name: "e")
    let first = try #require(members[0])
    #expect(
      zip(Self.values(combined), Self.values(first)).allSatisfy { abs($0 - $1) < 1e-5 })
    // What is not to be done counts as done.
    #expect(done.value == [Self.count, Self.count])
  }

  @Test func weightsAndTemperaturesAreObeyed() throws {
    let plain = try Self.predict(Combination())
    let members = try Self.whole(plain)
    for combination in [
      Combination(weights: [0.5, 0, 0.3, 0.2], memberTemperatures: [1, 2, 0.5, 1]),
      Combination(rule: .arithmeticMean, temperature: 0.7),
      Combination(calibration: Self.curves(members[0].classes)),
    ] {
      let found = try Self.predict(combination)
      let combined = try found.combined(
        split: "hold-out", labels: Self.split.labels, name: "ensemble")
      #expect(combined.split == "hold-out")
      let expected = try combination.combine(members, name: "ensemble")
      #expect(Self.values(combined) == Self.values(expected))
      #expect(found.exitFractions == [0, 0, 0, 1])
      let unlike = try plain.combined(
        split: "test", labels: Self.split.labels, name: "ensemble")
      #expect(Self.values(combined) != Self.values(unlike))
    }
  }

  private static func curves(_ classes: Int) -> CalibrationMap {
    .isotonic(
      IsotonicCalibration(
        curves: (0..<classes).map {
          .init(given: [-1, 0.1 * Double($0)], calibrated: [-2, 1])
        }))
  }

  @Test func combinationsOfOtherMembersAreRefused() throws {
    #expect(throws: InferenceError.unfitCombination(reason: "it has 2 weights for 4 members")) {
      try Self.predict(Combination(weights: [0.5, 0.5]))
    }
  }
}
