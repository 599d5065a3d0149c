import Concurrency
import Dispatch
import Files
import Schemas
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A process's work on the units of a run, shared with other processes, on this machine and on others.
package final class WorkerSession: Sendable {
  /// A minute and a half of delayed sight, and as much again.
  package static let usualLeaseSeconds = 180

  package let record: WorkerRecord
  fileprivate let directory: LeaseDirectory
  private let heartbeat: Mutex<Heartbeat>
  fileprivate let presence: WorkerPresence
  private let start = ContinuousClock.now
  private let ending = DispatchSemaphore(value: 0)
  private let thread: WorkerThread?

  /// Joins the workers of the run at `path`.
  ///
  /// - Throws: `FileError` where the directory cannot be written.
  package init(_ record: WorkerRecord, in path: String) throws {
    self.record = record
    directory = LeaseDirectory(path: path)
    let presence = try WorkerPresence(record, in: directory)
    self.presence = presence
    let heart = try Heartbeat(
      of: record.id, leaseSeconds: record.leaseSeconds, in: directory, now: 0)
    heartbeat = Mutex(heart)
    let beats = Beats()
    let interval = Heartbeat.interval(leaseSeconds: record.leaseSeconds)
    self.beats = beats
    thread = try? WorkerThread { [ending] in
      while ending.wait(timeout: .now() + interval) == .timedOut { beats.beat() }
    }
    beats.session = { [weak self] in self?.beat() }
  }

  /// What the heartbeat's thread calls: the session is complete only after the thread is made.
  private final class Beats: Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)
    var session: (@Sendable () -> Void)? {
      get { action.withLock { $0 } }
      set { action.withLock { $0 = newValue } }
    }
    func beat() { session?() }
  }
  private let beats: Beats

  /// Seconds since this process joined, by its monotonic clock.
  fileprivate var now: Double { start.duration(to: .now) / .seconds(1) }

  private func beat() {
    let now = now
    // What cannot be written now may be written the next time; until then no other worker needs it.
    heartbeat.withLock { try? $0.beat(now: now) }
  }

  fileprivate var pulse: Heartbeat.Pulse { heartbeat.withLock { $0.pulse } }

  /// Shares out further units of work, whose names were never used before.
  package func share(_ units: [String]) throws -> SharedUnits {
    try SharedUnits(units, by: self, looksAgain: false)
  }

  /// Ends this process's part: what it holds is free. Where all workers were of this machine, nothing is left of them.
  package func leave() {
    ending.signal()
    thread?.join()
    heartbeat.withLock { try? $0.end() }
    presence.tidyIfLast()
  }

  /// The record of another worker; nil where it cannot be read.
  package func record(of worker: String) -> WorkerRecord? { directory.record(of: worker) }
}

/// Units of work that the workers of a run share out.
package final class SharedUnits: Sendable {
  /// What `next` found.
  package enum Work: Hashable, Sendable {
    /// This unit; `lostBy` had it before, and did not end in order.
    case unit(String, lostBy: String?)
    /// Nothing is left for another job, or work is to stop.
    case nothing
    /// Others are at work on what is left, and it is not to be waited for.
    case leftToOthers
  }

  package let session: WorkerSession
  private let worker: Mutex<LeaseWorker>

  /// - Parameters:
  ///   - units: Their names, in the order in which they should be begun.
  ///   - looksAgain: Whether to look again at what ended, where all other workers are gone.
  ///   - isStillEnded: Asked of each unit that has ended: where its result is gone, it is to be worked on again.
  package init(
    _ units: [String], by session: WorkerSession, looksAgain: Bool = true,
    isStillEnded: (_ unit: String, _ ending: LeaseEnding) -> Bool = { _, _ in true }
  ) throws {
    self.session = session
    let presence = session.presence
    worker = Mutex(
      try LeaseWorker(
        id: session.record.id, units: LeaseUnits(units),
        leaseSeconds: session.record.leaseSeconds, in: session.directory, now: session.now,
        looksAgain: looksAgain, isStillEnded: isStillEnded,
        isCertainlyGone: { presence.isCertainlyGone($0) }))
  }

  /// The next unit for a job of this process; waits where others are at work on what is left.
  ///
  /// - Parameters:
  ///   - waits: Whether to wait.
  ///   - shouldStop: Asked while it waits.
  ///   - observe: Told what was seen of the units, each time that it looks.
  package func next(
    waits: Bool, shouldStop: () -> Bool, observe: (_ board: LeaseBoard, _ waitsFor: Int) -> Void
  ) throws -> Work {
    while true {
      let pulse = session.pulse
      let (step, board, pause) = try worker.withLock { worker in
        let step = try worker.next(pulse: pulse, now: session.now)
        return (step, worker.board, worker.pollSeconds)
      }
      switch step {
      case .work(let unit, _, let lostBy):
        observe(board, 0)
        return .unit(unit, lostBy: lostBy)
      case .nothing:
        observe(board, 0)
        return .nothing
      case .wait(let units):
        observe(board, units)
        guard waits else { return .leftToOthers }
        // In slices, so that a wish to stop is heard.
        let end = session.now + pause
        while session.now < end, !shouldStop() { usleep(50_000) }
        if shouldStop() { return .nothing }
      }
    }
  }

  /// Makes sure that a unit is still this process's, before something of it is written; returns the token for its files.
  ///
  /// - Throws: `LeaseLost`, or `FileError` where that cannot be known.
  package func confirm(_ unit: String) throws -> Int {
    let pulse = session.pulse
    return try worker.withLock { try $0.confirm(unit, pulse: pulse, now: session.now) }
  }

  /// Whether a unit is still this process's without a look at any file.
  package func isCertain(_ unit: String) -> Bool {
    let pulse = session.pulse
    return worker.withLock { $0.isCertain(unit, pulse: pulse, now: session.now) }
  }

  /// Says how a unit ended.
  package func end(_ unit: String, _ ending: LeaseEnding) throws {
    try worker.withLock { try $0.end(unit, ending) }
  }

  /// Stops work on a unit that has not ended.
  package func stop(_ unit: String) { worker.withLock { $0.stop(unit) } }

  /// How the units ended, as far as it was seen.
  package var board: LeaseBoard { worker.withLock { $0.board } }
}

extension LeaseDirectory {
  /// The record of a worker; nil where there is none, or it cannot be read.
  package func record(of worker: String) -> WorkerRecord? {
    guard let bytes = try? read(WorkerName.record(worker), in: .workers) else { return nil }
    return try? StrictJSON.decode(WorkerRecord.self, from: Data(bytes))
  }
}

/// The lock of a worker's record, which the system releases when its process ends, and what follows from those of others.
package final class WorkerPresence: Sendable {
  private let own: WorkerRecord
  private let directory: LeaseDirectory
  private let descriptor: Int32
  /// Whether another descriptor of the file is refused the lock: not on every file system.
  private let locksWork: Bool
  private let known = Mutex<[String: WorkerRecord]>([:])

  init(_ record: WorkerRecord, in directory: LeaseDirectory) throws {
    (own, self.directory) = (record, directory)
    let bytes = Array(try record.readableJSON().utf8)
    let name = WorkerName.record(record.id)
    guard let descriptor = try directory.createHeld(name, in: .workers, bytes) else {
      throw FileError.cannotWrite(
        path: directory.path(of: name, in: .workers), reason: systemErrorReason(EEXIST))
    }
    self.descriptor = descriptor
    locksWork = FileLock.isHeld(directory.path(of: name, in: .workers)) == true
  }

  deinit { close(descriptor) }

  private func record(of worker: String) -> WorkerRecord? {
    if let record = known.withLock({ $0[worker] }) { return record }
    guard let record = directory.record(of: worker) else { return nil }
    known.withLock { $0[worker] = record }
    return record
  }

  /// Whether the process of a worker is gone for certain.
  func isCertainlyGone(_ worker: String) -> Bool {
    // Its name begins with its host's: those of other hosts need not be read.
    guard worker.hasPrefix(own.machine.nameOfHost + "-"), let record = record(of: worker) else {
      return false
    }
    guard locksWork || own.machine.isEarlierBoot(record.machine) else { return false }
    return directory.isCertainlyGone(worker, record)
  }

  /// Removes all traces, where every worker was of this machine and is gone: nobody elsewhere may hold a lease, or see an older
  /// state of the directory.
  func tidyIfLast() {
    guard let workers = try? directory.names(in: .workers),
      let leases = try? directory.names(in: .leases)
    else { return }
    let names = workers.compactMap(WorkerName.init)
    guard names.contains(where: { $0.worker == own.id }) else { return }
    let ended = Set(names.compactMap(\.endedWorker))
    let isOver = Set(names.map(\.worker)).allSatisfy { worker in
      guard worker != own.id else { return ended.contains(worker) }
      guard let record = record(of: worker) else { return false }
      let isHere =
        own.machine.isSameBoot(as: record.machine) || own.machine.isEarlierBoot(record.machine)
      return isHere && (ended.contains(worker) || isCertainlyGone(worker))
    }
    guard isOver else { return }
    directory.tidy(leases, in: .leases)
    directory.tidy(workers, in: .workers)
  }
}
