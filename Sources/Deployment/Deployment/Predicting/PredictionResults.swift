import Datasets
import Files
import Inference
import Synchronization

/// Gathers what several threads predict.
final class PredictionResults: Sendable {
  private struct State {
    var values: [[Float]]
    /// For each image, how many members predicted it; of a cascade the first ones.
    var predictions: [Int]
    var contentHashes: [String]
    var skipped: [Int: SkippedImage] = [:]
    /// Those of the images that are odd.
    var oddities: [Int: ImageOddity] = [:]
    var done = 0
  }

  /// Everything, in the order of the images.
  struct Final {
    /// The images that every member predicted that was to.
    let kept: [Int]
    /// Of each member, the places in `kept` of the images that it predicted.
    let places: [[Int]]
    /// Each member's, `[places.count, classes]`.
    let logProbabilities: [[Float]]
    let skipped: [SkippedImage]
    /// Of all images; empty for those that were skipped.
    let contentHashes: [String]
    /// Those of the images that are odd.
    let oddities: [Int: ImageOddity]
  }

  private let state: Mutex<State>
  private let classes: [Int]
  private let progress: @Sendable (Int) -> Void

  /// - Throws: `InferenceError.tooLittleMemory`.
  init(
    members: [ImageModel], images: Int, progress: @escaping @Sendable (Int) -> Void
  ) throws(InferenceError) {
    // As they come, and those that are kept.
    let row = 2 * MemoryLayout<Float>.stride * members.reduce(0) { $0 + $1.classes }
    if let shortage = Memory.shortage(bytes: images * row) {
      throw .tooLittleMemory(
        what: "the probabilities of \(images) images", shortage,
        fix: "give about \(shortage.fitting(of: images)) at a time")
    }
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
      for (index, oddity) in zip(batch.indices, batch.oddities) where !oddity.isEmpty {
        state.oddities[index] = oddity
      }
      for image in batch.skipped { state.skipped[image.index] = image }
      state.done += batch.indices.count + batch.skipped.count
      return state.done
    }
    progress(done)
  }

  /// Counts work as done that is not to be done.
  func skip(_ count: Int) {
    progress(
      state.withLock { state in
        state.done += count
        return state.done
      })
  }

  /// Those of `images` that so many members predicted.
  func predicted(by count: Int, of images: [Int]) -> [Int] {
    state.withLock { state in images.filter { state.predictions[$0] == count } }
  }

  /// What a member said about `images`, `[images.count, classes]`.
  func logProbabilities(of member: Int, on images: [Int]) -> [Float] {
    let width = classes[member]
    return state.withLock { state in
      let values = state.values[member]
      guard images.count * width < values.count else { return values }
      return images.flatMap { values[$0 * width..<($0 + 1) * width] }
    }
  }

  /// What members predicted.
  ///
  /// - Parameter exits: After which member each image stopped; those after it were not to predict it.
  func finish(exits: [Int]) -> Final {
    let (predictions, skipped, contentHashes, oddities) = state.withLock {
      ($0.predictions, $0.skipped, $0.contentHashes, $0.oddities)
    }
    let kept = predictions.indices.filter { predictions[$0] == exits[$0] + 1 }
    let places = classes.indices.map { member in
      kept.indices.filter { predictions[kept[$0]] > member }
    }
    return Final(
      kept: kept, places: places,
      logProbabilities: places.enumerated().map { member, places in
        logProbabilities(of: member, on: places.map { kept[$0] })
      }, skipped: skipped.keys.sorted().compactMap { skipped[$0] }, contentHashes: contentHashes,
      oddities: oddities)
  }
}
