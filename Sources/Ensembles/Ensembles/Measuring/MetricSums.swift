import CKernels

/// Sums over images, for each of several ensembles, from which their metrics come.
struct MetricSums: Sendable {
  private var sums: [consort_metric_sums]
  private let topK: Int

  init(ensembles: Int, classes: Int) {
    sums = Array(repeating: consort_metric_sums(), count: ensembles)
    topK = Metrics.topK(classes: classes)
  }

  /// Adds images; the arguments are those of `consort_metrics`.
  mutating func add(
    _ images: UnsafePointer<consort_images>, _ summand: consort_summand,
    _ walk: UnsafePointer<consort_subset_walk>, scratch: UnsafeMutableRawPointer,
    imageHits: UnsafeMutablePointer<Int32>?
  ) {
    let topK = Int64(topK)
    sums.withUnsafeMutableBufferPointer { sums in
      consort_metrics(
        images, summand, walk, topK, Metrics.leastLogProbability, scratch, sums.baseAddress,
        imageHits)
    }
  }

  /// Adds the sums over other images.
  mutating func add(_ other: MetricSums) {
    for index in sums.indices {
      sums[index].hits += other.sums[index].hits
      sums[index].top_hits += other.sums[index].top_hits
      sums[index].negative_log_likelihood += other.sums[index].negative_log_likelihood
      sums[index].squared_error += other.sums[index].squared_error
      withUnsafeMutableBytes(of: &sums[index].calibration_gaps) { gaps in
        withUnsafeBytes(of: other.sums[index].calibration_gaps) { others in
          let gaps = gaps.assumingMemoryBound(to: Double.self)
          for (bin, other) in others.assumingMemoryBound(to: Double.self).enumerated() {
            gaps[bin] += other
          }
        }
      }
    }
  }

  func metrics(ofEnsemble index: Int, images: Int) -> Metrics {
    let count = Double(images)
    let sums = sums[index]
    let gaps = withUnsafeBytes(of: sums.calibration_gaps) { gaps in
      gaps.assumingMemoryBound(to: Double.self).reduce(0) { $0 + abs($1) }
    }
    return Metrics(
      top1Accuracy: sums.hits / count, topKAccuracy: sums.top_hits / count,
      negativeLogLikelihood: sums.negative_log_likelihood / count,
      brierScore: sums.squared_error / count, expectedCalibrationError: gaps / count)
  }

  /// The bin i with the confidence in (i / 15, (i + 1) / 15], exactly so for the rounded edges.
  static func bin(ofConfidence confidence: Double) -> Int {
    Int(consort_confidence_bin(confidence, Int64(CONSORT_CALIBRATION_BINS)))
  }
}
