import Deployment
import Dispatch
import Synchronization

/// A member of an ensemble that runs on other servers.
///
/// Images wait here, are sent to a worker as soon as one has room, and are answered to their requests; where no worker can be
/// asked, or none answers in time, the member is lost for them. Nothing waits on a thread.
final class RemoteMember: Sendable {
  private struct State {
    var schedule: RemoteSchedule
    /// When the timer fires; nil for never.
    var alarm: ContinuousClock.Instant?
    var isClosed = false
  }

  /// Of each step of a probe, in seconds: a worker's first answer takes longer than others.
  private static let proofTimeout = 5.0

  private let model: String
  private let member: EnsembleMember
  /// Its place in the ensemble.
  private let index: Int
  private let options: RemoteOptions
  private let limits: RemoteSchedule.Limits
  private let record: ModelRecord
  private let proof: ProofBatch
  private let state: Mutex<State>
  /// Where answers are read: the transport's thread must not wait for it.
  private let queue = DispatchQueue(label: "consort.remote-member", attributes: .concurrent)
  // Sources of Dispatch may be used from any thread at once; their type does not say so.
  nonisolated(unsafe) private let timer: any DispatchSourceTimer

  /// Computes here, once, what the workers must say; none is asked yet.
  ///
  /// - Throws: `InferenceError`.
  init(
    _ member: EnsembleMember, index: Int, model: String, at addresses: [WorkerAddress],
    options: RemoteOptions, serving: ServingOptions, record: ModelRecord
  ) throws {
    self.member = member
    self.index = index
    self.model = model
    self.options = options
    self.record = record
    limits = RemoteSchedule.Limits(
      maximumBatch: serving.maximumBatch, timeoutSeconds: options.timeoutSeconds,
      requestsPerWorker: options.requestsPerWorker, checkSeconds: options.checkSeconds)
    proof = try ProofBatch(member, options: serving.inference)
    state = Mutex(State(schedule: RemoteSchedule(addresses, limits: limits, at: .now)))
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .distantFuture)
    timer.setEventHandler { [weak self] in self?.ring() }
    timer.activate()
  }

  deinit { timer.cancel() }

  /// Asks no worker any more. No image may wait.
  func close() {
    state.withLock { $0.isClosed = true }
    timer.cancel()
  }

  /// What was measured of its workers.
  var measurements: [WorkerMeasurements] {
    state.withLock { $0.schedule.replicas }.map { $0.measurements(member: member.name) }
  }

  /// Whether a worker can be asked.
  var isServed: Bool { state.withLock { $0.schedule.replicas.contains(where: \.isServing) } }

  // MARK: Images

  /// Takes images in; their request learns of each, and not on this thread where the member is lost.
  func submit(_ rows: [WaitingRow], level: Int) {
    guard !rows.isEmpty else { return }
    change { $0.submit(rows, level: level, at: .now) }
  }

  /// Lets go of the images of a request that is over.
  func remove(_ job: InferenceJob) { change { $0.remove(job, at: .now) } }

  /// Changes the schedule, and does what follows from it.
  private func change(_ body: (inout RemoteSchedule) -> [RemoteSchedule.Effect]) {
    let effects = state.withLock { state in
      let effects = body(&state.schedule)
      setAlarm(&state)
      return effects
    }
    for effect in effects { perform(effect) }
  }

  private func setAlarm(_ state: inout State) {
    guard !state.isClosed, let next = state.schedule.nextEvent else { return }
    if let alarm = state.alarm, alarm <= next { return }
    state.alarm = next
    timer.schedule(
      deadline: .now() + max(0, ContinuousClock.now.duration(to: next) / .seconds(1)))
  }

  private func ring() {
    state.withLock { $0.alarm = nil }
    change { $0.advance(to: .now) }
  }

  private func perform(_ effect: RemoteSchedule.Effect) {
    switch effect {
    case .send(let call): send(call)
    case .cancel(let call): call.cancel()
    case .deliver(let found, let seconds):
      record.addBatch(found.count, seconds: seconds)
      for job in jobs(of: found.map(\.row)) {
        job.receive(
          found.filter { $0.row.job === job }.map { ($0.row.row, $0.values) }, from: index)
      }
    case .lose(let rows):
      let reason = measurements.compactMap(\.reason).first ?? "no worker answered in time"
      // Not at once: a request may be in the middle of handing out its images.
      queue.async { [index] in
        for job in jobs(of: rows) {
          job.lose(
            rows.filter { $0.job === job }.map(\.row), of: index, because: .unreachable, reason)
        }
      }
    case .prove(let replica):
      beginProof(of: replica) { [weak self] outcome in
        self?.change { $0.noteProof(outcome, of: replica, at: .now) }
      }
    case .check(let replica): check(replica) { _ in }
    case .report(let replica): report(replica)
    }
  }

  // MARK: Requests to workers

  private func send(_ call: RemoteCall) {
    guard !call.isCancelled else { return }
    for row in call.input.rows { row.job.noteStart(at: call.start) }
    let message: EncodedMessage
    do throws(TensorFault) {
      message = try self.message(of: call)
    } catch {
      return finish(call, .failure(.badAnswer("\(error)")))
    }
    var request = WorkerRequest(
      url: "\(call.address.url)/infer", message: message, timeoutSeconds: call.timeoutSeconds)
    request.bodyLimit = 65_536 + 64 * call.input.rows.count * member.model.classes
    let sending = options.transport.send(request) { [self] outcome in
      queue.async { [self] in finish(call, outcome) }
    }
    call.keep(sending)
  }

  private func message(of call: RemoteCall) throws(TensorFault) -> EncodedMessage {
    let rows = call.input.rows
    let input = try InferenceTensor(
      name: call.contract.input, type: .float32,
      shape: TensorShape(member.model.input.shape(batch: rows.count)),
      bytes: call.input.bytes(for: member, at: index))
    // A margin for the way: the worker's answer is to be here when the time is over.
    let microseconds = Int64(call.timeoutSeconds * 0.95e6)
    var outgoing = OutgoingRequest(
      id: Self.id(of: call, for: member), inputs: [input],
      outputs: [RequestedOutput(name: call.contract.output)],
      parameters: [
        "timeout": .integer(max(1, microseconds)),
        InferenceRequest.ofEnsembleName: .boolean(true),
      ])
    outgoing.isBinary = call.contract.isBinary
    return outgoing.encoded()
  }

  private static func id(of call: RemoteCall, for member: EnsembleMember) -> String {
    "\(member.name)-\(call.batch)"
  }

  /// Looks at what a worker has answered. Over a new connection it may come of a process that has not proven itself: it waits
  /// until that has.
  private func finish(_ call: RemoteCall, _ outcome: Result<WorkerResponse, WorkerFault>) {
    let isNew = (try? outcome.get().isNewConnection) ?? false
    let isDoubtful = state.withLock { $0.schedule.isDoubtful(call, isNewConnection: isNew) }
    guard isDoubtful else { return read(call, outcome) }
    check(call.replica) { [self] proof in
      queue.async { [self] in
        switch proof {
        case .success: read(call, outcome)
        case .failure(let fault): read(call, .failure(.badAnswer(fault.reason)))
        }
      }
    }
  }

  private func read(_ call: RemoteCall, _ outcome: Result<WorkerResponse, WorkerFault>) {
    let rows: Result<RemoteSchedule.Rows, WorkerFault>
    do throws(WorkerFault) {
      rows = .success(try self.rows(of: outcome.get(), call))
    } catch {
      rows = .failure(error)
    }
    change { $0.finish(call, rows, at: .now) }
  }

  private func rows(
    of response: WorkerResponse, _ call: RemoteCall
  ) throws(WorkerFault) -> RemoteSchedule.Rows {
    if let fault = response.fault(timeoutSeconds: call.timeoutSeconds) { throw fault }
    let rows = try call.contract.logProbabilities(
      of: response, to: Self.id(of: call, for: member), count: call.input.rows.count,
      classes: member.model.classes)
    // One image may be at fault; that all are, the worker is.
    var reason: String?
    for row in rows {
      guard case .failure(let fault) = row else { return rows }
      reason = reason ?? fault.reason
    }
    throw .badAnswer(reason ?? "it has no rows")
  }

  // MARK: Probes

  private func beginProof(
    of replica: Int, again contract: WorkerContract? = nil,
    finish: @escaping @Sendable (WorkerProof.Outcome) -> Void
  ) {
    let address = state.withLock { $0.schedule.replicas[replica].address }
    WorkerProof.begin(
      address, proof, over: options.transport, timeoutSeconds: Self.proofTimeout,
      maximumBatch: limits.maximumBatch, again: contract, finish: finish)
  }

  /// Lets a worker that serves show once more what it computes.
  private func check(
    _ replica: Int, then: @escaping @Sendable (WorkerProof.Outcome) -> Void
  ) {
    let contract = state.withLock { $0.schedule.replicas[replica].contract }
    beginProof(of: replica, again: contract) { [weak self] outcome in
      self?.change { $0.noteCheck(outcome, of: replica, at: .now) }
      then(outcome)
    }
  }

  private func report(_ replica: Int) {
    let found = measurements[replica]
    options.report(
      WorkerChange(
        model: model, member: member.name, url: found.url, state: found.state,
        reason: found.reason))
  }

  /// Asks all workers of `members` for their proofs, and waits for them. Those that are not there are asked again later.
  ///
  /// - Throws: `PlacementError.refused` where one does not compute its member.
  static func prove(_ members: [RemoteMember]) throws(PlacementError) {
    let group = DispatchGroup()
    let outcomes = Mutex<[(member: RemoteMember, replica: Int, WorkerProof.Outcome)]>([])
    for member in members {
      let count = member.state.withLock { state in
        let count = state.schedule.replicas.count
        _ = state.schedule.advance(to: .now)
        return count
      }
      for replica in 0..<count {
        group.enter()
        member.beginProof(of: replica) { outcome in
          outcomes.withLock { $0.append((member, replica, outcome)) }
          group.leave()
        }
      }
    }
    group.wait()
    let found = outcomes.withLock { $0 }
    for case (let member, let replica, .failure(.refused(let reason))) in found {
      throw .refused(
        member: member.member.name, url: member.measurements[replica].url, reason: reason)
    }
    for (member, replica, outcome) in found {
      member.change { $0.noteProof(outcome, of: replica, at: .now) }
    }
  }
}
