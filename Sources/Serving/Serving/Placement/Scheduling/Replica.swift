/// One worker of a member, as its requests are scheduled.
struct Replica: Sendable {
  let address: WorkerAddress
  /// How it is asked; nil until it has proven that it computes the member.
  var contract: WorkerContract?
  var health: ReplicaHealth
  /// When it proved last that it computes the member.
  var proven: ContinuousClock.Instant?
  /// When it is to prove it once more; nil where it is not asked at all.
  var nextCheck: ContinuousClock.Instant?
  /// Until when it wants no requests.
  var pausedUntil: ContinuousClock.Instant?
  /// Since when it has answered none of the requests that were long enough; nil where it has.
  var silentSince: ContinuousClock.Instant?
  var inFlight = 0
  /// The state that was last reported.
  var reported: WorkerState?
  private(set) var latencies = LatencyWindow()
  private(set) var durations = DurationHistogram()
  var (requests, images, failures, hedges, retries) = (0, 0, 0, 0, 0)

  init(_ address: WorkerAddress, at now: ContinuousClock.Instant) {
    self.address = address
    health = ReplicaHealth(probingAt: now)
  }

  /// Whether it may be asked at all.
  var isServing: Bool { health.isServing && contract != nil }

  /// Notes an answer.
  mutating func succeed(images: Int, seconds: Double) {
    health.succeed()
    silentSince = nil
    self.images += images
    latencies.add(seconds)
    durations.add(seconds)
  }

  /// Where it stands.
  var state: WorkerState {
    switch health.state {
    case .serving: .serving
    case .ejected: health.isRefused ? .refused : .ejected
    case .probing: .probing
    }
  }

  func measurements(member: String) -> WorkerMeasurements {
    WorkerMeasurements(
      member: member, url: address.url, state: state, reason: health.reason, requests: requests,
      images: images, failures: failures, hedges: hedges, retries: retries, inFlight: inFlight,
      medianSeconds: latencies.quantile(0.5), percentile95Seconds: latencies.quantile(0.95),
      durations: durations)
  }
}
