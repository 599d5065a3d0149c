import Randomness

/// Another worker has the unit: what this one did of it is not lost, but the other goes on with it.
package struct LeaseLost: Error, Hashable, Sendable {
  package let unit: String

  package init(unit: String) { self.unit = unit }
}

/// One worker's part in sharing out units of work over machines, without any clock or file of its own: both are passed in, so
/// that the same code runs in a simulation.
///
/// **What holds.** A lease is a file that is created where there is none (`LeaseStore.create`); its number is the fencing token.
/// The highest number owns the unit. Others take a unit over by creating the next number, once its holder ended, or its sign of
/// life did not change for the holder's lease time. Numbers are never used twice while a worker may hold one.
///
/// **A worker that was paused** knows it by its own clock: if its last sign of life is too old, `confirm` does not believe what
/// it can see, which may be a minute old, but creates the next number itself. That succeeds only where no other did.
/// If its clock stood still too (a machine that was paused), it may not notice until it sees the next number: therefore each
/// file that is written under a lease carries the token in its name, or is created where there is none.
package struct LeaseWorker: Sendable {
  /// What to do next.
  package enum Step: Hashable, Sendable {
    /// Work on this unit under a lease of this number; `lostBy` had it, and did not end in order.
    case work(unit: String, number: Int, lostBy: String?)
    /// Others are at work on so many units that have not ended.
    case wait(units: Int)
    /// No unit is left for another job: this worker's own jobs have all that did not end, or none is left.
    case nothing
  }

  private struct Held {
    var number: Int
    /// How many gaps its worker's heartbeat had when the lease was created.
    var gaps: Int
  }

  package let id: String
  private let store: any LeaseStore
  private let leaseSeconds: Int
  /// Whether a worker that is seen is gone for certain, whatever time went by; nil where it cannot be known.
  private let isCertainlyGone: @Sendable (String) -> Bool
  package private(set) var board: LeaseBoard
  private var held: [String: Held] = [:]
  private var random: RandomStream
  /// Among so many units that can be taken one is drawn: 1, until others turn out to be quicker.
  private var window = 1

  /// Joins the others.
  ///
  /// - Parameters:
  ///   - units: The units of work, in the order in which they should be begun.
  ///   - looksAgain: Whether to look again at what ended, where all other workers are gone.
  ///   - isStillEnded: Asked then of each unit that has ended, where another worker may rely on it: false where its result is gone.
  ///   - isCertainlyGone: Asked of a worker that did not end in order.
  package init(
    id: String, units: LeaseUnits, leaseSeconds: Int, in store: any LeaseStore, now: Double,
    looksAgain: Bool = true,
    isStillEnded: (_ unit: String, _ ending: LeaseEnding) -> Bool = { _, _ in true },
    isCertainlyGone: @escaping @Sendable (String) -> Bool = { _ in false }
  ) throws {
    (self.id, self.store, self.leaseSeconds) = (id, store, leaseSeconds)
    self.isCertainlyGone = isCertainlyGone
    board = LeaseBoard(units)
    random = RandomStream(
      seed: id.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    try refresh(now: now)
    guard looksAgain else { return }
    // Where no other worker needs them, what ended is looked at again, and made anew where it is damaged.
    let isAlone = isAlone
    for name in try store.names(in: .leases) {
      guard case .ending(let unit, let ending)? = LeaseName(name) else { continue }
      let place = board.place(of: String(unit))
      guard isAlone || place != nil && !isStillEnded(String(unit), ending) else { continue }
      try store.remove(name, in: .leases)
      if let place { board.end(place, nil) }
    }
  }

  /// Whether all other workers that are seen are gone.
  private var isAlone: Bool { board.workers.allSatisfy { $0.key == id || $0.value.isGone } }

  /// Looks at what the others did.
  package mutating func refresh(now: Double) throws {
    try board.refresh(from: store, now: now)
    for (name, worker) in board.workers
    where !worker.isGone && name != id && worker.hasRecord && isCertainlyGone(name) {
      board.markGone(name)
    }
  }

  // MARK: Taking

  /// The next unit for one of this worker's jobs.
  package mutating func next(pulse: Heartbeat.Pulse, now: Double) throws -> Step {
    try refresh(now: now)
    var takeable: [Int] = []
    for place in board.units.indices where try canTake(place, now) { takeable.append(place) }
    while !takeable.isEmpty {
      let index = random.integer(below: min(window, takeable.count))
      let place = takeable[index]
      let (unit, previous) = (board.names[place], board.units[place])
      if try create(place, number: previous.number + 1, pulse, now) {
        window = 1
        let holder = previous.holder.flatMap { name in
          board.workers[name]?.isGone == false && name != id ? name : nil
        }
        return .work(unit: unit, number: previous.number + 1, lostBy: holder)
      }
      // Many that begin at once would otherwise try the same units one after another.
      window = min(2 * window, 1 << 20)
      takeable.remove(at: index)
    }
    let others = board.units.indices.count { place in
      board.units[place].ending == nil && held[board.names[place]] == nil
    }
    return others == 0 ? .nothing : .wait(units: others)
  }

  private mutating func canTake(_ place: Int, _ now: Double) throws -> Bool {
    let unit = board.units[place]
    guard unit.ending == nil, held[board.names[place]] == nil else { return false }
    guard unit.number > 0 else { return true }
    if let holder = unit.holder, holder != id, let worker = board.workers[holder] {
      return isLost(worker, unit, now)
    }
    guard let holder = try holder(of: place, now) else {
      return now - unit.changed >= Double(leaseSeconds)
    }
    if holder == id { return true }
    guard board.workers[holder] != nil else {
      // Its sign of life came before its lease, so it will be seen soon, or was removed.
      return now - unit.changed >= Double(leaseSeconds)
    }
    return board.workers[holder].map { isLost($0, unit, now) } ?? false
  }

  /// Whether a unit's holder is gone, or showed no life for its lease: a new number is a sign of life, too.
  private func isLost(_ worker: LeaseBoard.Worker, _ unit: LeaseBoard.Unit, _ now: Double) -> Bool {
    if worker.isGone { return true }
    let seconds = Double(worker.leaseSeconds ?? leaseSeconds)
    return now - max(worker.changed, unit.changed) >= seconds
  }

  /// Whose the newest lease is: as the names say, or, where its worker had no time to write that name, its file.
  private mutating func holder(of place: Int, _ now: Double) throws -> String? {
    let unit = board.units[place]
    if let holder = unit.holder { return holder }
    // The name comes an instant after the file, and may be seen later.
    guard now - unit.changed >= Double(leaseSeconds) / 2,
      let bytes = try store.read(LeaseName.lease(board.names[place], unit.number), in: .leases)
    else { return nil }
    let holder = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    board.take(unit.number, of: place, holder: holder, now)
    return holder
  }

  /// Creates the lease of that number, unless another did.
  private mutating func create(
    _ place: Int, number: Int, _ pulse: Heartbeat.Pulse, _ now: Double
  ) throws -> Bool {
    let unit = board.names[place]
    guard try store.create(LeaseName.lease(unit, number), in: .leases, Array("\(id)\n".utf8)) else {
      board.take(number, of: place, holder: nil, now)
      return false
    }
    board.take(number, of: place, holder: id, now)
    held[unit] = Held(number: number, gaps: pulse.gaps)
    _ = try store.create(LeaseName.holder(unit, number, worker: id), in: .leases, [])
    return true
  }

  // MARK: Holding

  /// Makes sure that the unit is still this worker's, before something of it is written; returns the token.
  ///
  /// - Throws: `LeaseLost` where another has it, or had it before and has ended it all the same, or what the store throws: then it is not known.
  package mutating func confirm(
    _ unit: String, pulse: Heartbeat.Pulse, now: Double
  ) throws -> Int {
    guard let lease = held[unit], let place = board.place(of: unit) else {
      throw LeaseLost(unit: unit)
    }
    let before = LeaseName.ending(unit, lease.number - 1, .complete)
    if lease.number > 1, try store.exists(before, in: .leases) {
      held[unit] = nil
      throw LeaseLost(unit: unit)
    }
    let isHeld: Bool
    if isCertain(unit, pulse: pulse, now: now) {
      isHeld = try !store.exists(LeaseName.lease(unit, lease.number + 1), in: .leases)
    } else {
      isHeld = try create(place, number: lease.number + 1, pulse, now)
    }
    guard isHeld, let number = held[unit]?.number else {
      held[unit] = nil
      board.take(lease.number + 1, of: place, holder: nil, now)
      throw LeaseLost(unit: unit)
    }
    return number
  }

  /// Whether the unit is still this worker's without a look at any file.
  package func isCertain(_ unit: String, pulse: Heartbeat.Pulse, now: Double) -> Bool {
    held[unit]?.gaps == pulse.gaps
      && now - pulse.last < Heartbeat.certainSeconds(leaseSeconds: leaseSeconds)
  }

  /// Says how a unit of this worker's ended; its result is published.
  package mutating func end(_ unit: String, _ ending: LeaseEnding) throws {
    guard let lease = held[unit], let place = board.place(of: unit) else { return }
    held[unit] = nil
    _ = try store.create(LeaseName.ending(unit, lease.number, ending), in: .leases, [])
    board.end(place, ending)
  }

  /// Takes note that a unit that is not this worker's any more has its result: it need not be seen first.
  package mutating func sawEnding(_ unit: String, _ ending: LeaseEnding) {
    if let place = board.place(of: unit) { board.end(place, ending) }
  }

  /// Stops work on a unit that has not ended; its lease stays this worker's.
  package mutating func stop(_ unit: String) { held[unit] = nil }

  /// How often to look again while nothing can be taken: all workers together look at most some 30 times a second.
  package var pollSeconds: Double {
    let alive = board.workers.values.count { !$0.isGone }
    return max(min(2, Double(leaseSeconds) / 9), min(Double(leaseSeconds) / 6, Double(alive) / 30))
  }
}
