import Files

/// The workers of a run as its directory shows them at one moment, to anyone on any machine.
package struct WorkerSurvey: Sendable {
  /// One worker.
  package struct Sighting: Sendable {
    /// Its name, and what it recorded of itself; nil where that cannot be read.
    package let id: String
    package let record: WorkerRecord?
    /// The number of its sign of life; nil where it ended in order.
    package let beat: Int?
    package let leaseSeconds: Int
    /// Whether its process is gone, as far as this machine can know for certain.
    package let isGone: Bool
    /// How old its last sign of life is by the file server's clock; nil where that cannot be told.
    package internal(set) var secondsSinceSign: Double?
    /// The units that it holds and that have not ended.
    package var units: [String] = []

    /// Whether it ended in order.
    package var hasEnded: Bool { beat == nil }
    /// Whether nothing says that it does not work any more.
    package var isPossiblyAlive: Bool {
      !hasEnded && !isGone && (secondsSinceSign ?? 0) < Double(leaseSeconds)
    }
  }

  package private(set) var workers: [Sighting]

  /// Reads the folders. What cannot be read counts as not there; a folder that may be written in gets a file for an instant, whose
  /// time is that of the server.
  ///
  /// - Parameter watch: Of a process that looks again and again; nil for one look.
  package init(of directory: LeaseDirectory, watch: WorkerWatch? = nil) {
    let names = ((try? directory.names(in: .workers)) ?? []).compactMap(WorkerName.init)
    let ended = Set(names.compactMap(\.endedWorker))
    var signs: [String: (beat: Int, seconds: Int, changed: Double?)] = [:]
    for case .alive(let worker, let beat, let seconds) in names
    where !ended.contains(worker) && beat >= signs[worker]?.beat ?? 0 {
      let name = WorkerName.alive(worker, beat: beat, leaseSeconds: seconds)
      signs[worker] = (beat, seconds, FileClock.changed(directory.path(of: name, in: .workers)))
    }
    let probe =
      signs.isEmpty ? nil : FileClock.now(besides: directory.path(of: "x", in: .workers))
    // Without it, the newest sign of life is no later than now.
    let now = ([probe] + signs.values.map(\.changed)).compactMap { $0 }.max()
    let units = Self.units(of: directory)
    workers = Set(names.map(\.worker)).sorted().map { worker in
      let record = directory.record(of: worker)
      let sign = signs[worker]
      let age = now.flatMap { now in sign?.changed.map { max(0, now - $0) } }
      return Sighting(
        id: worker, record: record, beat: sign?.beat, leaseSeconds: sign?.seconds ?? 0,
        isGone: sign == nil || record.map { directory.isCertainlyGone(worker, $0) } ?? false,
        secondsSinceSign: age, units: units[worker] ?? [])
    }
    watch?.take(&workers)
  }

  /// By worker.
  private static func units(of directory: LeaseDirectory) -> [String: [String]] {
    var newest: [Substring: (number: Int, worker: Substring?)] = [:]
    var ended: Set<Substring> = []
    let names = (try? directory.names(in: .leases)) ?? []
    for name in names.compactMap(LeaseName.init) {
      switch name {
      case .lease(let unit, let number) where number > newest[unit]?.number ?? 0:
        newest[unit] = (number, nil)
      case .holder(let unit, let number, let worker) where number >= newest[unit]?.number ?? 0:
        newest[unit] = (number, worker)
      case .ending(let unit, _): ended.insert(unit)
      default: break
      }
    }
    var units: [String: [String]] = [:]
    for (unit, lease) in newest where !ended.contains(unit) {
      guard let worker = lease.worker else { continue }
      units[String(worker), default: []].append(String(unit))
    }
    return units.mapValues { $0.sorted() }
  }
}

extension LeaseDirectory {
  /// Whether the process of that record is gone, whatever time went by: it was one of this machine, and its lock is free, or the
  /// machine was started anew.
  func isCertainlyGone(_ worker: String, _ record: WorkerRecord) -> Bool {
    if MachineIdentity.current.isEarlierBoot(record.machine) { return true }
    guard MachineIdentity.current.isSameBoot(as: record.machine) else { return false }
    return FileLock.isHeld(path(of: WorkerName.record(worker), in: .workers)) == false
  }
}
