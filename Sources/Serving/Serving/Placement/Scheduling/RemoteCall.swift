import Deployment
import Synchronization

/// One request to a worker for a batch.
final class RemoteCall: Sendable {
  /// Why it is sent.
  enum Kind: Hashable, Sendable { case first, hedge, retry }

  /// The number of its batch.
  let batch: Int
  /// The worker's place among those of the member.
  let replica: Int
  let address: WorkerAddress
  let contract: WorkerContract
  let kind: Kind
  let input: RemoteBatchInput
  let start: ContinuousClock.Instant
  let timeoutSeconds: Double
  private let state = Mutex((sending: (any WorkerSending)?.none, isCancelled: false))

  init(
    batch: Int, replica: Int, address: WorkerAddress, contract: WorkerContract, kind: Kind,
    input: RemoteBatchInput, start: ContinuousClock.Instant, timeoutSeconds: Double
  ) {
    self.batch = batch
    self.replica = replica
    self.address = address
    self.contract = contract
    self.kind = kind
    self.input = input
    self.start = start
    self.timeoutSeconds = timeoutSeconds
  }

  /// Ends the request, also where it is just being sent.
  func cancel() {
    let sending = state.withLock { state in
      state.isCancelled = true
      return state.sending
    }
    sending?.cancel()
  }

  var isCancelled: Bool { state.withLock(\.isCancelled) }

  /// Takes what ends the request.
  func keep(_ sending: any WorkerSending) {
    let isCancelled = state.withLock { state in
      state.sending = sending
      return state.isCancelled
    }
    if isCancelled { sending.cancel() }
  }
}

/// The images of a batch as the member takes them, put together once for all requests of the batch.
final class RemoteBatchInput: Sendable {
  let rows: [WaitingRow]
  private let bytes = Mutex<TensorBytes?>(nil)

  init(_ rows: [WaitingRow]) { self.rows = rows }

  /// float32, one image after another.
  ///
  /// - Parameter index: The member's place in its ensemble.
  func bytes(for member: EnsembleMember, at index: Int) -> TensorBytes {
    bytes.withLock { bytes in
      if let bytes { return bytes }
      let size = member.model.input.count * MemoryLayout<Float>.stride
      let filled = TensorBytes(count: rows.count * size) { target in
        for (place, row) in rows.enumerated() {
          let part = UnsafeMutableRawBufferPointer(
            rebasing: target[place * size..<(place + 1) * size])
          row.job.fill(row.row, of: index, into: part.assumingMemoryBound(to: Float.self))
        }
      }
      bytes = filled
      return filled
    }
  }
}
