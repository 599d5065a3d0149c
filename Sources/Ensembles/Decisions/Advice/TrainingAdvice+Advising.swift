import Ensembles
import Predictions
import Randomness

extension TrainingAdvice {
  /// Ranks what can be trained next by what it is expected to gain.
  ///
  /// - Parameters:
  ///   - members: Predictions of the hold-out by all members that are trained, each a training of its own; at least one. What was
  ///     predicted of test images is no use here: it is to judge what is chosen.
  ///   - seconds: By member's name, how long its training took; of some members at least.
  ///   - networks: What is not trained and could be, of the members' family.
  ///   - lengthening: What is known of members whose losses still fell; nil where none did, or nothing is known.
  ///   - options: The budget, and what an ensemble may cost.
  /// - Throws: `EnsembleError` where members predict different data, share a name, where those of one network differ in cost, where
  ///   no member has a time, or where a number in `options` makes no sense.
  ///
  /// Complexity: O(N C S) for N images, C classes and at most twelve ensembles of each of the S compositions of one network or two.
  public static func advise(
    _ members: [Predictions], seconds: [String: Double], networks: [Network] = [],
    lengthening: Lengthening? = nil, options: Options
  ) throws(EnsembleError) -> TrainingAdvice {
    try options.check()
    let times = TrainingTimes(members, seconds: seconds)
    guard !times.isEmpty else {
      throw .invalidArgument(
        name: "the times of trainings", value: "none", expected: "that of one member at least")
    }
    let measured = try MeasuredEnsembles(members, seed: options.seed)
    let all = members.reduce(0.0) { $0 + Double($1.multiplyAccumulates) }
    let most = options.maximumMultiplyAccumulates ?? 2 * all
    guard let best = measured.best(within: most) else {
      throw .invalidArgument(
        name: "the most multiply-accumulates", value: "\(most)",
        expected: "at least those of one member")
    }
    var builder = AdviceBuilder(
      measured: measured, times: times, model: GainModel(measured, within: most, best: best),
      options: options, best: best, images: members[0].count)
    builder.addMembers()
    for network in networks where !measured.networks.contains(network.name) {
      builder.add(network)
    }
    if let lengthening { builder.add(lengthening, members, seconds) }
    return TrainingAdvice(
      holdOutImages: members[0].count, judgingImages: builder.judgingImages,
      budgetSeconds: options.budgetSeconds, maximumMultiplyAccumulates: most,
      leastGain: options.leastGain,
      members: zip(measured.networks, measured.counts).map { Part(network: $0, members: $1) },
      best: builder.ensemble(best.composition, error: best.error), steps: builder.ranked,
      omissions: builder.omissions)
  }
}

extension TrainingAdvice.Options {
  fileprivate func check() throws(EnsembleError) {
    func refuse(_ name: String, _ value: Double, _ expected: String) -> EnsembleError {
      .invalidArgument(name: name, value: "\(value)", expected: expected)
    }
    guard budgetSeconds > 0, budgetSeconds.isFinite else {
      throw refuse("the budget in seconds", budgetSeconds, "a number above 0")
    }
    if let most = maximumMultiplyAccumulates, !(most > 0 && most.isFinite) {
      throw refuse("the most multiply-accumulates", most, "a number above 0")
    }
    guard (0..<1).contains(leastGain) else {
      throw refuse("the least gain", leastGain, "a share, 0 or more and less than 1")
    }
    if let judgingImages, judgingImages < 1 {
      throw refuse("the number of judging images", Double(judgingImages), "at least 1")
    }
  }
}

/// Puts the steps together.
private struct AdviceBuilder {
  let measured: MeasuredEnsembles
  let times: TrainingTimes
  let model: GainModel
  let options: TrainingAdvice.Options
  let best: (composition: EnsembleComposition, error: Double)
  let images: Int
  private(set) var omissions: [TrainingAdvice.Omission] = []
  private var steps: [TrainingAdvice.Step] = []
  private let timeDraws: [Double]

  init(
    measured: MeasuredEnsembles, times: TrainingTimes, model: GainModel,
    options: TrainingAdvice.Options, best: (composition: EnsembleComposition, error: Double),
    images: Int
  ) {
    (self.measured, self.times, self.model) = (measured, times, model)
    (self.options, self.best, self.images) = (options, best, images)
    var generator = RandomStream(seed: options.seed, 0x6164_7669)
    timeDraws = (0..<GainForecast.draws).map { _ in
      GainForecast.student(times.degreesOfFreedom, using: &generator)
    }
  }

  var judgingImages: Int { options.judgingImages ?? images }

  /// By expected gain, the quicker of equals first.
  var ranked: [TrainingAdvice.Step] {
    steps.sorted { ($1.gain, $0.seconds) < ($0.gain, $1.seconds) }
  }

  func ensemble(
    _ composition: EnsembleComposition, error: Double, _ network: TrainingAdvice.Network? = nil
  ) -> TrainingAdvice.Ensemble {
    let names = measured.networks + (network.map { [$0.name] } ?? [])
    let costs = measured.costs + (network.map { [$0.multiplyAccumulates] } ?? [])
    let used = composition.counts.indices.filter { composition.counts[$0] > 0 }
      .sorted { (costs[$0], names[$0]) < (costs[$1], names[$1]) }
    return TrainingAdvice.Ensemble(
      parts: used.map {
        TrainingAdvice.Part(network: names[$0], members: composition.counts[$0])
      },
      multiplyAccumulates: composition.multiplyAccumulates(costs), accuracy: 1 - error)
  }

  // MARK: Steps

  /// Of each network one more member, and as many as the budget holds: no more than there are, beyond which nothing is known.
  mutating func addMembers() {
    for (place, network) in measured.networks.enumerated() {
      guard let time = time(.member, network, measured.costs[place]) else { continue }
      let most = Int(min(options.budgetSeconds / time.seconds, Double(measured.counts[place])))
      let forecasts = Set([1, most]).sorted().compactMap { count in
        model.members(count, of: place).map { (count, $0) }
      }
      if forecasts.isEmpty { omit(.member, network, .overMaximum, time.seconds) }
      for (count, expected) in forecasts {
        append(.member, network, trainings: count, expected, time, nil)
      }
    }
  }

  /// A first member of a network.
  mutating func add(_ network: TrainingAdvice.Network) {
    guard let time = time(.network, network.name, network.multiplyAccumulates) else { return }
    guard let expected = model.network(multiplyAccumulates: network.multiplyAccumulates) else {
      return omit(.network, network.name, .overMaximum, time.seconds)
    }
    append(.network, network.name, trainings: 1, expected, time, network)
  }

  /// The members of the best ensemble for longer, where the losses of half of its networks' members or more still fell.
  mutating func add(
    _ lengthening: TrainingAdvice.Lengthening, _ members: [Predictions],
    _ seconds: [String: Double]
  ) {
    let used = measured.networks.indices.filter { best.composition.counts[$0] > 0 }
    let names = Set(used.map { measured.networks[$0] })
    let own = members.filter { names.contains($0.network) }.map(\.name)
    let falling = own.count { lengthening.members.contains($0) }
    guard lengthening.longerEpochs > lengthening.epochs, lengthening.epochs > 0,
      2 * falling >= own.count
    else { return }
    let factor = Double(lengthening.longerEpochs) / Double(lengthening.epochs)
    let estimates = used.compactMap { place in
      times.estimate(measured.networks[place], multiplyAccumulates: measured.costs[place])
        .map { (count: best.composition.counts[place], time: $0) }
    }
    let total = factor * estimates.reduce(0) { $0 + Double($1.count) * $1.time.seconds }
    guard total <= options.budgetSeconds else {
      return omit(.longer, nil, .overBudget, total)
    }
    let intervals = estimates.map { $0.time.interval(trainings: $0.count, timeDraws) }
    let interval = TrainingAdvice.Interval(
      lowerBound: factor * intervals.reduce(0) { $0 + $1.lowerBound },
      upperBound: factor * intervals.reduce(0) { $0 + $1.upperBound })
    append(
      .longer, nil, trainings: best.composition.members, epochs: lengthening.longerEpochs,
      model.longer(times: factor), seconds: total, interval, nil)
  }

  /// How long a training takes; nil, and said, where it is more than the budget.
  private mutating func time(
    _ kind: TrainingAdvice.Kind, _ network: String, _ cost: Int
  ) -> TrainingTimes.Estimate? {
    guard let time = times.estimate(network, multiplyAccumulates: cost) else { return nil }
    guard time.seconds <= options.budgetSeconds else {
      omit(kind, network, .overBudget, time.seconds)
      return nil
    }
    return time
  }

  private mutating func omit(
    _ kind: TrainingAdvice.Kind, _ network: String?, _ reason: TrainingAdvice.Omission.Reason,
    _ seconds: Double
  ) {
    omissions.append(
      TrainingAdvice.Omission(kind: kind, network: network, reason: reason, seconds: seconds))
  }

  private mutating func append(
    _ kind: TrainingAdvice.Kind, _ name: String, trainings: Int, _ expected: ExpectedGain,
    _ time: TrainingTimes.Estimate, _ network: TrainingAdvice.Network?
  ) {
    append(
      kind, name, trainings: trainings, epochs: nil, expected,
      seconds: Double(trainings) * time.seconds,
      time.interval(trainings: trainings, timeDraws), network)
  }

  private mutating func append(
    _ kind: TrainingAdvice.Kind, _ name: String?, trainings: Int, epochs: Int?,
    _ expected: ExpectedGain, seconds: Double, _ interval: TrainingAdvice.Interval,
    _ network: TrainingAdvice.Network?
  ) {
    // The same draws for all steps, so that chance ranks none before another.
    var generator = RandomStream(seed: options.seed, 0x6761_696E)
    let forecast = GainForecast(
      expected, images: images, judgingImages: judgingImages, leastGain: options.leastGain,
      using: &generator)
    steps.append(
      TrainingAdvice.Step(
        kind: kind, network: name, trainings: trainings, epochs: epochs, seconds: seconds,
        secondsInterval: interval,
        ensemble: ensemble(expected.composition, error: expected.error, network),
        gain: forecast.gain, interval: forecast.interval,
        probabilityOfGain: forecast.probabilityOfGain,
        probabilityOfLeastGain: forecast.probabilityOfLeastGain))
  }
}
