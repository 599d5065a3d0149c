/// Where a worker stands.
package enum WorkerState: String, Hashable, Sendable, CaseIterable {
  /// It gets requests.
  case serving
  /// It failed, or was not there, and gets none until it is probed.
  case ejected
  /// It is being probed.
  case probing
  /// It answers, and does not compute the member.
  case refused
}

/// A worker whose state has changed.
package struct WorkerChange: Hashable, Sendable {
  /// The model, as clients call it.
  package let model: String
  /// The member.
  package let member: String
  /// The worker.
  package let url: String
  /// Its state now.
  package let state: WorkerState
  /// Why it gets no requests; nil where it does.
  package let reason: String?
}

/// What was measured of a worker since its model was loaded.
package struct WorkerMeasurements: Hashable, Sendable {
  /// The member that it computes.
  package let member: String
  /// Where it is.
  package let url: String
  /// Whether it gets requests.
  package let state: WorkerState
  /// Why it gets none; nil where it does.
  package let reason: String?
  /// Requests sent to it, hedges and retries among them.
  package let requests: Int
  /// Images that it answered.
  package let images: Int
  /// Requests without an answer that can be used.
  package let failures: Int
  /// Requests that were sent to it because another worker took long.
  package let hedges: Int
  /// Requests that were sent to it because another worker failed.
  package let retries: Int
  /// Requests that are under way.
  package let inFlight: Int
  /// Of the last answers, the median latency in seconds; nil where there is none.
  package let medianSeconds: Double?
  /// The 95th percentile.
  package let percentile95Seconds: Double?
  /// How long answers took.
  package let durations: DurationHistogram
}
