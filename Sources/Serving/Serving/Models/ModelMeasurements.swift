import Deployment
import Ensembles

/// Why a request was not answered, as Triton's metrics have it.
package enum FailureReason: String, Hashable, Sendable, CaseIterable {
  /// The queue was full, or the time over.
  case rejected = "REJECTED"
  /// The client left.
  case canceled = "CANCELED"
  /// A model failed.
  case backend = "BACKEND"
  /// All else, such as an input of the wrong shape.
  case other = "OTHER"

  init(_ error: ProtocolError) {
    self =
      switch error {
      case .overloaded, .deadlineExceeded: .rejected
      case .cancelled: .canceled
      case .internalFault, .membersLost: .backend
      default: .other
      }
  }
}

/// How many requests took how long.
package struct DurationHistogram: Hashable, Sendable {
  /// The upper bounds of the bins, in seconds, ascending; the last bin has none.
  package static let bounds = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30,
  ]

  /// Requests of each bin; one more than there are bounds.
  package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  /// All of them together, in seconds.
  package private(set) var sum = 0.0

  /// Adds a request.
  mutating func add(_ seconds: Double) {
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    sum += seconds
  }

  /// A duration that is known by its bin.
  package struct Quantile: Hashable, Sendable {
    /// The bin, in seconds; the last one has no upper bound.
    package let lowerBound: Double
    package let upperBound: Double?
    /// Between its bounds as if its requests lay there at equal distances; of the last bin the lower bound.
    package let estimate: Double
  }

  /// The duration that a share of the requests does not exceed; nil where there are none.
  ///
  /// - Parameter share: In `0...1`.
  package func quantile(_ share: Double) -> Quantile? {
    let rank = share * Double(counts.reduce(0, +))
    var before = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      defer { before += count }
      guard Double(before + count) >= rank else { continue }
      let lower = bin > 0 ? Self.bounds[bin - 1] : 0
      guard bin < Self.bounds.count else {
        return Quantile(lowerBound: lower, upperBound: nil, estimate: lower)
      }
      let upper = Self.bounds[bin]
      let part = max(0, rank - Double(before)) / Double(count)
      return Quantile(
        lowerBound: lower, upperBound: upper, estimate: lower + part * (upper - lower))
    }
    return nil
  }
}

/// Images that were answered without some members.
package struct DegradedCount: Hashable, Sendable {
  /// The members, by name.
  package let missing: [String]
  /// How many images.
  package let images: Int
  /// The share of the hold-out that is right without the members; nil where it is not known any more.
  package let expectedAccuracy: Double?
}

/// What was measured of a model since it was loaded, or loaded with other members.
package struct ModelMeasurements: Sendable {
  /// What the protocol's statistics say.
  package let statistics: ModelStatistics
  /// The members' names, in order.
  package let members: [String]
  /// How many images stopped after each member.
  package let exits: [Int]
  /// How many images each member ran on.
  package let memberImages: [Int]
  /// Of each member, how many images went on without it, by why.
  package let losses: [[String: Int]]
  /// Of each member, what went wrong with it last; empty where nothing is known.
  package let lossDetails: [String]
  /// Images that were answered without some members, by the members that are missing.
  package let degraded: [DegradedCount]
  /// Requests without an answer, by reason.
  package let failures: [FailureReason: Int]
  /// Requests that wait or are computed.
  package let pendingRequests: Int
  /// How long requests took that were answered.
  package let durations: DurationHistogram
  /// When images stop whose members run one after another; nil where all run.
  package let stops: CascadeStops?
  /// The share of the hold-out that the whole ensemble predicts right; nil where it is not known.
  package let expectedAccuracy: Double?
  /// Whether its traffic looks like its hold-out.
  package let drift: DriftReport
  /// The workers of members that run on other servers.
  package let workers: [WorkerMeasurements]

  init(
    _ counts: ModelRecord.Counts, members: [String], of manifest: EnsembleManifest,
    drift: DriftReport, workers: [WorkerMeasurements]
  ) {
    self.drift = drift
    self.workers = workers
    stops = manifest.cascade
    expectedAccuracy = manifest.expectedService?.accuracy.value
    statistics = counts.statistics
    self.members = members
    exits = counts.exits
    memberImages = counts.memberImages
    losses = counts.losses.map { losses in
      Dictionary(uniqueKeysWithValues: losses.map { ($0.key.rawValue, $0.value) })
    }
    lossDetails = counts.lossDetails
    degraded = counts.degraded.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { places, images in
        let missing = places.map { members[$0] }
        let service = manifest.expectedService?.reductions.first {
          Set($0.missing) == Set(missing)
        }
        return DegradedCount(
          missing: missing, images: images, expectedAccuracy: service?.accuracy.value)
      }
    failures = counts.failures
    pendingRequests = counts.pendingRequests
    durations = counts.durations
  }
}
