/// A worker's sign of life, which it alone writes: a file whose name counts.
///
/// Times are those of one monotonic clock of this process, in seconds.
package struct Heartbeat: Sendable {
  /// What is known at one moment of how others see this worker.
  package struct Pulse: Hashable, Sendable {
    /// When the last beat that succeeded began.
    package let last: Double
    /// How many times so far the beats came so late that others may have taken its leases over.
    package let gaps: Int
  }

  package let worker: String
  /// After so many seconds without a change others take this worker's leases over.
  package let leaseSeconds: Int
  private let store: any LeaseStore
  private var number = 0
  package private(set) var pulse: Pulse

  /// Makes the first sign of life.
  package init(
    of worker: String, leaseSeconds: Int, in store: any LeaseStore, now: Double
  ) throws {
    (self.worker, self.leaseSeconds, self.store) = (worker, leaseSeconds, store)
    pulse = Pulse(last: now, gaps: 0)
    _ = try store.create(name, in: .workers, [])
  }

  /// How often to beat: others then see a change in time, also where they see it a minute late.
  package static func interval(leaseSeconds: Int) -> Double { Double(leaseSeconds) / 9 }

  /// How long after a beat no other can have taken over, by clocks of which one runs a tenth faster.
  static func certainSeconds(leaseSeconds: Int) -> Double { 0.9 * Double(leaseSeconds) }

  private var name: String {
    WorkerName.alive(worker, beat: number, leaseSeconds: leaseSeconds)
  }

  /// Makes the next sign of life.
  ///
  /// - Throws: `FileError`; the earlier sign stands, and the next beat tries again.
  package mutating func beat(now: Double) throws {
    let next = WorkerName.alive(worker, beat: number + 1, leaseSeconds: leaseSeconds)
    // Said before it is done: what takes long must not count as done late.
    let isLate = now - pulse.last > Self.certainSeconds(leaseSeconds: leaseSeconds)
    if isLate { pulse = Pulse(last: pulse.last, gaps: pulse.gaps + 1) }
    try store.rename(name, to: next, in: .workers)
    number += 1
    pulse = Pulse(last: now, gaps: pulse.gaps)
  }

  /// Says that the worker ends: its leases are free.
  package func end() throws {
    try store.rename(name, to: WorkerName.ended(worker), in: .workers)
  }
}
