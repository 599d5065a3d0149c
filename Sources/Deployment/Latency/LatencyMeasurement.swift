import ArchitectureSearch
import Formatting
import Inference
import Networks
import Runs

extension LatencyTable {
  /// How long each part of a space's networks runs unless the caller says otherwise.
  package static let standardSeconds = 0.3
  /// How many whole networks a space's table is calibrated and checked on.
  package static let (calibrationCount, checkCount) = (8, 16)

  /// Measures the segments of all networks of a space, and checks the sums on whole networks.
  ///
  /// - Parameters:
  ///   - space: A valid one.
  ///   - seconds: How long each segment and each whole network runs.
  ///   - progress: Called after each timing.
  /// - Throws: `NetworkError`, or `InferenceError` where the engine takes no such network.
  package init(
    of space: any SearchSpace, seconds: Double = standardSeconds,
    progress: (LatencyMeasurement.Progress) -> Void
  ) throws {
    // The networks of the check are not among those of the calibration.
    let whole = try space.randomNetworks(Self.calibrationCount + Self.checkCount, seed: 1)
    try self.init(
      measuring: space.networksOfAllSegments(seed: 0),
      calibratedOn: Array(whole.prefix(Self.calibrationCount)),
      checkedOn: Array(whole.dropFirst(Self.calibrationCount)), secondsPerPiece: seconds,
      progress: progress)
  }

  /// Measures the segments of networks one by one, and checks what follows for whole networks.
  ///
  /// Everything is timed in turn, several rounds, the networks of the check too. The time of each is the first decile
  /// of its quietest round, of processor time or of elapsed time, whichever is less: what others do on the machine
  /// disturbs medians, of long networks more than of short segments, and sums of medians would not be comparable to
  /// whole networks. Nothing else should run in the process.
  ///
  /// - Parameters:
  ///   - networks: Those to be predicted, at least one. None of them is run as a whole.
  ///   - calibratedOn: Whole networks, of the kind that is to be predicted, that say by how much segments are quicker
  ///     alone: the processor's caches still hold their weights. All segments' times are multiplied by one factor. None
  ///     leaves the times as they are.
  ///   - checkedOn: Other whole networks, for the check. The segments of these and of `calibratedOn` are measured too.
  ///   - secondsPerPiece: How long each segment and each whole network runs, over the usual rounds; compiling, a warm-up
  ///     of a fifth, and more rounds for what was disturbed come on top.
  ///   - progress: Called after each timing with how far it is.
  /// - Throws: `NetworkError`, or `InferenceError` where the engine takes no such network.
  package init(
    measuring networks: [Network], calibratedOn: [Network] = [], checkedOn: [Network] = [],
    secondsPerPiece: Double = 0.5, progress: (LatencyMeasurement.Progress) -> Void = { _ in }
  ) throws {
    precondition(!networks.isEmpty, "at least one network")
    let wholes = calibratedOn + checkedOn
    let segments = Set((networks + wholes).flatMap { $0.segments() })
    var measurement = try LatencyMeasurement(
      image: networks[0].input, segments: Array(segments), wholes: wholes)
    try measurement.run(seconds: secondsPerPiece, progress: progress)
    let raw = LatencyTable(
      milliseconds: try measurement.segmentMilliseconds(),
      overheadMilliseconds: measurement.overhead, conditions: LatencyMeasurement.conditions)
    let calibrated = try raw.calibrated(on: measurement.comparisons(of: calibratedOn, with: raw))
    self =
      checkedOn.isEmpty
      ? calibrated
      : try calibrated.checked(on: measurement.comparisons(of: checkedOn, with: calibrated))
  }
}

/// Times segments, and whole networks, in turn.
///
/// The engine takes images and gives logits. A segment that takes another map stands behind an adapter, a convolution
/// of 1 x 1 from an image of the map's size; one that gives a map stands before a pooling and a linear layer. Adapter and
/// pooling are timed around nothing too, and half of that, less a run of nothing, is counted off at each end.
package struct LatencyMeasurement {
  /// How often each is timed, at least; and at most, where its two quietest rounds disagree.
  static let (fewestRounds, mostRounds) = (5, 20)
  /// Two rounds agree where the second takes at most this factor of the first.
  private static let agreement = 1.03

  /// How far a measurement is.
  package struct Progress: Hashable, Sendable {
    /// Timings that are done, and those that there are in all.
    package let done, total: Int
    /// An estimate.
    package let secondsLeft: Double
  }

  /// What is timed.
  enum TimedNetwork: Hashable {
    /// Pooling and linear layer on the image itself.
    case nothing(ImageShape)
    /// The adapter to a map, and what follows a map.
    case adapter(ImageShape)
    case segment(NetworkSegment)
    case whole(Network)
  }

  private let image: ImageShape
  private let segments: [NetworkSegment]
  private let timed: [TimedNetwork]
  /// Of the two quietest rounds of each.
  private var quietest: [TimedNetwork: (first: Double, second: Double)] = [:]

  /// Collects what has to be timed, each once.
  ///
  /// - Parameter image: What networks take.
  init(image: ImageShape, segments: [NetworkSegment], wholes: [Network]) throws(NetworkError) {
    self.image = image
    self.segments = segments
    var timed: Set<TimedNetwork> = [.nothing(image)]
    for segment in segments {
      timed.insert(.segment(segment))
      if segment.needsAdapter { timed.insert(.adapter(segment.input)) }
      if case .map(let map) = try segment.output() { timed.insert(.adapter(map)) }
    }
    timed.formUnion(wholes.map(TimedNetwork.whole))
    self.timed = Array(timed)
  }

  /// Times everything for about `seconds` each, and then again what others disturbed.
  mutating func run(seconds: Double, progress: (Progress) -> Void) throws {
    let start = ContinuousClock.now
    var done = 0
    for round in 0..<Self.mostRounds {
      let due = timed.filter { round < Self.fewestRounds || !isSettled($0) }
      let usual = max(0, Self.fewestRounds - round - 1) * timed.count
      let total = done + due.count + usual
      for item in due {
        let found = try Self.milliseconds(
          of: item, round: round, seconds: seconds / Double(Self.fewestRounds))
        record(found, of: item)
        done += 1
        let elapsed = start.duration(to: .now) / .seconds(1)
        progress(
          Progress(
            done: done, total: total, secondsLeft: elapsed / Double(done) * Double(total - done)))
      }
    }
  }

  private mutating func record(_ found: Double, of item: TimedNetwork) {
    let (first, second) = quietest[item] ?? (.infinity, .infinity)
    quietest[item] = (min(first, found), max(first, min(second, found)))
  }

  /// Whether its quietest round was no luck, and another found the same.
  private func isSettled(_ item: TimedNetwork) -> Bool {
    guard let (first, second) = quietest[item] else { return false }
    return second <= Self.agreement * first
  }

  /// Compiled anew in each round: all together might not fit into memory, and another place in memory is another time.
  private static func milliseconds(
    of item: TimedNetwork, round: Int, seconds: Double
  ) throws -> Double {
    let model = try item.network().randomModel(seed: UInt64(round))
    let options = InferenceOptions(threads: 1, cacheDirectory: nil)
    let classifier = try Classifier([model], batch: 1, options: options)
    let times = try InferenceTimes([classifier], seconds: seconds)
    return 1000 * min(times.quantile(0.1), times.processorQuantile(0.1))
  }
}

// MARK: - What follows

extension LatencyMeasurement {
  /// In words.
  fileprivate static var conditions: String {
    let environment = RunEnvironment(command: [], versions: [:], device: "cpu", threads: 1)
    return "one image at a time, one thread, \(InferenceEngine.version), "
      + "\(environment.processor); processor time, the first decile of the quietest of "
      + "\(fewestRounds) to \(mostRounds) rounds"
  }

  /// What a table says of whole networks, beside what they took.
  fileprivate func comparisons(
    of networks: [Network], with table: LatencyTable
  ) throws(NetworkError) -> [LatencyTable.Check.Comparison] {
    var result: [LatencyTable.Check.Comparison] = []
    for network in networks {
      guard let predicted = table.latency(of: network) else { continue }
      result.append(
        LatencyTable.Check.Comparison(
          network: network.name, predictedMilliseconds: predicted,
          measuredMilliseconds: self[.whole(network)]))
    }
    return result
  }

  /// The time that was measured.
  subscript(item: TimedNetwork) -> Double { quietest[item]?.first ?? .nan }

  /// What a run of nothing takes.
  var overhead: Double { self[.nothing(image)] }

  /// What each segment takes within a network.
  func segmentMilliseconds() throws(NetworkError) -> [NetworkSegment: Double] {
    var result: [NetworkSegment: Double] = [:]
    for segment in segments {
      var time = self[.segment(segment)] - overhead
      if segment.needsAdapter { time -= end(segment.input) }
      if case .map(let map) = try segment.output() { time -= end(map) }
      // What is lost in the noise takes some time all the same.
      result[segment] = max(time, Self.shortest)
    }
    return result
  }

  private static let shortest = 0.0001

  /// What stands at one end of a segment that takes or gives such a map.
  private func end(_ map: ImageShape) -> Double { (self[.adapter(map)] - overhead) / 2 }
}

// MARK: - Networks around segments

extension NetworkSegment {
  /// The engine takes images, of three channels, and no other maps.
  fileprivate var needsAdapter: Bool { input.channels != 3 }
}

extension LatencyMeasurement.TimedNetwork {
  /// The network to run.
  fileprivate func network() throws(NetworkError) -> Network {
    switch self {
    case .nothing(let image): try Network.timed(image, [], endsInMap: true)
    case .adapter(let map): try Network.timed(map.image, [.adapter(to: map)], endsInMap: true)
    case .segment(let segment):
      try segment.needsAdapter
        ? Network.timed(
          segment.input.image,
          [.adapter(to: segment.input)] + segment.layers(prefix: "segment", reading: "adapter"),
          endsInMap: segment.givesMap)
        : Network.timed(
          segment.input, segment.layers(prefix: "segment", reading: Network.inputName),
          endsInMap: segment.givesMap)
    case .whole(let network): network
    }
  }
}

extension NetworkSegment {
  fileprivate var givesMap: Bool {
    if case .map? = try? output() { true } else { false }
  }
}

extension ImageShape {
  /// An image of the size.
  fileprivate var image: ImageShape { ImageShape(channels: 3, height: height, width: width) }
}

extension Layer {
  fileprivate static func adapter(to map: ImageShape) -> Layer {
    Layer(
      "adapter",
      .convolution(outputChannels: map.channels, kernelSize: 1, stride: 1, padding: 0),
      inputs: [Network.inputName])
  }
}

extension Network {
  /// The layers over an image, and after a map what makes logits of it.
  fileprivate static func timed(
    _ image: ImageShape, _ layers: [Layer], endsInMap: Bool
  ) throws(NetworkError) -> Network {
    let ending = [
      Layer(
        "pool", .globalAveragePool(keepsDimensions: false), inputs: [layers.last?.name ?? inputName]
      ),
      Layer("head", .linear(outputs: 10), inputs: ["pool"]),
    ]
    return try Network(name: "timed", input: image, layers: layers + (endsInMap ? ending : []))
  }
}
