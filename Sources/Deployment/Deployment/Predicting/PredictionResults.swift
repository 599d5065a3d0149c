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

  private let state: Mutex<State>
  private let classes: [Int]
  /// Which of all images they are of.
  private let range: Range<Int>
  private let progress: @Sendable (Int) -> Void

  /// - Throws: `InferenceError.tooLittleMemory`.
  init(
    members: [ImageModel], images range: Range<Int>, progress: @escaping @Sendable (Int) -> Void
  ) throws(InferenceError) {
    let images = range.count
    // As they come, and those that are kept.
    let row = 2 * MemoryLayout<Float>.stride * members.reduce(0) { $0 + $1.classes }
    if let shortage = Memory.shortage(bytes: images * row) {
      throw .tooLittleMemory(
        what: "the probabilities of \(images) images", shortage,
        fix: "give about \(shortage.fitting(of: images)) at a time")
    }
    classes = members.map(\.classes)
    self.progress = progress
    self.range = range
    state = Mutex(
      State(
        values: members.map { [Float](repeating: 0, count: images * $0.classes) },
        predictions: [Int](repeating: 0, count: images),
        contentHashes: [String](repeating: "", count: images)))
  }

  /// Takes what `members` say about a batch, each `[n, classes]`.
  func add(_ batch: PredictionBatch, members: [Int], _ values: [[Float]]) {
    let first = range.lowerBound
    let done = state.withLock { state in
      for (member, values) in zip(members, values) {
        let width = classes[member]
        for (place, index) in batch.indices.enumerated() {
          let index = index - first
          for column in 0..<width {
            state.values[member][index * width + column] = values[place * width + column]
          }
        }
      }
      for index in batch.indices { state.predictions[index - first] += members.count }
      for (index, hash) in zip(batch.indices, batch.contentHashes) {
        state.contentHashes[index - first] = hash
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
    let first = range.lowerBound
    return state.withLock { state in images.filter { state.predictions[$0 - first] == count } }
  }

  /// What a member said about `images`, `[images.count, classes]`.
  func logProbabilities(of member: Int, on images: [Int]) -> [Float] {
    let (width, first) = (classes[member], range.lowerBound)
    return state.withLock { state in
      let values = state.values[member]
      guard images.count * width < values.count else { return values }
      return images.flatMap { values[($0 - first) * width..<($0 - first + 1) * width] }
    }
  }

  /// What members predicted.
  ///
  /// - Parameter exits: `[n]`: after which member each image stopped; those after it were not to predict it.
  func finish(exits: [Int]) -> PredictionPart {
    let (predictions, skipped, contentHashes, oddities) = state.withLock {
      ($0.predictions, $0.skipped, $0.contentHashes, $0.oddities)
    }
    let first = range.lowerBound
    let kept = range.filter { predictions[$0 - first] == exits[$0 - first] + 1 }
    return PredictionPart(
      images: range, kept: kept, lastMembers: kept.map { exits[$0 - first] },
      logProbabilities: classes.indices.map { member in
        logProbabilities(of: member, on: kept.filter { exits[$0 - first] >= member })
      }, skipped: skipped.keys.sorted().compactMap { skipped[$0] },
      contentHashes: kept.map { contentHashes[$0 - first] }, oddities: oddities)
  }
}
