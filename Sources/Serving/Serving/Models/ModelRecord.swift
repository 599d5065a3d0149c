import Synchronization

/// What is counted of a model's requests and batches.
final class ModelRecord: Sendable {
  /// The counts so far.
  struct Counts: Sendable {
    var statistics: ModelStatistics
    /// How many images stopped after each member.
    var exits: [Int]
    /// How many times each member ran on an image.
    var memberImages: [Int]
    /// Images that went on without a member, by the member's place and why.
    var losses: [[LossReason: Int]]
    /// What went wrong with each member last; empty where nothing is known.
    var lossDetails: [String]
    /// Images that were answered without members, by their places.
    var degraded: [[Int]: Int] = [:]
    /// Requests without an answer, by reason.
    var failures: [FailureReason: Int] = [:]
    /// Requests that wait or are computed.
    var pendingRequests = 0
    /// How long requests took that were answered.
    var durations = DurationHistogram()
  }

  /// What the model is called.
  let name: String
  /// The members' names, in order.
  let members: [String]
  private let counts: Mutex<Counts>

  init(name: String, version: String, members: [String]) {
    self.name = name
    self.members = members
    let zeros = [Int](repeating: 0, count: members.count)
    counts = Mutex(
      Counts(
        statistics: ModelStatistics(name: name, version: version), exits: zeros,
        memberImages: zeros, losses: zeros.map { _ in [:] }, lossDetails: zeros.map { _ in "" }))
  }

  /// Counts images that go on without a member.
  ///
  /// - Parameter detail: What went wrong.
  func addLoss(of member: Int, images: Int, _ reason: LossReason, _ detail: String) {
    counts.withLock { counts in
      counts.losses[member][reason, default: 0] += images
      counts.lossDetails[member] = detail
    }
  }

  /// Counts a request that begins to wait; `addSuccess` or `addFailure` ends that.
  func addPending() { counts.withLock { $0.pendingRequests += 1 } }

  var snapshot: Counts { counts.withLock { $0 } }

  /// Counts a batch that a member computed.
  ///
  /// - Parameters:
  ///   - seconds: Computing it.
  ///   - inputSeconds: Making its input, before.
  func addBatch(_ size: Int, seconds: Double, inputSeconds: Double = 0) {
    let inputNanoseconds = UInt64(max(0, inputSeconds) * 1e9)
    let nanoseconds = UInt64(max(0, seconds) * 1e9)
    counts.withLock { counts in
      counts.statistics.executionCount += 1
      let place = counts.statistics.batches.firstIndex { $0.batchSize >= size }
      let index = place ?? counts.statistics.batches.count
      if place == nil || counts.statistics.batches[index].batchSize != size {
        counts.statistics.batches.insert(.init(batchSize: size), at: index)
      }
      counts.statistics.batches[index].computeInput.add(nanoseconds: inputNanoseconds)
      counts.statistics.batches[index].computeInfer.add(nanoseconds: nanoseconds)
    }
  }

  /// Counts a request that was answered.
  ///
  /// - Parameter seconds: From its arrival to its answer.
  func addSuccess(_ answer: EnsembleAnswer, seconds: Double, finishedAt milliseconds: UInt64) {
    counts.withLock { counts in
      counts.pendingRequests -= 1
      counts.durations.add(seconds)
      counts.statistics.inferenceCount += UInt64(answer.count)
      counts.statistics.lastInferenceMilliseconds = milliseconds
      counts.statistics.requests.success.add(nanoseconds: UInt64(max(0, seconds) * 1e9))
      counts.statistics.requests.queue.add(nanoseconds: UInt64(max(0, answer.queueSeconds) * 1e9))
      counts.statistics.requests.computeInput.add(
        nanoseconds: UInt64(max(0, answer.inputSeconds) * 1e9))
      counts.statistics.requests.computeInfer.add(
        nanoseconds: UInt64(max(0, answer.computeSeconds) * 1e9))
      counts.statistics.requests.computeOutput.add(
        nanoseconds: UInt64(max(0, answer.outputSeconds) * 1e9))
      for exit in answer.exits { counts.exits[exit] += 1 }
      for member in 0..<answer.progress.members {
        counts.memberImages[member] += answer.progress.images(of: member)
      }
      for group in answer.degraded {
        counts.degraded[group.missing, default: 0] += group.rows.count
      }
    }
  }

  /// Counts a request that was refused or failed.
  ///
  /// - Parameter wasPending: Whether it had begun to wait.
  func addFailure(_ error: ProtocolError, seconds: Double, wasPending: Bool) {
    counts.withLock { counts in
      if wasPending { counts.pendingRequests -= 1 }
      counts.failures[FailureReason(error), default: 0] += 1
      counts.statistics.requests.fail.add(nanoseconds: UInt64(max(0, seconds) * 1e9))
    }
  }
}
