import CKernels
import Predictions

/// Evaluates many ensembles that are subsets of the same members.
///
/// Images are taken in blocks that fit a processor's cache, on all cores. Predictions that are mapped from files take no
/// more memory than the blocks at hand, whatever the number of images.
///
/// Complexity: O(N C S) for all S subsets of every size, O(N C S n) for S scattered ones of size n; memory O(S), and
/// O(N n) where correctness is asked for.
package struct SubsetEvaluator {
  /// What came out, in the order of the subsets.
  package struct Evaluation {
    package var metrics: [Metrics]
    /// `[size][N]`: the share of the subsets of this size that are right about each image. Empty for absent sizes.
    package var correctness: [[Double]]
  }

  private let members: [Predictions]
  private let rule: CombinationRule
  private let subsetCount: Int
  private let walk: SubsetWalk

  /// - Parameters:
  ///   - members: Predictions of the same data; at least one.
  ///   - rule: How they are combined.
  ///   - subsets: Positions in `members`, each subset ascending and not empty.
  package init(members: [Predictions], rule: CombinationRule, subsets: [[Int]]) {
    self.members = members
    self.rule = rule
    subsetCount = subsets.count
    walk = SubsetWalk(subsets)
  }

  private var images: Int { members[0].count }
  private var classes: Int { members[0].classes }

  /// Every metric of every subset, and which images they are right about.
  package func evaluate() -> Evaluation {
    let parts = metricSums(countsImages: true)
    return Evaluation(
      metrics: metrics(parts.map(\.sums)), correctness: shares(parts.flatMap(\.imageHits)))
  }

  /// Every metric of every subset.
  package func metrics() -> [Metrics] { metrics(metricSums(countsImages: false).map(\.sums)) }

  /// The top-1 accuracy of every subset: many times faster than all metrics.
  package func top1Accuracies() -> [Double] {
    guard rule != .majorityVote else { return metrics().map(\.top1Accuracy) }
    struct PartialHits {
      var hits: [Int32]
      var allRight: Int64 = 0
    }
    let scratchBytes = consort_top1_scratch_bytes(
      Int64(members.count), Int64(classes), Int64(walk.largestSize))
    let parts = ImageBlocks(members).map(
      initial: { PartialHits(hits: [Int32](repeating: 0, count: subsetCount)) },
      { part, _, images in
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 64)
        defer { scratch.deallocate() }
        walk.withWalk { walk in
          part.allRight += part.hits.withUnsafeMutableBufferPointer { hits in
            consort_top1(images, rule.summand, walk, scratch, hits.baseAddress, nil)
          }
        }
      })
    let allRight = parts.reduce(0) { $0 + Int($1.allRight) }
    return (0..<subsetCount).map { subset in
      Double(parts.reduce(allRight) { $0 + Int($1.hits[subset]) }) / Double(images)
    }
  }

  /// `[size][N]`: the share of the subsets of each size that are right about each image, as `evaluate` has it, but as fast as
  /// `top1Accuracies`. Empty for absent sizes.
  package func correctness() -> [[Double]] {
    guard rule != .majorityVote else { return evaluate().correctness }
    let scratchBytes = consort_top1_scratch_bytes(
      Int64(members.count), Int64(classes), Int64(walk.largestSize))
    let parts = ImageBlocks(members).map(
      initial: { [Int32]() },
      { part, range, images in
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 64)
        defer { scratch.deallocate() }
        var counts = [Int32](repeating: 0, count: subsetCount)
        var hits = [Int32](repeating: 0, count: range.count * walk.largestSize)
        walk.withWalk { walk in
          counts.withUnsafeMutableBufferPointer { counts in
            hits.withUnsafeMutableBufferPointer { hits in
              _ = consort_top1(
                images, rule.summand, walk, scratch, counts.baseAddress, hits.baseAddress)
            }
          }
        }
        part += hits
      })
    return shares(parts.flatMap { $0 })
  }

  private struct PartialMetrics: Sendable {
    var sums: MetricSums
    /// `[images of the part, largest size]`: how many subsets of each size are right.
    var imageHits: [Int32] = []
  }

  private func metricSums(countsImages: Bool) -> [PartialMetrics] {
    let scratchBytes = consort_metrics_scratch_bytes(
      Int64(members.count), Int64(classes), Int64(walk.largestSize), rule.summand)
    return ImageBlocks(members).map(
      initial: { PartialMetrics(sums: MetricSums(ensembles: subsetCount, classes: classes)) },
      { part, range, images in
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 64)
        defer { scratch.deallocate() }
        var hits = [Int32](repeating: 0, count: countsImages ? range.count * walk.largestSize : 0)
        walk.withWalk { walk in
          hits.withUnsafeMutableBufferPointer { hits in
            part.sums.add(
              images, rule.summand, walk, scratch: scratch,
              imageHits: countsImages ? hits.baseAddress : nil)
          }
        }
        part.imageHits += hits
      })
  }

  private func metrics(_ parts: [MetricSums]) -> [Metrics] {
    var totals = MetricSums(ensembles: subsetCount, classes: classes)
    for part in parts { totals.add(part) }
    return (0..<subsetCount).map { totals.metrics(ofEnsemble: $0, images: images) }
  }

  /// `[size][N]` from `[N, largest size]`.
  private func shares(_ imageHits: [Int32]) -> [[Double]] {
    [[]]
      + walk.sizeCounts.enumerated().map { place, count in
        guard count > 0 else { return [] }
        return (0..<images).map { image in
          Double(imageHits[image * walk.largestSize + place]) / Double(count)
        }
      }
  }
}

extension CombinationRule {
  /// What the kernels sum over members.
  var summand: consort_summand {
    switch self {
    case .geometricMean, .logitMean: CONSORT_LOGARITHMS
    case .arithmeticMean: CONSORT_PROBABILITIES
    case .majorityVote: CONSORT_VOTES
    }
  }
}
