import CKernels
import Concurrency
import Predictions

/// When a cascade is sure enough of its combined prediction; greater is surer.
public enum CascadeConfidence: String, Codable, CaseIterable, Sendable {
  /// The probability of the predicted class.
  case maximumProbability
  /// The probability of the predicted class less that of the next.
  case margin
  /// Minus the entropy, in nats.
  case entropy
  /// The share of the members so far whose own prediction is the combined one. One member always agrees with itself.
  case agreement
}

/// What the first members of a sequence, combined, predict, and how sure they are.
struct StageStatistics: Sendable {
  /// `[N]`: how sure the combined prediction is.
  let confidence: [Double]
  /// `[N]`: whether the combined prediction is the label.
  let isRight: [Bool]
  /// `[N]`: the images, the least sure first; empty unless from `sorted()`, which searches for thresholds gain by.
  private(set) var order: [Int32] = []
  /// `[N]`: of each image, the place of how sure it is among the different values, ascending; empty as `order` is.
  private(set) var ranks: [Int32] = []
  /// How many different values there are; 0 before `sorted()`.
  private(set) var levelCount = 0

  /// What `sorted()` keeps of an image.
  static let bytesPerImage = 17

  /// - Parameter confidence: `[N]`; empty for the last stage of a cascade, of which it does not matter.
  init(confidence: [Double], isRight: [Bool]) {
    self.confidence = confidence
    self.isRight = isRight
  }

  /// Whether it is from `sorted()`.
  var isSorted: Bool { !order.isEmpty || confidence.isEmpty }

  /// With the images put in order, once for all searches.
  func sorted() -> StageStatistics {
    var result = self
    let count = confidence.count
    result.order = [Int32](repeating: 0, count: count)
    result.ranks = result.order
    result.levelCount = Int(
      consort_sort(confidence, Int64(count), &result.order, &result.ranks))
    return result
  }

  /// How sure the images of one place among the different values are; nil behind the last.
  func threshold(above level: Int) -> Double? {
    guard level < levelCount else { return nil }
    var (low, high) = (0, order.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if Int(ranks[Int(order[middle])]) < level { low = middle + 1 } else { high = middle }
    }
    return confidence[Int(order[low])]
  }

  /// Calls `body` with what the kernels read: which images are right, their order and their ranks.
  func withPointers(
    _ body: (UnsafePointer<UInt8>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Void
  ) {
    isRight.withUnsafeBytes { right in
      order.withUnsafeBufferPointer { order in
        ranks.withUnsafeBufferPointer { ranks in
          body(
            right.baseAddress?.assumingMemoryBound(to: UInt8.self), order.baseAddress,
            ranks.baseAddress)
        }
      }
    }
  }

  /// The stages of the first `firstStage`, `firstStage + 1`, ... members up to all of them.
  ///
  /// - Parameters:
  ///   - members: Predictions of the same data, in order; at least one.
  ///   - rule: How they are combined.
  ///   - measure: What measures how sure a prediction is.
  ///   - firstStage: In `1...members.count`.
  static func of(
    _ members: [Predictions], rule: CombinationRule, measure: CascadeConfidence,
    firstStage: Int = 1
  ) -> [StageStatistics] {
    let sets = (firstStage...members.count).map { Array(0..<$0) }
    return of(sets, of: members, rule: rule, measure: measure, isSorted: false)
  }

  /// Each of several sets of members on its own.
  ///
  /// - Parameters:
  ///   - sets: Positions in `members`, each ascending and not empty.
  ///   - isSorted: Whether images are put in order, as for searches.
  static func of(
    _ sets: [[Int]], of members: [Predictions], rule: CombinationRule, measure: CascadeConfidence,
    isSorted: Bool = true
  ) -> [StageStatistics] {
    guard !sets.isEmpty else { return [] }
    let own = measure == .agreement ? members.map { $0.predictedClasses() } : []
    return outputs(sets, members, rule, measure) { set, predicted, confidence in
      let found = StageStatistics(
        confidence: measure == .agreement
          ? predicted.enumerated().map { image, predicted in
            Double(set.count { own[$0][image] == Int(predicted) }) / Double(set.count)
          } : Array(confidence),
        isRight: isRight(predicted, members))
      return isSorted ? found.sorted() : found
    }
  }

  /// `[sets][N]`: whether what each of several sets predicts is the label.
  static func rightImages(
    _ sets: [[Int]], of members: [Predictions], rule: CombinationRule
  ) -> [[Bool]] {
    outputs(sets, members, rule, .maximumProbability) { _, predicted, _ in
      isRight(predicted, members)
    }
  }

  private static func isRight(_ predicted: ArraySlice<Int32>, _ members: [Predictions]) -> [Bool] {
    zip(predicted, members[0].labels).map { Int64($0) == $1 }
  }

  /// What `body` makes of each set, of what it predicts and how sure it is; as many at once as take little memory.
  private static func outputs<Result: Sendable>(
    _ sets: [[Int]], _ members: [Predictions], _ rule: CombinationRule,
    _ measure: CascadeConfidence,
    _ body: @Sendable ([Int], ArraySlice<Int32>, ArraySlice<Double>) -> Result
  ) -> [Result] {
    let count = members[0].count
    let size = max(1, mostOutputBytes / (count * bytesPerImage))
    return stride(from: 0, to: sets.count, by: size).flatMap { start in
      let part = Array(sets[start..<min(start + size, sets.count)])
      let outputs = SetOutputs(part, members, rule: rule, measure: measure)
      return parallelMap(part.count) { place in
        let images = place * count..<(place + 1) * count
        return body(part[place], outputs.predicted[images], outputs.confidence[images])
      }
    }
  }

  /// The most bytes of what sets predict together at once.
  private static let mostOutputBytes = 64 << 20

  /// What the kernel fills: `[sets, N]` each.
  private struct SetOutputs {
    var predicted: [Int32]
    var confidence: [Double]

    init(
      _ sets: [[Int]], _ members: [Predictions], rule: CombinationRule, measure: CascadeConfidence
    ) {
      let images = members[0].count
      let walk = SubsetWalk(sets)
      let scratchBytes = consort_stages_scratch_bytes(
        Int64(members.count), Int64(members[0].classes), Int64(sets.count),
        Int64(walk.largestSize), rule.summand)
      predicted = Array(repeating: 0, count: sets.count * images)
      confidence = Array(repeating: 0, count: sets.count * images)
      predicted.withUnsafeMutableBufferPointer { predicted in
        confidence.withUnsafeMutableBufferPointer { confidence in
          // Each block fills its own images, and the buffers outlive the call.
          nonisolated(unsafe) let (predicted, confidence) = (predicted, confidence)
          _ = ImageBlocks(members).map(initial: {}) { _, range, block in
            withUnsafeTemporaryAllocation(byteCount: scratchBytes, alignment: 64) { scratch in
              walk.withWalk { walk in
                consort_stages(
                  block, rule.summand, walk, measure.kernel, scratch.baseAddress,
                  predicted.baseAddress.map { $0 + range.lowerBound },
                  confidence.baseAddress.map { $0 + range.lowerBound }, Int64(images))
              }
            }
          }
        }
      }
    }
  }

  /// `[N]`: what all members predict together, votes ranked as `CombinationRule.majorityVote` has it.
  static func predictedClasses(_ members: [Predictions], rule: CombinationRule) -> [Int] {
    SetOutputs([Array(members.indices)], members, rule: rule, measure: .maximumProbability)
      .predicted.map { Int($0) }
  }
}

extension CascadeConfidence {
  /// What the kernels compute; agreement follows from what members predict.
  fileprivate var kernel: consort_confidence {
    switch self {
    case .maximumProbability, .agreement: CONSORT_GREATEST
    case .margin: CONSORT_MARGIN
    case .entropy: CONSORT_NEGATIVE_ENTROPY
    }
  }
}
