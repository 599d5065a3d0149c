/// What happens in a simulation, by time; what comes at the same time comes in the order in which it was added.
struct EventQueue<Event> {
  private var heap: [(time: Double, number: Int, event: Event)] = []
  private var count = 0

  mutating func add(_ event: Event, at time: Double) {
    heap.append((time, count, event))
    count += 1
    var index = heap.count - 1
    while index > 0, isBefore(index, (index - 1) / 2) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func next() -> (Double, Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return (first.time, first.event) }
    heap[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && isBefore(child, least)
      {
        least = child
      }
      guard least != index else { return (first.time, first.event) }
      heap.swapAt(index, least)
      index = least
    }
  }

  private func isBefore(_ first: Int, _ second: Int) -> Bool {
    (heap[first].time, heap[first].number) < (heap[second].time, heap[second].number)
  }
}
