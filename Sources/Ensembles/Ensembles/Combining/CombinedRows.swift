import CKernels
import Predictions

/// What members predict together by log-probabilities, made row by row: their mean's softmax, or that of a weighted sum.
struct CombinedRows: Sendable {
  let members: [Predictions]
  /// Of each member; nil for the mean, where minus infinity counts as `MemberSums.leastLogProbability`.
  var weights: [Double]?
  /// `[N]`: of each image, the last member that counts; nil for all.
  var exits: [Int]?

  private var classes: Int { members[0].classes }

  /// `[N, C]`.
  func all() -> [Float] {
    let blocks = ImageBlocks(members)
    return RowBlocks.make(of: members) { range, result in
      blocks.withImages(range) { fill($0, range, result) }
    }
  }

  /// The metrics, and `[N]` whether each image is right, as of predictions that are kept, without keeping them.
  func evaluate() -> (metrics: Metrics, isRight: [Bool]) {
    struct Part: Sendable {
      var sums: MetricSums
      var isRight: [Bool] = []
    }
    let classes = classes
    let alone = SubsetWalk([[0]])
    let scratchBytes = consort_metrics_scratch_bytes(1, Int64(classes), 1, 1, CONSORT_LOGARITHMS)
    let parts = ImageBlocks(members).map(
      initial: { Part(sums: MetricSums(ensembles: 1, classes: classes)) },
      { part, range, images in
        var rows = [Float](repeating: 0, count: range.count * classes)
        rows.withUnsafeMutableBufferPointer { fill(images, range, $0) }
        var hits = [Int32](repeating: 0, count: range.count)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 64)
        defer { scratch.deallocate() }
        rows.withUnsafeBufferPointer { rows in
          withUnsafePointer(to: rows.baseAddress) { member in
            var combined = consort_images(
              members: member, member_count: 1, images: images.pointee.images,
              classes: images.pointee.classes, labels: images.pointee.labels)
            alone.withWalk { walk in
              hits.withUnsafeMutableBufferPointer { hits in
                part.sums.add(
                  &combined, CONSORT_LOGARITHMS, walk, scratch: scratch,
                  imageHits: hits.baseAddress)
              }
            }
          }
        }
        part.isRight += hits.map { $0 > 0 }
      })
    var totals = MetricSums(ensembles: 1, classes: classes)
    for part in parts { totals.add(part.sums) }
    return (
      totals.metrics(ofEnsemble: 0, images: members[0].count), parts.flatMap(\.isRight)
    )
  }

  /// `[N]`: whether each image is right, as `evaluate` has it, in a fraction of the time.
  func rightImages() -> [Bool] {
    ImageBlocks(members).map(initial: { [Bool]() }) { part, range, images in
      var right = [UInt8](repeating: 0, count: range.count)
      withArguments(range) { weights, exits, least, scratch in
        consort_combine_right(images, weights, exits, least, scratch, &right)
      }
      part += right.map { $0 == 1 }
    }.flatMap { $0 }
  }

  /// `[N]`: after which member, from 0, images stop whose greatest probability so far is a threshold or more; the number of
  /// members where they go on. As `StageStatistics` has it, in a fraction of the time: most is clear from sums in float.
  ///
  /// - Parameter thresholds: After each member; none where no image stops.
  func exits(_ thresholds: [Double?]) -> [Int] {
    let limits = thresholds.map { $0 ?? .infinity }
    let scratchCount = Int(consort_exits_scratch(Int64(classes)))
    return ImageBlocks(members).map(initial: { [Int]() }) { part, range, images in
      var exits = [Int64](repeating: 0, count: range.count)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: scratchCount) { scratch in
        consort_exits(
          images, limits, MemberSums.leastLogProbability, scratch.baseAddress, &exits)
      }
      part += exits.map { Int($0) }
    }.flatMap { $0 }
  }

  private func fill(
    _ images: UnsafePointer<consort_images>, _ range: Range<Int>,
    _ result: UnsafeMutableBufferPointer<Float>
  ) {
    withArguments(range) { weights, exits, least, scratch in
      consort_combine(images, weights, exits, least, scratch, result.baseAddress)
    }
  }

  /// Calls `body` with the weights, the exits of some of the images, the least log-probability and scratch.
  private func withArguments(
    _ range: Range<Int>,
    _ body: (
      UnsafePointer<Double>?, UnsafePointer<Int64>?, Double, UnsafeMutablePointer<Double>?
    ) -> Void
  ) {
    let least = weights == nil ? MemberSums.leastLogProbability : Metrics.leastLogProbability
    withUnsafeTemporaryAllocation(
      of: Double.self, capacity: Int(consort_combine_scratch(Int64(classes)))
    ) { scratch in
      withWeightsAndExits { weights, exits in
        body(weights, exits.map { $0 + range.lowerBound }, least, scratch.baseAddress)
      }
    }
  }

  private func withWeightsAndExits(
    _ body: (UnsafePointer<Double>?, UnsafePointer<Int64>?) -> Void
  ) {
    func withExits(_ weights: UnsafePointer<Double>?) {
      guard let exits else { return body(weights, nil) }
      exits.withUnsafeBytes { body(weights, $0.baseAddress?.assumingMemoryBound(to: Int64.self)) }
    }
    guard let weights else { return withExits(nil) }
    weights.withUnsafeBufferPointer { withExits($0.baseAddress) }
  }
}
