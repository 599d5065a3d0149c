/// Images that were sent to a worker together, until each is answered or lost.
struct RemoteBatch {
  let input: RemoteBatchInput
  /// Of each image, whether nothing more is to become of it here.
  private(set) var isSettled: [Bool]
  /// Under way.
  var calls: [RemoteCall] = []
  /// The replicas that were asked.
  var asked: Set<Int> = []
  /// When another worker is asked too.
  var hedge: ContinuousClock.Instant?

  init(_ rows: [WaitingRow]) {
    input = RemoteBatchInput(rows)
    isSettled = [Bool](repeating: false, count: rows.count)
  }

  /// The images that are waited for.
  var unsettled: [WaitingRow] {
    zip(input.rows, isSettled).filter { !$0.1 }.map(\.0)
  }

  /// Waits no longer for the images that are chosen, which are returned.
  mutating func settle(where isChosen: (WaitingRow) -> Bool) -> [WaitingRow] {
    var chosen: [WaitingRow] = []
    for (place, row) in input.rows.enumerated() where !isSettled[place] && isChosen(row) {
      isSettled[place] = true
      chosen.append(row)
    }
    return chosen
  }

  /// When the first image that is waited for counts as lost.
  var earliestDeadline: ContinuousClock.Instant? {
    unsettled.compactMap(\.job.memberDeadline).min()
  }

  /// When nothing of it is of use any more; nil for never.
  var latestDeadline: ContinuousClock.Instant? {
    let deadlines = unsettled.map(\.job.memberDeadline)
    return deadlines.contains(nil) ? nil : deadlines.compactMap(\.self).max()
  }
}
