/// Which images of a member go to which of its workers, and when: a state that is told what happens, and says what is to be done.
///
/// It knows no clock, thread or network.
struct RemoteSchedule {
  typealias Instant = ContinuousClock.Instant
  /// What a worker gave for each image of a request.
  typealias Rows = [Result<[Float], RowFault>]

  /// What is to be done.
  enum Effect {
    case send(RemoteCall)
    case cancel(RemoteCall)
    /// Log-probabilities, in nats, for their requests.
    case deliver([(row: WaitingRow, values: [Float])], seconds: Double)
    /// The member is lost for these.
    case lose([WaitingRow])
    /// The worker is to be probed.
    case prove(replica: Int)
    /// The worker, which serves, is to show that it still computes the member.
    case check(replica: Int)
    /// The worker's state has changed.
    case report(replica: Int)
  }

  struct Limits: Hashable, Sendable {
    /// Images of a request.
    var maximumBatch: Int
    /// Seconds of a request.
    var timeoutSeconds: Double
    /// Requests to a worker that are under way at a time, but for hedges and retries.
    var requestsPerWorker: Int
    /// How often a worker that serves must show that it still computes the member, in seconds.
    var checkSeconds = 20.0
  }

  /// For so long after a proof, what comes over a new connection is taken for the same process's.
  private static let trustSeconds = 0.5
  /// Requests for one batch at most.
  private static let mostCalls = 3
  /// However long it asks for, a worker is asked again after so many seconds: images wait for it where it is alone, and after five
  /// such answers it is ejected.
  private static let longestPause = 1.0
  /// A worker that does not answer for a shorter time, in seconds, is not conspicuous.
  private static let leastSilence = 0.25

  let limits: Limits
  private(set) var replicas: [Replica]
  private var queue = BatchQueue()
  /// No image of the queue counts as lost before.
  private var queueDeadline: Instant?
  private var batches: [Int: RemoteBatch] = [:]
  private var latencies = LatencyWindow()
  private var budget = RetryBudget()
  private var (nextBatch, arrivals) = (0, UInt64(0))

  init(_ addresses: [WorkerAddress], limits: Limits, at now: Instant) {
    replicas = addresses.map { Replica($0, at: now) }
    self.limits = limits
  }

  /// How many images wait.
  var waitingCount: Int { queue.count }

  // MARK: What happens

  /// Images come.
  mutating func submit(_ rows: [WaitingRow], level: Int, at now: Instant) -> [Effect] {
    guard replicas.contains(where: \.isServing) else { return [.lose(rows)] }
    queue.append(rows, level: level, arrival: arrivals)
    arrivals += 1
    for deadline in rows.compactMap(\.job.memberDeadline) {
      queueDeadline = min(queueDeadline ?? deadline, deadline)
    }
    return dispatch(at: now)
  }

  /// A request is over, or its client has left.
  mutating func remove(_ job: InferenceJob, at now: Instant) -> [Effect] {
    queue.remove(job)
    var effects: [Effect] = []
    for number in batches.keys.sorted() {
      guard batches[number]?.settle(where: { $0.job === job }).isEmpty == false else { continue }
      effects += abandonIfSettled(number, isLate: false, at: now)
    }
    return effects + dispatch(at: now)
  }

  /// A request to a worker has ended.
  mutating func finish(
    _ call: RemoteCall, _ outcome: Result<Rows, WorkerFault>, at now: Instant
  ) -> [Effect] {
    guard var batch = batches[call.batch],
      let place = batch.calls.firstIndex(where: { $0 === call })
    else { return [] }
    batch.calls.remove(at: place)
    replicas[call.replica].inFlight -= 1
    batches[call.batch] = batch
    var effects: [Effect]
    switch outcome {
    case .success(let rows): effects = deliver(rows, of: call, at: now)
    case .failure(let fault):
      effects = note(fault, of: call, at: now)
      if batch.calls.isEmpty { effects += goOn(call.batch, after: fault, at: now) }
    }
    return effects + dispatch(at: now)
  }

  /// A probe has ended.
  mutating func noteProof(
    _ outcome: WorkerProof.Outcome, of replica: Int, at now: Instant
  ) -> [Effect] {
    switch outcome {
    case .success(let contract):
      replicas[replica].contract = contract
      (replicas[replica].pausedUntil, replicas[replica].silentSince) = (nil, nil)
      replicas[replica].health.prove()
      noteProven(replica, at: now)
    case .failure(let fault):
      var isRefused = false
      if case .refused = fault { isRefused = true }
      replicas[replica].health.failProbe(
        fault.reason, isRefused: isRefused, at: now, jitter: .random(in: 0..<1))
    }
    return news(of: replica) + dispatch(at: now)
  }

  /// A worker that serves has shown once more what it computes.
  mutating func noteCheck(
    _ outcome: WorkerProof.Outcome, of replica: Int, at now: Instant
  ) -> [Effect] {
    guard replicas[replica].isServing else { return [] }
    switch outcome {
    case .success: noteProven(replica, at: now)
    case .failure(.unavailable): break
    case .failure(.refused(let reason)):
      replicas[replica].health.failProbe(
        reason, isRefused: true, at: now, jitter: .random(in: 0..<1))
    }
    return news(of: replica) + dispatch(at: now)
  }

  private mutating func noteProven(_ replica: Int, at now: Instant) {
    replicas[replica].proven = now
    replicas[replica].nextCheck = now + .seconds(limits.checkSeconds)
  }

  /// Whether what a worker answered may be another process's than the one that has proven itself.
  func isDoubtful(_ call: RemoteCall, isNewConnection: Bool) -> Bool {
    guard isNewConnection, let proven = replicas[call.replica].proven else { return false }
    return proven.duration(to: call.start) > .seconds(Self.trustSeconds)
  }

  /// What is to be reported of a worker: each state once, until it has another.
  private mutating func news(of replica: Int) -> [Effect] {
    let state = replicas[replica].state
    guard state != replicas[replica].reported else { return [] }
    replicas[replica].reported = state
    return [.report(replica: replica)]
  }

  /// Time has passed.
  mutating func advance(to now: Instant) -> [Effect] {
    var effects: [Effect] = []
    effects += expire(at: now)
    effects += hedge(at: now)
    for replica in replicas.indices {
      if let end = replicas[replica].pausedUntil, end <= now { replicas[replica].pausedUntil = nil }
      if replicas[replica].isServing, let check = replicas[replica].nextCheck, check <= now {
        replicas[replica].nextCheck = now + .seconds(limits.checkSeconds)
        effects.append(.check(replica: replica))
      }
      guard let probe = replicas[replica].health.nextProbe, probe <= now else { continue }
      replicas[replica].health.beginProbe()
      effects.append(.prove(replica: replica))
    }
    return effects + dispatch(at: now)
  }

  /// When time must be looked at again; nil for never.
  var nextEvent: Instant? {
    var events = replicas.compactMap { $0.isServing ? $0.nextCheck : $0.health.nextProbe }
    if !queue.isEmpty {
      events += replicas.compactMap(\.pausedUntil) + [queueDeadline].compactMap(\.self)
    }
    for batch in batches.values {
      events += [batch.hedge, batch.earliestDeadline].compactMap(\.self)
    }
    return events.min()
  }

  // MARK: Requests

  /// Sends what waits to workers that have room for it.
  private mutating func dispatch(at now: Instant) -> [Effect] {
    guard !queue.isEmpty else { return [] }
    guard replicas.contains(where: \.isServing) else { return [.lose(queue.take(queue.count))] }
    var effects: [Effect] = []
    while !queue.isEmpty {
      let free = replicas.indices.filter { hasRoom($0, at: now) }
      guard let replica = leastAsked(free), let contract = replicas[replica].contract else { break }
      // Workers that are idle share what waits.
      let idle = max(1, free.count { replicas[$0].inFlight == 0 })
      let share = (queue.count + idle - 1) / idle
      let size = min(share, limits.maximumBatch, contract.maximumBatch)
      let rows = queue.take(size).filter { !$0.job.isFinished }
      guard !rows.isEmpty else { continue }
      batches[nextBatch] = RemoteBatch(rows)
      budget.deposit()
      effects += call(replica, for: nextBatch, .first, at: now)
      nextBatch += 1
    }
    return effects
  }

  private func hasRoom(_ replica: Int, at now: Instant) -> Bool {
    let replica = replicas[replica]
    return replica.isServing && replica.inFlight < limits.requestsPerWorker
      && replica.pausedUntil.map { $0 <= now } ?? true
  }

  private func leastAsked(_ candidates: [Int]) -> Int? {
    candidates.min {
      (replicas[$0].inFlight, replicas[$0].requests)
        < (replicas[$1].inFlight, replicas[$1].requests)
    }
  }

  private mutating func call(
    _ replica: Int, for number: Int, _ kind: RemoteCall.Kind, at now: Instant
  ) -> [Effect] {
    guard var batch = batches[number], let contract = replicas[replica].contract else { return [] }
    let left = batch.latestDeadline.map { now.duration(to: $0) / .seconds(1) } ?? .infinity
    let call = RemoteCall(
      batch: number, replica: replica, address: replicas[replica].address, contract: contract,
      kind: kind, input: batch.input, start: now,
      timeoutSeconds: max(0.001, min(limits.timeoutSeconds, left)))
    batch.calls.append(call)
    batch.asked.insert(replica)
    batch.hedge = nil
    if kind == .first, replicas.count > 1 {
      batch.hedge = latencies.percentile95.map { now + .seconds($0) }
    }
    batches[number] = batch
    replicas[replica].inFlight += 1
    replicas[replica].requests += 1
    if kind == .hedge { replicas[replica].hedges += 1 }
    if kind == .retry { replicas[replica].retries += 1 }
    return [.send(call)]
  }

  /// Another worker for a batch, where there is one and the budget allows it.
  private mutating func another(for batch: RemoteBatch, at now: Instant) -> Int? {
    guard batch.asked.count < Self.mostCalls else { return nil }
    let others = replicas.indices.filter { replica in
      !batch.asked.contains(replica) && replicas[replica].isServing
        && replicas[replica].pausedUntil.map { $0 <= now } ?? true
    }
    guard let other = leastAsked(others), budget.withdraw() else { return nil }
    return other
  }

  private mutating func hedge(at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    for number in batches.keys.sorted() {
      guard let batch = batches[number], let hedge = batch.hedge, hedge <= now else { continue }
      batches[number]?.hedge = nil
      if let other = another(for: batch, at: now) {
        effects += call(other, for: number, .hedge, at: now)
      }
    }
    return effects
  }

  // MARK: Ends

  private mutating func deliver(_ rows: Rows, of call: RemoteCall, at now: Instant) -> [Effect] {
    guard let batch = batches.removeValue(forKey: call.batch) else { return [] }
    let seconds = call.start.duration(to: now) / .seconds(1)
    replicas[call.replica].succeed(images: rows.count, seconds: seconds)
    latencies.add(seconds)
    var (found, lost) = ([(row: WaitingRow, values: [Float])](), [WaitingRow]())
    for (place, row) in batch.input.rows.enumerated() where !batch.isSettled[place] {
      switch rows[place] {
      case .success(let values): found.append((row, values))
      case .failure: lost.append(row)
      }
    }
    var effects: [Effect] = [.deliver(found, seconds: seconds)]
    if !lost.isEmpty { effects.append(.lose(lost)) }
    for other in batch.calls {
      replicas[other.replica].inFlight -= 1
      effects.append(.cancel(other))
    }
    return effects
  }

  /// Counts a failure.
  private mutating func note(
    _ fault: WorkerFault, of call: RemoteCall, at now: Instant
  ) -> [Effect] {
    let replica = call.replica
    replicas[replica].failures += 1
    switch fault {
    case .timedOut where !isSilent(call, isLate: true, at: now): return []
    case .busy(_, let seconds, _):
      replicas[replica].pausedUntil = now + .seconds(min(max(0, seconds), Self.longestPause))
    default: break
    }
    let isEjected = replicas[replica].health.fail(fault, at: now, jitter: .random(in: 0..<1))
    return isEjected ? news(of: replica) : []
  }

  /// Whether a worker has not answered for so long that it is conspicuous, now that a request to it is given up.
  ///
  /// - Parameter isLate: Whether the request's time is over. Those that are ended for another reason, as where another member is
  ///   lost, say something only by themselves: of many that are ended soon, none can be answered.
  private mutating func isSilent(_ call: RemoteCall, isLate: Bool, at now: Instant) -> Bool {
    let usual = latencies.percentile95
    let long = min(max(4 * (usual ?? 0), Self.leastSilence), limits.timeoutSeconds)
    let lived = call.start.duration(to: now) / .seconds(1)
    // Timers may be a little early. A time limit that few answers keep says nothing either.
    guard lived >= 0.99 * (isLate ? usual ?? long : long) else { return false }
    let since = min(replicas[call.replica].silentSince ?? call.start, call.start)
    replicas[call.replica].silentSince = since
    return since.duration(to: now) / .seconds(1) >= 0.99 * long
  }

  /// What becomes of a batch whose last request has failed.
  private mutating func goOn(
    _ number: Int, after fault: WorkerFault, at now: Instant
  ) -> [Effect] {
    guard let batch = batches[number] else { return [] }
    let rows = batch.unsettled.filter { !$0.job.isFinished }
    if !rows.isEmpty, fault.permitsAnother, let other = another(for: batch, at: now) {
      return call(other, for: number, .retry, at: now)
    }
    batches[number] = nil
    var lost = rows
    if case .busy = fault, replicas.contains(where: \.isServing) {
      lost = putBack(rows, at: now)
    }
    return lost.isEmpty ? [] : [.lose(lost)]
  }

  /// Lets images wait until a worker wants requests again.
  ///
  /// - Returns: Those whose time will be over by then.
  private mutating func putBack(_ rows: [WaitingRow], at now: Instant) -> [WaitingRow] {
    let end = replicas.filter(\.isServing).map { $0.pausedUntil ?? now }.min() ?? now
    func canWait(_ row: WaitingRow) -> Bool { row.job.memberDeadline.map { $0 > end } ?? true }
    for row in rows where canWait(row) {
      queue.append([row], level: row.job.level, arrival: arrivals)
      if let deadline = row.job.memberDeadline {
        queueDeadline = min(queueDeadline ?? deadline, deadline)
      }
    }
    arrivals += 1
    return rows.filter { !canWait($0) }
  }

  private mutating func expire(at now: Instant) -> [Effect] {
    func isLate(_ row: WaitingRow) -> Bool { row.job.memberDeadline.map { $0 <= now } ?? false }
    var (effects, lost) = ([Effect](), [WaitingRow]())
    if let deadline = queueDeadline, deadline <= now {
      lost += queue.removeAll(where: isLate)
      queueDeadline = queue.earliestDeadline
    }
    for number in batches.keys.sorted() {
      let late = batches[number]?.settle(where: isLate) ?? []
      guard !late.isEmpty else { continue }
      lost += late
      effects += abandonIfSettled(number, isLate: true, at: now)
    }
    return lost.isEmpty ? effects : effects + [.lose(lost)]
  }

  /// Ends a batch's requests where none of its images is waited for.
  ///
  /// - Parameter isLate: Whether their time is over.
  private mutating func abandonIfSettled(
    _ number: Int, isLate: Bool, at now: Instant
  ) -> [Effect] {
    guard let batch = batches[number], batch.unsettled.isEmpty else { return [] }
    batches[number] = nil
    var effects: [Effect] = []
    for call in batch.calls {
      replicas[call.replica].inFlight -= 1
      effects.append(.cancel(call))
      guard isSilent(call, isLate: isLate, at: now) else { continue }
      let seconds = call.start.duration(to: now) / .seconds(1)
      effects += note(.timedOut(seconds: seconds), of: call, at: now)
    }
    return effects
  }
}

extension WorkerFault {
  /// Whether another worker may do better. The client's faults stay faults.
  fileprivate var permitsAnother: Bool {
    switch self {
    case .refused, .cancelled: false
    case .unreachable, .timedOut, .unusable, .broken, .busy, .failed, .badAnswer: true
    }
  }
}
