import Leases
import Randomness
import Statistics

/// Workers of a cluster that share out members by the real leases, in virtual time; equal seeds give equal courses.
///
/// Every worker has a clock of its own, hours apart from the others' and slightly faster or slower.
package final class SimulatedCluster {
  /// What happens to whom.
  package struct Plan {
    package var workers = 1000
    /// Seconds that each member takes at usual speed, the longest first.
    package var memberSeconds: [Double]
    /// The share of workers that are lost an hour, and whether another comes for each of them.
    package var lossesPerHour = 0.05
    package var isReplaced = true
    /// Seconds until the scheduler has started another worker in the place of a lost one.
    package var replacementSeconds = 120.0
    /// The share of workers that stand still for a while an hour, and for how many seconds; with `stopsClocks`, their
    /// own clock stands still as well, as that of a virtual machine may.
    package var pausesPerHour = 0.0
    package var pauseSeconds = 600.0
    package var stopsClocks = false
    /// How old what a worker sees may be, in seconds.
    package var delay = 60.0
    package var leaseSeconds = 180
    package var checkpointSeconds = 60.0
    package var seed: UInt64 = 1

    package init(memberSeconds: [Double]) {
      self.memberSeconds = memberSeconds.sorted(by: >)
    }
  }

  /// What came of it.
  package struct Outcome: Hashable {
    /// Virtual seconds from the first worker's start to the end of the last one.
    package var seconds = 0.0
    /// Members that have a result, that were trained to their end more than once, and that were trained by several.
    package var complete = 0
    package var trainedTwice = 0
    package var takenOver = 0
    /// Times that a worker noticed that its member was another's.
    package var noticed = 0
    package var lost = 0
    package var paused = 0
    /// Worker-seconds in all; without work; and without work while there was a member that no worker worked on.
    package var workerSeconds = 0.0
    package var idleSeconds = 0.0
    package var avoidableSeconds = 0.0
    /// Worker-seconds of work that was done again, because it was later than the last checkpoint.
    package var repeatedSeconds = 0.0
    package var operations = SimulatedDirectory.Operations()
    /// Requests to the server in its busiest minute.
    package var busiestMinute = 0

    package var idleShare: Double { idleSeconds / workerSeconds }
    package var avoidableShare: Double { avoidableSeconds / workerSeconds }
  }

  private enum Event {
    case join, beat(Int), poll(Int), checkpoint(Int, Int), finish(Int, Int), lose(Int), pause(Int)
    case goOn(Int)
  }

  private struct Worker {
    var leases: LeaseWorker
    var heartbeat: Heartbeat
    let speed, offset, rate: Double
    var joined: Double
    /// The member under training, since when, and how much of it was done then.
    var member: Int?
    var since = 0.0
    var doneBefore = 0.0
    /// Counts what is scheduled for the current member: an event of an earlier one is void.
    var task = 0
    var isPaused = false
    /// What comes due during a pause.
    var deferred: [Event] = []
    var stoodStill = 0.0
    var pausedAt = 0.0
    var isIdle = false
  }

  private let plan: Plan
  private let units: LeaseUnits
  private let names: [String: Int]
  private let directory: SimulatedDirectory
  private var random: RandomStream
  private var events = EventQueue<Event>()
  private var workers: [Int: Worker] = [:]
  private var joined = 0
  /// By member: the share that is saved, results, trainings to the end, and how many live workers are at it.
  private var saved: [Double]
  private var results: [Int]
  private var workersOf: [Int]
  private var unattended: Int
  private var idle = 0
  private var lastChange = 0.0
  private var outcome = Outcome()
  private var minute = (start: 0.0, requests: 0)

  package init(_ plan: Plan) {
    self.plan = plan
    let count = plan.memberSeconds.count
    let list = (0..<count).map { "member-\($0)" }
    units = LeaseUnits(list)
    names = Dictionary(uniqueKeysWithValues: zip(list, 0..<count))
    directory = SimulatedDirectory(delay: plan.delay)
    random = RandomStream(seed: plan.seed)
    saved = [Double](repeating: 0, count: count)
    results = [Int](repeating: 0, count: count)
    workersOf = results
    unattended = count
  }

  /// Runs to the end of the last worker.
  package func run() throws -> Outcome {
    for _ in 0..<plan.workers { events.add(.join, at: random.unitInterval() * 60) }
    while let (time, event) = events.next() {
      account(until: time)
      directory.clock = time
      try take(event)
      if workers.isEmpty, joined >= plan.workers { break }
    }
    outcome.seconds = lastChange
    outcome.complete = results.count { $0 > 0 }
    outcome.trainedTwice = results.count { $0 > 1 }
    outcome.operations = directory.operations
    return outcome
  }

  private func account(until time: Double) {
    let passed = time - lastChange
    lastChange = time
    outcome.workerSeconds += passed * Double(workers.count)
    outcome.idleSeconds += passed * Double(idle)
    outcome.avoidableSeconds += passed * Double(min(idle, unattended))
    if time - minute.start >= 60 {
      outcome.busiestMinute = max(
        outcome.busiestMinute, directory.operations.requests - minute.requests)
      minute = (time, directory.operations.requests)
    }
  }

  /// The worker's own clock.
  private func now(of worker: Worker) -> Double {
    (directory.clock - worker.stoodStill) * worker.rate + worker.offset
  }

  // MARK: Events

  private func take(_ event: Event) throws {
    switch event {
    case .join: try join()
    case .lose(let number): lose(number)
    case .pause(let number): pause(number)
    case .goOn(let number): try goOn(number)
    case .beat(let number), .poll(let number), .checkpoint(let number, _), .finish(let number, _):
      guard let worker = workers[number] else { return }
      guard !worker.isPaused else {
        workers[number]?.deferred.append(event)
        return
      }
      try act(event, number)
    }
  }

  private func act(_ event: Event, _ number: Int) throws {
    switch event {
    case .beat: try beat(number)
    case .poll: try look(number)
    case .checkpoint(_, let task) where workers[number]?.task == task:
      guard try confirm(number) else { return }
      save(number)
      schedule(number)
    case .finish(_, let task) where workers[number]?.task == task: try finish(number)
    default: break
    }
  }

  private func join() throws {
    let number = joined
    joined += 1
    let client = SimulatedClient(directory, random: random.branch(UInt64(number)))
    let id = "worker-\(number)"
    _ = try client.create("\(id).json", in: .workers, [])
    let offset = (random.unitInterval() - 0.5) * 20_000
    let rate = 1 + (random.unitInterval() - 0.5) * 2e-4
    let start = directory.clock * rate + offset
    let worker = Worker(
      leases: try LeaseWorker(
        id: id, units: units, leaseSeconds: plan.leaseSeconds, in: client, now: start),
      heartbeat: try Heartbeat(of: id, leaseSeconds: plan.leaseSeconds, in: client, now: start),
      speed: 0.95 + 0.1 * random.unitInterval(), offset: offset, rate: rate,
      joined: directory.clock)
    workers[number] = worker
    if plan.lossesPerHour > 0 { events.add(.lose(number), at: hence(plan.lossesPerHour)) }
    if plan.pausesPerHour > 0 { events.add(.pause(number), at: hence(plan.pausesPerHour)) }
    events.add(.beat(number), at: directory.clock + beatSeconds)
    setIdle(number, true)
    try look(number)
  }

  private var beatSeconds: Double { Heartbeat.interval(leaseSeconds: plan.leaseSeconds) }

  /// When something happens that happens so often an hour.
  private func hence(_ perHour: Double) -> Double {
    directory.clock - naturalLogarithm(1 - random.unitInterval()) * 3600 / perHour
  }

  private func beat(_ number: Int) throws {
    guard let worker = workers[number] else { return }
    try? workers[number]?.heartbeat.beat(now: now(of: worker))
    events.add(.beat(number), at: directory.clock + beatSeconds)
  }

  /// Looks for a member, and begins it, waits or ends.
  private func look(_ number: Int) throws {
    guard let worker = workers[number], worker.member == nil else { return }
    let step = try workers[number]?.leases.next(pulse: worker.heartbeat.pulse, now: now(of: worker))
    switch step {
    case .work(let unit, _, let lostBy):
      guard let member = names[unit] else { return }
      if lostBy != nil { outcome.takenOver += 1 }
      begin(number, member)
    case .wait:
      setIdle(number, true)
      let pause = workers[number]?.leases.pollSeconds ?? 2
      // Those that began to wait together do not look together for ever.
      events.add(.poll(number), at: directory.clock + pause * (0.9 + 0.2 * random.unitInterval()))
    case .nothing, nil:
      setIdle(number, false)
      try worker.heartbeat.end()
      workers[number] = nil
    }
  }

  private func begin(_ number: Int, _ member: Int) {
    setIdle(number, false)
    if results[member] > 0 {
      // As the trainer does: its result is there, and looked at.
      try? workers[number]?.leases.end(units.names[member], .complete)
      events.add(.poll(number), at: directory.clock + 1)
      return
    }
    if workersOf[member] == 0 { unattended -= 1 }
    workersOf[member] += 1
    workers[number]?.member = member
    workers[number]?.since = directory.clock
    workers[number]?.doneBefore = saved[member]
    schedule(number)
  }

  /// Schedules the next checkpoint, or the end where it comes first.
  private func schedule(_ number: Int) {
    guard let worker = workers[number], let member = worker.member else { return }
    workers[number]?.task += 1
    let left = (1 - done(worker, member)) * plan.memberSeconds[member] / worker.speed
    if left <= plan.checkpointSeconds {
      events.add(.finish(number, worker.task + 1), at: directory.clock + left)
    } else {
      events.add(
        .checkpoint(number, worker.task + 1), at: directory.clock + plan.checkpointSeconds)
    }
  }

  private func done(_ worker: Worker, _ member: Int) -> Double {
    min(
      1,
      worker.doneBefore + (directory.clock - worker.since) * worker.speed
        / plan.memberSeconds[member])
  }

  private func save(_ number: Int) {
    guard let worker = workers[number], let member = worker.member else { return }
    let done = done(worker, member)
    workers[number]?.doneBefore = done
    workers[number]?.since = directory.clock
    // The newest of any token is what a successor goes on from.
    saved[member] = max(saved[member], done)
  }

  /// Whether the member is still the worker's; otherwise it looks for another.
  private func confirm(_ number: Int) throws -> Bool {
    guard let worker = workers[number], let member = worker.member else { return false }
    do {
      _ = try workers[number]?.leases.confirm(
        units.names[member], pulse: worker.heartbeat.pulse, now: now(of: worker))
      return true
    } catch is LeaseLost {
      outcome.noticed += 1
      leaveMember(number)
      setIdle(number, true)
      try look(number)
      return false
    }
  }

  private func finish(_ number: Int) throws {
    guard try confirm(number), let worker = workers[number], let member = worker.member else {
      return
    }
    results[member] += 1
    if results[member] == 1, workersOf[member] == 0 { unattended -= 1 }
    leaveMember(number, hasResult: true)
    _ = worker
    try workers[number]?.leases.end(units.names[member], .complete)
    try look(number)
  }

  private func leaveMember(_ number: Int, hasResult: Bool = false) {
    guard let member = workers[number]?.member else { return }
    workers[number]?.member = nil
    workers[number]?.task += 1
    workersOf[member] -= 1
    if workersOf[member] == 0, results[member] == 0 { unattended += 1 }
  }

  private func lose(_ number: Int) {
    guard let worker = workers[number] else { return }
    outcome.lost += 1
    setIdle(number, false)
    if let member = worker.member {
      outcome.repeatedSeconds +=
        max(0, done(worker, member) - saved[member]) * plan.memberSeconds[member]
    }
    leaveMember(number)
    workers[number] = nil
    if plan.isReplaced { events.add(.join, at: directory.clock + plan.replacementSeconds) }
  }

  private func pause(_ number: Int) {
    guard let worker = workers[number] else { return }
    events.add(.pause(number), at: hence(plan.pausesPerHour))
    guard !worker.isPaused else { return }
    outcome.paused += 1
    workers[number]?.isPaused = true
    workers[number]?.pausedAt = directory.clock
    events.add(.goOn(number), at: directory.clock + plan.pauseSeconds)
  }

  private func goOn(_ number: Int) throws {
    guard let worker = workers[number] else { return }
    let stood = directory.clock - worker.pausedAt
    workers[number]?.isPaused = false
    workers[number]?.deferred = []
    if plan.stopsClocks { workers[number]?.stoodStill += stood }
    // Nothing was done meanwhile.
    workers[number]?.since += stood
    for event in worker.deferred { try act(event, number) }
  }

  private func setIdle(_ number: Int, _ isIdle: Bool) {
    guard let worker = workers[number], worker.isIdle != isIdle else { return }
    workers[number]?.isIdle = isIdle
    idle += isIdle ? 1 : -1
  }
}
