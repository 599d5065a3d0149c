import Synchronization

/// What a process that watches a run for a while saw of its workers: how long ago each showed a sign of life, by its own clock.
package final class WorkerWatch: Sendable {
  private struct Seen {
    var beat: Int
    var changed: ContinuousClock.Instant
    /// How old the sign was already when it was seen first, by the clock of its server; nil once another one was seen.
    var earlier: Double?
  }

  private let seen = Mutex<[String: Seen]>([:])

  package init() {}

  /// Replaces the ages of signs of life by those on this process's clock.
  func take(_ workers: inout [WorkerSurvey.Sighting], now: ContinuousClock.Instant = .now) {
    seen.withLock { seen in
      for index in workers.indices {
        guard let beat = workers[index].beat else { continue }
        let id = workers[index].id
        if let earlier = seen[id], beat > earlier.beat {
          seen[id] = Seen(beat: beat, changed: now, earlier: nil)
        } else if seen[id] == nil {
          seen[id] = Seen(beat: beat, changed: now, earlier: workers[index].secondsSinceSign)
          continue
        }
        guard let last = seen[id] else { continue }
        workers[index].secondsSinceSign =
          last.changed.duration(to: now) / .seconds(1) + (last.earlier ?? 0)
      }
    }
  }
}
