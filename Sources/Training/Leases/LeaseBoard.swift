/// The units of work that are shared out.
package struct LeaseUnits: Sendable {
  /// Their names, in the order in which they should be begun.
  package let names: [String]
  fileprivate let places: [Substring: Int]

  package init(_ names: [String]) {
    self.names = names
    places = Dictionary(
      zip(names.map { $0[...] }, names.indices), uniquingKeysWith: { first, _ in first })
  }
}

/// What one process has seen so far of the workers and of the units of work.
///
/// Whether another is alive is judged by the changes of its sign of life, timed by this process's own monotonic clock: no two
/// clocks are ever compared.
package struct LeaseBoard: Sendable {
  /// A worker, as it is seen.
  package struct Worker: Hashable, Sendable {
    /// The number of its last sign of life that was seen.
    package var beat = 0
    /// When that number was seen first, in seconds of this process's clock.
    package var changed: Double
    /// Its own, or nil where no sign of life was seen yet.
    package var leaseSeconds: Int?
    /// Whether it ended in order, or is gone for certain.
    package var isGone = false
    package var hasRecord = false
  }

  /// A unit of work, as it is seen.
  package struct Unit: Hashable, Sendable {
    /// The number of the newest lease; 0 where there is none.
    package var number = 0
    /// Whose that is; nil where it is not known.
    package var holder: String?
    /// When that number was seen first.
    var changed = 0.0
    /// How it ended; nil where it did not.
    package var ending: LeaseEnding?
  }

  /// The names of the units, in the order of their work.
  package let names: [String]
  package private(set) var units: [Unit]
  package private(set) var workers: [String: Worker] = [:]
  private let places: [Substring: Int]

  package init(_ units: LeaseUnits) {
    (names, places) = (units.names, units.places)
    self.units = [Unit](repeating: Unit(), count: names.count)
  }

  /// Reads both folders.
  package mutating func refresh(from store: any LeaseStore, now: Double) throws {
    // The leases first: a worker that holds one has shown life before.
    for name in try store.names(in: .leases) { takeLease(name, now) }
    for name in try store.names(in: .workers) { takeWorker(name, now) }
  }

  private mutating func takeLease(_ name: String, _ now: Double) {
    guard let name = LeaseName(name) else { return }
    switch name {
    case .lease(let unit, let number):
      guard let place = places[unit] else { return }
      take(number, of: place, holder: nil, now)
    case .holder(let unit, let number, let worker):
      guard let place = places[unit] else { return }
      let isNews = number > units[place].number || units[place].holder == nil
      if isNews { take(number, of: place, holder: String(worker), now) }
    case .ending(let unit, let ending):
      guard let place = places[unit] else { return }
      // A result outweighs a failure: it may have been made by another try.
      if units[place].ending != .complete { units[place].ending = ending }
    }
  }

  /// Takes note that there is a lease of that number.
  mutating func take(_ number: Int, of place: Int, holder: String?, _ now: Double) {
    if number > units[place].number {
      units[place].number = number
      units[place].holder = holder
      units[place].changed = now
    } else if number == units[place].number, let holder {
      units[place].holder = holder
    }
  }

  mutating func end(_ place: Int, _ ending: LeaseEnding?) { units[place].ending = ending }
  func place(of unit: String) -> Int? { places[unit[...]] }

  private mutating func takeWorker(_ name: String, _ now: Double) {
    guard let name = WorkerName(name) else { return }
    var worker = workers[name.worker] ?? Worker(changed: now)
    switch name {
    case .record: worker.hasRecord = true
    case .alive(_, let beat, let seconds):
      // A listing may miss a file that is renamed meanwhile, or show an older state than the one before.
      if beat > worker.beat || worker.leaseSeconds == nil { worker.changed = now }
      worker.beat = max(worker.beat, beat)
      worker.leaseSeconds = seconds
    case .ended: worker.isGone = true
    }
    workers[name.worker] = worker
  }

  /// Takes note that a worker is certainly gone.
  mutating func markGone(_ worker: String) { workers[worker]?.isGone = true }

  /// Whether every unit has ended.
  package var isSettled: Bool { units.allSatisfy { $0.ending != nil } }
}
