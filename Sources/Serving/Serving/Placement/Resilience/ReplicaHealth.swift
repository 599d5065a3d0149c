/// Whether a worker gets requests: it is ejected after failures in a row, probed with growing delays, and is back when it has
/// proven once more that it computes the member.
struct ReplicaHealth: Hashable, Sendable {
  typealias Instant = ContinuousClock.Instant

  /// Where a worker stands.
  enum State: Hashable, Sendable {
    /// It gets requests.
    case serving
    /// It gets none until it has been probed, at `next`.
    case ejected(next: Instant)
    /// It is being probed.
    case probing
  }

  /// What counts against a worker until it is ejected; of failures that say little, as many in a row as Envoy has by default.
  static let limit = 5
  /// From an ejection to the first probe, and at most from one to the next: so that a worker serves again within 10 s.
  private static let (firstDelay, longestDelay) = (0.5, 4.0)
  /// A worker that is back for so many answers has not merely been seen between two failures.
  private static let steadyAnswers = 10

  private(set) var state: State
  /// Why it was ejected or refused; nil while it serves.
  private(set) var reason: String?
  /// Whether it was found not to compute the member, rather than not there.
  private(set) var isRefused = false
  private var suspicion = 0
  private var probes = 0
  private var answers = 0

  /// One that is to be probed.
  init(probingAt instant: Instant) {
    state = .ejected(next: instant)
    reason = "not asked yet"
  }

  /// Whether it gets requests.
  var isServing: Bool { state == .serving }

  /// When it is to be probed; nil where it is not.
  var nextProbe: Instant? {
    if case .ejected(let next) = state { next } else { nil }
  }

  /// Notes an answer.
  mutating func succeed() {
    suspicion = 0
    answers += 1
    if answers >= Self.steadyAnswers { probes = 0 }
  }

  /// Notes a failure.
  ///
  /// - Parameter jitter: In `0..<1`; keeps several servers from probing at once.
  /// - Returns: Whether it is ejected by it.
  mutating func fail(_ fault: WorkerFault, at now: Instant, jitter: Double) -> Bool {
    guard isServing else { return false }
    suspicion += fault.suspicion
    guard suspicion >= Self.limit else { return false }
    eject("\(fault)", at: now, jitter: jitter)
    return true
  }

  /// Notes that a probe has begun.
  mutating func beginProbe() { state = .probing }

  /// Notes that it computes the member.
  mutating func prove() {
    (state, reason, isRefused, suspicion, answers) = (.serving, nil, false, 0, 0)
  }

  /// Notes that it cannot be used, and when to look again.
  ///
  /// - Parameter isRefused: Whether it answers, and does not compute the member.
  mutating func failProbe(_ reason: String, isRefused: Bool, at now: Instant, jitter: Double) {
    eject(reason, at: now, jitter: jitter)
    self.isRefused = isRefused
  }

  private mutating func eject(_ reason: String, at now: Instant, jitter: Double) {
    let delay = min(Self.firstDelay * Double(1 << min(probes, 10)), Self.longestDelay)
    state = .ejected(next: now + .seconds(delay * (0.8 + 0.4 * jitter)))
    self.reason = reason
    probes += 1
  }
}

extension WorkerFault {
  /// How much it counts against a worker, of `ReplicaHealth.limit`.
  fileprivate var suspicion: Int {
    switch self {
    // Nothing is there: no need to look five times.
    case .unreachable, .unusable: ReplicaHealth.limit
    // Each costs its callers much time.
    case .timedOut: 3
    case .broken, .busy, .refused, .failed, .badAnswer: 1
    case .cancelled: 0
    }
  }
}
