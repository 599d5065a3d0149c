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
  private let subsets: [[Int]]
  private let walk: SubsetWalk

  /// - Parameters:
  ///   - members: Predictions of the same data; at least one.
  ///   - rule: How they are combined.
  ///   - subsets: Positions in `members`, each subset ascending and not empty.
  package init(members: [Predictions], rule: CombinationRule, subsets: [[Int]]) {
    // Members of no subset need not be read.
    let used = Set(subsets.joined()).sorted()
    if used.isEmpty || used.count == members.count {
      (self.members, self.subsets) = (members, subsets)
    } else {
      let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
      self.members = used.map { members[$0] }
      self.subsets = subsets.map { $0.compactMap { places[$0] } }
    }
    self.rule = rule
    walk = SubsetWalk(self.subsets)
  }

  private var subsetCount: Int { subsets.count }
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
    return hits().map { Double($0) / Double(images) }
  }

  /// `[subsets]`: how many images each is right about.
  private func hits() -> [Int] { hits(byGroup: [], of: 1)[0].map { Int($0) } }

  /// `[groups][subsets]`: how many images of each group each subset is right about, as fast as `top1Accuracies`.
  ///
  /// - Parameters:
  ///   - groups: `[N]`: of each image its group; none where all are of one.
  ///   - groupCount: How many groups there are, no more than 256.
  package func hits(byGroup groups: [UInt8], of groupCount: Int) -> [[Int32]] {
    guard rule != .majorityVote else { return voteHits(groups, groupCount) }
    struct Part: Sendable {
      var hits: [Int32]
      var allRight: [Int64]
    }
    let parts = top1(
      initial: {
        Part(
          hits: Array(repeating: 0, count: groupCount * subsetCount),
          allRight: Array(repeating: 0, count: groupCount))
      }
    ) { part, range, count in
      groups.withUnsafeBufferPointer { groups in
        part.hits.withUnsafeMutableBufferPointer { hits in
          part.allRight.withUnsafeMutableBufferPointer { allRight in
            var counts = consort_top1_counts()
            counts.groups = groups.isEmpty ? nil : groups.baseAddress.map { $0 + range.lowerBound }
            counts.hits = hits.baseAddress
            counts.all_right = allRight.baseAddress
            count(&counts)
          }
        }
      }
    }
    return (0..<groupCount).map { group in
      let allRight = parts.reduce(0) { $0 + Int32($1.allRight[group]) }
      return (0..<subsetCount).map { subset in
        parts.reduce(allRight) { $0 + $1.hits[group * subsetCount + subset] }
      }
    }
  }

  private func voteHits(_ groups: [UInt8], _ groupCount: Int) -> [[Int32]] {
    var hits = [[Int32]](repeating: [], count: groupCount)
    for start in stride(from: 0, to: subsetCount, by: Self.votesAtOnce) {
      let part = Array(subsets[start..<min(start + Self.votesAtOnce, subsetCount)])
      for isRight in StageStatistics.rightImages(part, of: members, rule: rule) {
        var own = [Int32](repeating: 0, count: groupCount)
        for (image, isRight) in isRight.enumerated() where isRight {
          own[groups.isEmpty ? 0 : Int(groups[image])] += 1
        }
        for (group, count) in own.enumerated() { hits[group].append(count) }
      }
    }
    return hits
  }

  /// Votes whose images are held at once.
  private static let votesAtOnce = 256

  /// `[size][N]`: the share of the subsets of each size that are right about each image, as `evaluate` has it, but as fast as
  /// `top1Accuracies`. Empty for absent sizes.
  package func correctness() -> [[Double]] {
    guard rule != .majorityVote else { return evaluate().correctness }
    let parts = top1(initial: { [Int32]() }) { part, range, count in
      var imageHits = [Int32](repeating: 0, count: range.count * walk.largestSize)
      imageHits.withUnsafeMutableBufferPointer { imageHits in
        withUncounted { counts in
          counts.image_hits = imageHits.baseAddress
          count(&counts)
        }
      }
      part += imageHits
    }
    return shares(parts.flatMap { $0 })
  }

  /// `[subsets][N]`: whether each subset is right about each image, as fast as `top1Accuracies`.
  package func rightImages() -> [[Bool]] {
    guard subsetCount > 0 else { return [] }
    guard rule != .majorityVote else {
      return StageStatistics.rightImages(subsets, of: members, rule: rule)
    }
    var right = [UInt8](repeating: 0, count: subsetCount * images)
    right.withUnsafeMutableBufferPointer { right in
      // Each block fills its own images, and the buffer outlives the call.
      nonisolated(unsafe) let right = right
      _ = top1(initial: {}) { _, range, count in
        withUncounted { counts in
          counts.right = right.baseAddress.map { $0 + range.lowerBound }
          counts.stride = Int64(images)
          count(&counts)
        }
      }
    }
    return (0..<subsetCount).map { subset in
      right[subset * images..<(subset + 1) * images].map { $0 == 1 }
    }
  }

  /// Counts for block after block; `body` is given where to count, and says so to its last argument.
  private func top1<State: Sendable>(
    initial: @Sendable () -> State,
    _ body:
      @Sendable (inout State, Range<Int>, (inout consort_top1_counts) -> Void) -> Void
  ) -> [State] {
    let scratchBytes = consort_top1_scratch_bytes(
      Int64(members.count), Int64(classes), Int64(walk.largestSize))
    return ImageBlocks(members, fewestBlocks: Self.fewestBlocks).map(initial: initial) {
      state, range, images in
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 64)
      defer { scratch.deallocate() }
      body(&state, range) { counts in
        counts.subsets = Int64(subsetCount)
        walk.withWalk { consort_top1(images, rule.summand, $0, scratch, &counts) }
      }
    }
  }

  /// Blocks that images are divided into at least.
  private static let fewestBlocks = 16

  /// Calls `body` with counts of which the sums over the images are not needed.
  private func withUncounted(_ body: (inout consort_top1_counts) -> Void) {
    var hits = [Int32](repeating: 0, count: subsetCount)
    var allRight: Int64 = 0
    hits.withUnsafeMutableBufferPointer { hits in
      withUnsafeMutablePointer(to: &allRight) { allRight in
        var counts = consort_top1_counts()
        counts.hits = hits.baseAddress
        counts.all_right = allRight
        body(&counts)
      }
    }
  }

  private struct PartialMetrics: Sendable {
    var sums: MetricSums
    /// `[images of the part, largest size]`: how many subsets of each size are right.
    var imageHits: [Int32] = []
  }

  private func metricSums(countsImages: Bool) -> [PartialMetrics] {
    let scratchBytes = consort_metrics_scratch_bytes(
      Int64(members.count), Int64(classes), Int64(subsetCount), Int64(walk.largestSize),
      rule.summand)
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
