/// One image of a request that waits for a member, or to be decoded.
struct WaitingRow: Sendable {
  /// The request.
  let job: InferenceJob
  /// Which of its images.
  let row: Int
}

/// The images that wait for one runner: the most urgent first, and of those the earliest.
struct BatchQueue {
  private struct Entry {
    let row: WaitingRow
    let level: Int
    let arrival: UInt64
  }

  // Sorted; those before `head` are taken.
  private var entries: [Entry] = []
  private var head = 0

  /// How many wait.
  var count: Int { entries.count - head }
  var isEmpty: Bool { count == 0 }

  /// How urgent the first one is, to compare with other queues: lower comes first; nil where none waits.
  var urgency: (level: Int, arrival: UInt64)? {
    isEmpty ? nil : (entries[head].level, entries[head].arrival)
  }

  /// Adds images behind those that are as urgent and came no later.
  mutating func append(_ rows: [WaitingRow], level: Int, arrival: UInt64) {
    let new = rows.map { Entry(row: $0, level: level, arrival: arrival) }
    if isEmpty {
      entries = new
      head = 0
      return
    }
    // From the end: that is where most belong.
    let earlier = entries[head...].lastIndex { ($0.level, $0.arrival) <= (level, arrival) }
    entries.insert(contentsOf: new, at: earlier.map { $0 + 1 } ?? head)
  }

  /// Takes up to `count` images from the front.
  mutating func take(_ count: Int) -> [WaitingRow] {
    let taken = entries[head..<min(head + count, entries.endIndex)].map(\.row)
    head += taken.count
    // Moving the rest down costs no more than has been taken since the last time. What is taken must go soon: it keeps its
    // request, and the body of that.
    if 2 * head >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return taken
  }

  /// Removes the images of `job`.
  mutating func remove(_ job: InferenceJob) {
    entries = entries[head...].filter { $0.row.job !== job }
    head = 0
  }
}
