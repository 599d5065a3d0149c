import Datasets
import Synchronization

/// Gathers what several threads predict.
final class PredictionResults: Sendable {
  private struct State {
    var values: [[Float]]
    /// For each image, how many members predicted it.
    var predictions: [Int]
    var contentHashes: [String]
    var skipped: [Int: SkippedImage] = [:]
    var done = 0
  }

  /// Everything, in the order of the images.
  struct Final {
    /// The images that every member predicted.
    let kept: [Int]
    /// Each member's, `[kept.count, classes]`.
    let logProbabilities: [[Float]]
    let skipped: [SkippedImage]
    /// Of all images; empty for those that were skipped.
    let contentHashes: [String]
  }

  private let state: Mutex<State>
  private let classes: [Int]
  private let progress: @Sendable (Int) -> Void

  init(members: [ImageModel], images: Int, progress: @escaping @Sendable (Int) -> Void) {
    classes = members.map(\.classes)
    self.progress = progress
    state = Mutex(
      State(
        values: members.map { [Float](repeating: 0, count: images * $0.classes) },
        predictions: [Int](repeating: 0, count: images),
        contentHashes: [String](repeating: "", count: images)))
  }

  /// Takes what `members` say about a batch, each `[n, classes]`.
  func add(_ batch: PredictionBatch, members: [Int], _ values: [[Float]]) {
    let done = state.withLock { state in
      for (member, values) in zip(members, values) {
        let width = classes[member]
        for (place, index) in batch.indices.enumerated() {
          for column in 0..<width {
            state.values[member][index * width + column] = values[place * width + column]
          }
        }
      }
      for index in batch.indices { state.predictions[index] += members.count }
      for (index, hash) in zip(batch.indices, batch.contentHashes) {
        state.contentHashes[index] = hash
      }
      for image in batch.skipped { state.skipped[image.index] = image }
      state.done += batch.indices.count + batch.skipped.count
      return state.done
    }
    progress(done)
  }

  /// What all members predicted.
  func finish() -> Final {
    state.withLock { state in
      let kept = state.predictions.indices.filter { state.predictions[$0] == classes.count }
      let isWhole = kept.count == state.predictions.count
      let values = zip(state.values, classes).map { values, width in
        isWhole ? values : kept.flatMap { values[$0 * width..<($0 + 1) * width] }
      }
      return Final(
        kept: kept, logProbabilities: values,
        skipped: state.skipped.keys.sorted().compactMap { state.skipped[$0] },
        contentHashes: state.contentHashes)
    }
  }
}
