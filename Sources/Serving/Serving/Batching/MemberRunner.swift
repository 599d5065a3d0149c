import Deployment
import Inference

/// A member of an ensemble, compiled for batches of several sizes.
struct MemberRunner: BatchRunner {
  private let member: EnsembleMember
  /// Its place in the ensemble.
  private let index: Int
  /// One for each batch size, on one thread.
  private let pools: [SessionPool]
  /// For one image on all threads; nil where there is but one.
  private let widePool: SessionPool?
  private let statistics: ModelRecord
  let batchSizes: [Int]
  let secondsPerImage: Double?

  /// Compiles and warms the member.
  ///
  /// - Throws: `InferenceError`.
  init(
    _ member: EnsembleMember, index: Int, options: ServingOptions, statistics: ModelRecord
  ) throws(InferenceError) {
    self.member = member
    self.index = index
    self.statistics = statistics
    // Pinned threads of several members would meet on the same processors.
    var wide = options.inference
    (wide.streams, wide.isPinned) = (1, false)
    var narrow = wide
    narrow.threads = 1
    batchSizes = member.model.input.fixedBatch.map { [$0] } ?? options.batchSizes
    var pools: [SessionPool] = []
    for size in batchSizes {
      pools.append(
        try SessionPool(member.model, batch: size, options: narrow, count: wide.threads))
    }
    self.pools = pools
    secondsPerImage = batchSizes[0] == 1 ? try pools[0].secondsPerBatch() : nil
    widePool =
      wide.threads > 1 && batchSizes[0] == 1
      ? try SessionPool(member.model, batch: 1, options: wide, count: 1) : nil
  }

  func run(_ rows: [WaitingRow], isAlone: Bool) {
    let living = rows.filter { !$0.job.isFinished }
    guard !living.isEmpty else { return }
    let place = batchSizes.firstIndex { $0 >= living.count } ?? batchSizes.count - 1
    let pool = isAlone && batchSizes[place] == 1 ? widePool ?? pools[place] : pools[place]
    let start = ContinuousClock.now
    for row in living { row.job.noteStart(at: start) }
    let outcomes: [Result<[Float], RowFault>]
    var inputSeconds = 0.0
    do throws(InferenceError) {
      outcomes = try pool.withSession { (session) throws(InferenceError) in
        for (place, row) in living.enumerated() {
          inputSeconds += row.job.fill(row.row, of: index, into: part(place, of: session))
        }
        try session.run()
        return living.indices.map { logProbabilities(of: $0, in: session) }
      }
    } catch {
      for job in jobs(of: living) {
        let rows = living.filter { $0.job === job }.map(\.row)
        job.lose(rows, of: index, because: .failed, "\(error)")
      }
      return
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    statistics.addBatch(
      living.count, seconds: seconds - inputSeconds, inputSeconds: inputSeconds)
    deliver(outcomes, to: living)
  }

  /// Where the image at `place` goes.
  private func part(
    _ place: Int, of session: InferenceSession
  ) -> UnsafeMutableBufferPointer<Float> {
    let size = member.model.input.count
    return UnsafeMutableBufferPointer(
      rebasing: session.input[place * size..<(place + 1) * size])
  }

  private func logProbabilities(
    of place: Int, in session: InferenceSession
  ) -> Result<[Float], RowFault> {
    let classes = member.model.classes
    var values = Array(session.rawOutput(of: 0)[place * classes..<(place + 1) * classes])
    let fault = values.withUnsafeMutableBufferPointer { member.model.outputKind.normalize($0) }
    return fault.map { .failure(RowFault(reason: $0)) } ?? .success(values)
  }

  private struct RowFault: Error {
    let reason: String
  }

  private func deliver(_ outcomes: [Result<[Float], RowFault>], to rows: [WaitingRow]) {
    for job in jobs(of: rows) {
      var found: [(row: Int, values: [Float])] = []
      var faults: [(row: Int, reason: String)] = []
      for (row, outcome) in zip(rows, outcomes) where row.job === job {
        switch outcome {
        case .success(let values): found.append((row.row, values))
        case .failure(let failure): faults.append((row.row, failure.reason))
        }
      }
      if let fault = faults.first {
        job.lose(
          faults.map(\.row), of: index, because: .noDistribution,
          "it gave image \(fault.row) numbers that are no distribution: \(fault.reason)")
      }
      if !found.isEmpty { job.receive(found, from: index) }
    }
  }
}
