import CKernels
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

  /// What `sorted()` keeps of an image.
  static let bytesPerImage = 13

  init(confidence: [Double], isRight: [Bool]) {
    self.confidence = confidence
    self.isRight = isRight
  }

  /// With the images put in order, once for all searches.
  func sorted() -> StageStatistics {
    var result = self
    result.order = confidence.indices.sorted { confidence[$0] < confidence[$1] }
      .map { Int32($0) }
    return result
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
    let images = members[0].count
    let stages = members.count - firstStage + 1
    let outputs = Outputs(members, rule: rule, firstStage: firstStage)
    let own = measure == .agreement ? members.map { $0.predictedClasses() } : []
    return (0..<stages).map { stage in
      let places = stage * images..<(stage + 1) * images
      let predicted = outputs.predicted[places].map { Int($0) }
      let confidence: [Double] =
        switch measure {
        case .maximumProbability: Array(outputs.greatest[places])
        case .margin: places.map { outputs.greatest[$0] - outputs.second[$0] }
        case .entropy: places.map { -outputs.entropy[$0] }
        case .agreement:
          (0..<images).map { image in
            let count = firstStage + stage
            return Double(own.prefix(count).count { $0[image] == predicted[image] })
              / Double(count)
          }
        }
      return StageStatistics(
        confidence: confidence,
        isRight: zip(predicted, members[0].labels).map { $0 == Int($1) })
    }
  }

  /// `[N]`: what all members predict together, votes ranked as `CombinationRule.majorityVote` has it.
  static func predictedClasses(_ members: [Predictions], rule: CombinationRule) -> [Int] {
    Outputs(members, rule: rule, firstStage: members.count).predicted.map { Int($0) }
  }

  /// What the kernel fills: `[stages, N]` each.
  private struct Outputs {
    var predicted: [Int32]
    var greatest, second, entropy: [Double]

    init(_ members: [Predictions], rule: CombinationRule, firstStage: Int) {
      let images = members[0].count
      let count = (members.count - firstStage + 1) * images
      predicted = Array(repeating: 0, count: count)
      greatest = Array(repeating: 0, count: count)
      second = greatest
      entropy = greatest
      let scratchBytes = consort_metrics_scratch_bytes(
        1, Int64(members[0].classes), 1, rule.summand)
      predicted.withUnsafeMutableBufferPointer { predicted in
        greatest.withUnsafeMutableBufferPointer { greatest in
          second.withUnsafeMutableBufferPointer { second in
            entropy.withUnsafeMutableBufferPointer { entropy in
              // Each block fills its own images, and the buffers outlive the call.
              nonisolated(unsafe) let whole = consort_stage_outputs(
                predicted: predicted.baseAddress, greatest: greatest.baseAddress,
                second: second.baseAddress, entropy: entropy.baseAddress, stride: Int64(images))
              let summand = rule.summand
              _ = ImageBlocks(members).map(initial: {}) { _, range, images in
                var part = whole
                part.predicted += range.lowerBound
                part.greatest += range.lowerBound
                part.second += range.lowerBound
                part.entropy += range.lowerBound
                withUnsafeTemporaryAllocation(byteCount: scratchBytes, alignment: 64) { scratch in
                  consort_stages(
                    images, summand, Int64(firstStage), scratch.baseAddress, &part)
                }
              }
            }
          }
        }
      }
    }
  }
}
