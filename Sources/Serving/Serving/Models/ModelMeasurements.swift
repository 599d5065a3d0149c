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
}

/// What was measured of a model since it was loaded.
package struct ModelMeasurements: Sendable {
  /// What the protocol's statistics say.
  package let statistics: ModelStatistics
  /// The members' names, in order.
  package let members: [String]
  /// How many images stopped after each member.
  package let exits: [Int]
  /// How many images each member ran on.
  package let memberImages: [Int]
  /// Requests without an answer, by reason.
  package let failures: [FailureReason: Int]
  /// Requests that wait or are computed.
  package let pendingRequests: Int
  /// How long requests took that were answered.
  package let durations: DurationHistogram
  /// The workers of members that run on other servers.
  package let workers: [WorkerMeasurements]

  init(_ counts: ModelRecord.Counts, members: [String], workers: [WorkerMeasurements]) {
    self.workers = workers
    statistics = counts.statistics
    self.members = members
    exits = counts.exits
    memberImages = counts.memberImages
    failures = counts.failures
    pendingRequests = counts.pendingRequests
    durations = counts.durations
  }
}
