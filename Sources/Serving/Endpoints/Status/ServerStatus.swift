import Serving

/// What the page shows of the server's work: `GET /status`.
struct ServerStatus: Encodable {
  /// By name.
  let models: [ModelStatus]
  /// The servers that run members.
  let workers: [WorkerStatus]

  init(_ measurements: [ModelMeasurements]) {
    models = measurements.map(ModelStatus.init)
    workers = measurements.flatMap { model in
      model.workers.map { WorkerStatus($0, of: model.statistics.name) }
    }
  }
}

/// A server that runs a member.
struct WorkerStatus: Encodable {
  let model: String
  let member: String
  let url: String
  /// `serving`, `ejected`, `probing` or `refused`.
  let state: String
  /// Why it gets no requests; absent where it does.
  let reason: String?
  /// Requests sent to it, hedges and retries among them.
  let requests: Int
  /// Images that it answered.
  let images: Int
  /// Requests without an answer that can be used.
  let failures: Int
  let hedges: Int
  let retries: Int
  /// Requests that are under way.
  let inFlight: Int
  /// Of the last answers, in seconds; absent where there is none.
  let p50, p95: Double?

  private enum CodingKeys: String, CodingKey {
    case model, member, url, state, reason, requests, images, failures, hedges, retries, p50, p95
    case inFlight = "in_flight"
  }

  init(_ worker: WorkerMeasurements, of model: String) {
    self.model = model
    (member, url) = (worker.member, worker.url)
    (state, reason) = (worker.state.rawValue, worker.reason)
    (requests, images, failures) = (worker.requests, worker.images, worker.failures)
    (hedges, retries, inFlight) = (worker.hedges, worker.retries, worker.inFlight)
    (p50, p95) = (worker.medianSeconds, worker.percentile95Seconds)
  }
}

/// What one model has done since it was loaded.
struct ModelStatus: Encodable {
  let name: String
  let version: String
  /// The members' names, in order.
  let members: [String]
  /// When images stop whose members run one after another; absent where all run.
  let stops: Stops?
  /// The share of the hold-out that the whole ensemble predicts right; absent where it is not known.
  let expectedAccuracy: Double?
  let requests: Requests
  let latency: Latency
  /// In the members' order.
  let exits: [Exit]
  /// By size, ascending.
  let batches: [Batch]
  /// Images that were answered without members.
  let degraded: [Degraded]
  /// Images that a member was lost for.
  let lost: [Lost]
  let drift: DriftStatus

  private enum CodingKeys: String, CodingKey {
    case name, version, members, requests, latency, exits, batches, degraded, lost, drift, stops
    case expectedAccuracy = "expected_accuracy"
  }

  struct Requests: Encodable {
    let answered: UInt64
    /// Images of those that were answered.
    let images: UInt64
    /// Requests that wait or are computed.
    let pending: Int
    /// Requests without an answer, by reason as in Triton's metrics.
    let failed: [String: Int]
  }

  /// How long requests took that were answered. A page that asks again subtracts the counts for what came between.
  struct Latency: Encodable {
    /// Upper bounds of the bins, in seconds; the last bin has none.
    let bounds = DurationHistogram.bounds
    /// Requests of each bin, one more than there are bounds.
    let counts: [Int]
    /// All together, in seconds.
    let sum: Double
    /// Absent where there were none.
    let p50, p95, p99: Quantile?
  }

  /// In seconds.
  struct Quantile: Encodable {
    /// Between the bounds of its bin, as if requests lay there at equal distances.
    let estimate: Double
    /// The bounds of its bin; the last one has no upper.
    let lower: Double
    let upper: Double?

    init(_ quantile: DurationHistogram.Quantile) {
      (estimate, lower) = (quantile.estimate, quantile.lowerBound)
      upper = quantile.upperBound
    }
  }

  struct Stops: Encodable {
    /// What measures how sure a prediction is, as in `ensemble.json`.
    let confidence: String
    /// Of each member but the last: from which on an image stops; null where every image goes on.
    let thresholds: [Double?]
  }

  struct Exit: Encodable {
    /// The member.
    let member: String
    /// Images that stopped after it.
    let stopped: Int
    /// Images that it computed.
    let computed: Int
  }

  struct Batch: Encodable {
    /// Images of a batch.
    let size: Int
    let count: UInt64
  }

  struct Degraded: Encodable {
    /// The members that were missing.
    let missing: [String]
    let images: Int
    /// The share of the hold-out that is right without them; absent where it is not known.
    let expectedAccuracy: Double?

    private enum CodingKeys: String, CodingKey {
      case missing, images
      case expectedAccuracy = "expected_accuracy"
    }
  }

  struct Lost: Encodable {
    let member: String
    /// Images by why it was lost for them.
    let images: [String: Int]
    /// What went wrong last; absent where that is not known.
    let detail: String?
  }

  init(_ model: ModelMeasurements) {
    let statistics = model.statistics
    (name, version) = (statistics.name, statistics.version)
    members = model.members
    stops = model.stops.map {
      Stops(confidence: $0.confidence.rawValue, thresholds: $0.confidenceThresholds)
    }
    expectedAccuracy = model.expectedAccuracy
    requests = Requests(
      answered: statistics.requests.success.count, images: statistics.inferenceCount,
      pending: model.pendingRequests,
      failed: Dictionary(
        uniqueKeysWithValues: FailureReason.allCases.map {
          ($0.rawValue, model.failures[$0] ?? 0)
        }))
    let durations = model.durations
    latency = Latency(
      counts: durations.counts, sum: durations.sum,
      p50: durations.quantile(0.5).map(Quantile.init),
      p95: durations.quantile(0.95).map(Quantile.init),
      p99: durations.quantile(0.99).map(Quantile.init))
    exits = model.members.indices.map {
      Exit(
        member: model.members[$0], stopped: model.exits[$0], computed: model.memberImages[$0])
    }
    batches = statistics.batches.map { Batch(size: $0.batchSize, count: $0.computeInfer.count) }
    degraded = model.degraded.map {
      Degraded(missing: $0.missing, images: $0.images, expectedAccuracy: $0.expectedAccuracy)
    }
    lost = model.members.indices.filter { !model.losses[$0].isEmpty }.map {
      let detail = model.lossDetails[$0]
      return Lost(
        member: model.members[$0], images: model.losses[$0], detail: detail.isEmpty ? nil : detail)
    }
    drift = DriftStatus(model.drift)
  }
}
