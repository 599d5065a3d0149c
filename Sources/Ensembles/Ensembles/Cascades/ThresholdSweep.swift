import CKernels

/// The best thresholds of up to three stages for several goals, found in one sweep over the images.
///
/// What images do is a step function of the thresholds: all steps are looked at that could make a plan better. What a plan
/// costs follows from how many images come to each stage.
///
/// Complexity: O(N) for N images, and O(N / 1000 + 64) each time that a goal may be reached better.
struct ThresholdSweep {
  private let stages: [StageStatistics]
  private let costs: [Double]
  private let fewestReaching: Int

  /// The most stages.
  static let mostStages = 3

  /// - Parameters:
  ///   - stages: One to three; of the last it does not matter how sure it is.
  ///   - costs: Of each stage alone, for one image, above 0.
  ///   - fewestReaching: How many images come to a stage at least, unless none does.
  init(_ stages: [StageStatistics], costs: [Double], fewestReaching: Int) {
    precondition((1...Self.mostStages).contains(stages.count) && costs.count == stages.count)
    self.stages = stages.dropLast().map { $0.isSorted ? $0 : $0.sorted() } + stages.suffix(1)
    self.costs = costs
    self.fewestReaching = fewestReaching
  }

  /// Of each goal the best plan; nil where it is out of reach.
  func plans(for goals: [ThresholdPair.Goal]) -> [ThresholdSearch.Plan?] {
    var found = goals.map { goal in
      var found = consort_threshold_goal()
      switch goal {
      case .cost(let budget): (found.budget, found.least_hits) = (budget, -1)
      // Fewer than no hits is what every plan has.
      case .hits(let hits): found.least_hits = Int64(max(0, hits))
      }
      return found
    }
    withCascade { cascade in
      let bytes = consort_best_thresholds_scratch_bytes(cascade, Int64(found.count))
      withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
        consort_best_thresholds(cascade, scratch.baseAddress, &found, Int64(found.count))
      }
    }
    return found.map(plan)
  }

  private func withCascade(_ body: (UnsafePointer<consort_cascade>) -> Void) {
    var cascade = consort_cascade()
    cascade.images = Int64(stages[0].isRight.count)
    cascade.stages = Int64(stages.count)
    cascade.fewest = Int64(fewestReaching)
    let (first, last) = (stages[0], stages[stages.count - 1])
    let second = stages[min(1, stages.count - 1)]
    costs.withUnsafeBufferPointer { costs in
      cascade.costs = costs.baseAddress
      first.withPointers { right, order, ranks in
        cascade.right.0 = right
        cascade.first_order = order
        cascade.first_rank = ranks
        second.withPointers { right, _, ranks in
          cascade.right.1 = right
          cascade.second_rank = ranks
          cascade.second_levels = Int64(second.levelCount)
          last.withPointers { right, _, _ in
            cascade.right.2 = right
            body(&cascade)
          }
        }
      }
    }
  }

  private func plan(_ found: consort_threshold_goal) -> ThresholdSearch.Plan? {
    guard found.is_found == 1 else { return nil }
    var thresholds: [Double?] = []
    if stages.count > 1 {
      let passing = Int(found.passing)
      thresholds.append(
        passing < stages[0].order.count
          ? stages[0].confidence[Int(stages[0].order[passing])] : nil)
    }
    if stages.count > 2 { thresholds.append(stages[1].threshold(above: Int(found.second_levels))) }
    let hits = found.least_hits < 0 ? Int(found.hits) : self.hits(thresholds)
    return ThresholdSearch.Plan(thresholds: thresholds, hits: hits, cost: found.cost)
  }

  private func hits(_ thresholds: [Double?]) -> Int {
    (0..<stages[0].isRight.count).count { image in
      let stage = thresholds.indices.first { place in
        thresholds[place].map { stages[place].confidence[image] >= $0 } ?? false
      }
      return stages[stage ?? stages.count - 1].isRight[image]
    }
  }
}
