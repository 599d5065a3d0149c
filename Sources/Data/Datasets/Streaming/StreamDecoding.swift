import Concurrency
import Files

/// What an image stream's threads share.
final class StreamDecoding: Sendable {
  /// What became of one request.
  private enum Outcome {
    case decoded(contentHash: String?, ImageOddity)
    case skipped(SkippedImage)
    case failed(any Error)
  }

  /// A batch that is being decoded.
  private struct PendingBatch {
    let number: Int
    let requests: [ImageRequest]
    let pixels: ImageBytes
    var outcomes: [Outcome?]
    /// The first request that no thread has taken.
    var nextSlot = 0
    var doneCount = 0

    var isDone: Bool { doneCount == requests.count }
  }

  /// One image to decode.
  private struct Job {
    let batch: Int
    let slot: Int
    let request: ImageRequest
    let pixels: ImageBytes
  }

  private struct State {
    /// In order; the first is the next to hand out.
    var batches: [PendingBatch] = []
    var nextNumber = 0
    /// Whether there are no more batches to begin.
    var isExhausted = false
    var isCancelled = false
    var failure: (any Error)?
    var workerCount = 0

    func hasJob(prefetchedBatches: Int) -> Bool {
      batches.contains { $0.nextSlot < $0.requests.count }
        || (!isExhausted && batches.count < prefetchedBatches)
    }

    var isOver: Bool { isCancelled || (isExhausted && batches.allSatisfy(\.isDone)) }
  }

  private let split: EncodedSplit
  private let height, width: Int
  private let corruptImages: CorruptImages
  private let hashesContents: Bool
  private let prefetchedBatches: Int
  private let requests: @Sendable (Int) -> [ImageRequest]?
  private let monitor = Monitor(State())

  init(
    split: EncodedSplit, height: Int, width: Int, corruptImages: CorruptImages,
    hashesContents: Bool, prefetchedBatches: Int,
    requests: @escaping @Sendable (Int) -> [ImageRequest]?
  ) {
    self.split = split
    self.height = height
    self.width = width
    self.corruptImages = corruptImages
    self.hashesContents = hashesContents
    self.prefetchedBatches = prefetchedBatches
    self.requests = requests
  }

  func addWorker() { monitor.change { $0.workerCount += 1 } }

  func removeWorker() { monitor.change { $0.workerCount -= 1 } }

  /// Makes `error` what `next` throws.
  func fail(_ error: DatasetError) {
    monitor.change {
      $0.failure = error
      $0.isExhausted = true
    }
  }

  func cancel() {
    monitor.change { $0.isCancelled = true }
    monitor.change(when: { $0.workerCount == 0 }) { $0.batches = [] }
  }
}

// MARK: - Handing out

extension StreamDecoding {
  func next() throws -> ImageBatch? {
    let batch: PendingBatch? = try monitor.change(when: {
      $0.isCancelled || $0.failure != nil || $0.batches.first?.isDone ?? $0.isExhausted
    }) { state in
      if state.isCancelled { return nil }
      if let failure = state.failure { throw failure }
      guard let batch = state.batches.first else { return nil }
      for case .failed(let error)? in batch.outcomes {
        state.failure = error
        state.isExhausted = true
        state.batches = []
        throw error
      }
      state.batches.removeFirst()
      return batch
    }
    return batch.map(finished)
  }

  private func finished(_ batch: PendingBatch) -> ImageBatch {
    var kept: [Int] = []
    var hashes: [String] = []
    var skipped: [SkippedImage] = []
    var oddities: [ImageOddity] = []
    for (slot, outcome) in batch.outcomes.enumerated() {
      switch outcome {
      case .decoded(let hash, let oddity):
        kept.append(slot)
        oddities.append(oddity)
        if let hash { hashes.append(hash) }
      case .skipped(let image): skipped.append(image)
      case .failed, nil: preconditionFailure("a batch is handed out once it is decoded")
      }
    }
    let indices = kept.map { batch.requests[$0].index }
    return ImageBatch(
      indices: indices, labels: indices.map { split.labels[$0] },
      pixels: skipped.isEmpty ? batch.pixels : part(kept, of: batch.pixels),
      contentHashes: hashes, skipped: skipped, oddities: oddities)
  }

  private func part(_ slots: [Int], of pixels: ImageBytes) -> ImageBytes {
    let size = 3 * height * width
    return ImageBytes(count: slots.count * size) { target in
      pixels.withBytes { source in
        for (position, slot) in slots.enumerated() {
          UnsafeMutableRawBufferPointer(rebasing: target[position * size..<(position + 1) * size])
            .copyMemory(
              from: UnsafeRawBufferPointer(rebasing: source[slot * size..<(slot + 1) * size]))
        }
      }
    }
  }
}

// MARK: - Decoding

extension StreamDecoding {
  /// Decodes images until there are no more, as one of the threads.
  func work() {
    let reader = ImageReader()
    while let job = nextJob() {
      let outcome = decode(job, with: reader)
      monitor.change { state in
        guard let place = state.batches.firstIndex(where: { $0.number == job.batch }) else {
          return
        }
        state.batches[place].outcomes[job.slot] = outcome
        state.batches[place].doneCount += 1
        if case .failed = outcome {
          // What comes later is not handed out any more.
          state.isExhausted = true
          state.batches.removeSubrange((place + 1)...)
        }
      }
    }
  }

  private func nextJob() -> Job? {
    while true {
      let (job, isOver): (Job?, Bool) = monitor.change(when: {
        $0.isOver || $0.hasJob(prefetchedBatches: prefetchedBatches)
      }) { state in
        if state.isOver { return (nil, true) }
        if let place = state.batches.firstIndex(where: { $0.nextSlot < $0.requests.count }) {
          let batch = state.batches[place]
          state.batches[place].nextSlot += 1
          return (
            Job(
              batch: batch.number, slot: batch.nextSlot, request: batch.requests[batch.nextSlot],
              pixels: batch.pixels), false
          )
        }
        begin(in: &state)
        return (nil, false)
      }
      if job != nil || isOver { return job }
    }
  }

  /// Begins the next batch, or sees that there is none.
  private func begin(in state: inout State) {
    guard let requests = requests(state.nextNumber) else {
      state.isExhausted = true
      return
    }
    precondition(
      requests.allSatisfy { $0.index >= 0 && $0.index < split.count }, "indices in the split")
    state.batches.append(
      PendingBatch(
        number: state.nextNumber, requests: requests,
        pixels: ImageBytes(allocating: requests.count * 3 * height * width),
        outcomes: [Outcome?](repeating: nil, count: requests.count)))
    state.nextNumber += 1
  }

  private func decode(_ job: Job, with reader: ImageReader) -> Outcome {
    let index = job.request.index
    let size = 3 * height * width
    let target = job.pixels.unsharedBytes(job.slot * size..<(job.slot + 1) * size)
    do {
      try job.request.geometry.validate(height: height, width: width)
      return try split.withBytes(of: index) { bytes in
        let oddity = try reader.read(
          bytes, name: split.name(of: index), geometry: job.request.geometry, height: height,
          width: width, into: target)
        return .decoded(contentHash: hashesContents ? Self.hash(bytes) : nil, oddity)
      }
    } catch let failure as ImageDecoder.Failure {
      let name = split.name(of: index)
      switch corruptImages {
      case .fail: return .failed(DatasetError.unreadableImage(path: name, reason: failure.reason))
      case .skip:
        return .skipped(SkippedImage(index: index, name: name, reason: failure.reason))
      }
    } catch {
      return .failed(error)
    }
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer) -> String {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finish()
  }
}
