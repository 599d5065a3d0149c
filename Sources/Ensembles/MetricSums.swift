/// Sums over images, for each of several ensembles, from which their metrics come.
struct MetricSums {
  private var hits: [Int]
  private var topHits: [Int]
  private var negativeLogLikelihood: [Double]
  private var squaredError: [Double]
  /// `[ensembles, bins]`: in each bin, the right predictions less the confidences.
  private var calibrationGaps: [Double]
  private let topK: Int

  private static var bins: Int { Metrics.calibrationBinCount }

  init(ensembles: Int, classes: Int) {
    hits = Array(repeating: 0, count: ensembles)
    topHits = Array(repeating: 0, count: ensembles)
    negativeLogLikelihood = Array(repeating: 0, count: ensembles)
    squaredError = Array(repeating: 0, count: ensembles)
    calibrationGaps = Array(repeating: 0, count: ensembles * Self.bins)
    topK = Metrics.topK(classes: classes)
  }

  mutating func add(_ image: CombinedDistribution, toEnsemble index: Int) {
    let isRight = image.labelRank == 0
    if isRight { hits[index] += 1 }
    if image.labelRank < topK { topHits[index] += 1 }
    negativeLogLikelihood[index] -= max(image.labelLogProbability, Metrics.leastLogProbability)
    squaredError[index] += image.squares - 2 * image.labelProbability + 1
    let bin = Self.bin(ofConfidence: image.confidence)
    calibrationGaps[index * Self.bins + bin] += (isRight ? 1 : 0) - image.confidence
  }

  func metrics(ofEnsemble index: Int, images: Int) -> Metrics {
    let count = Double(images)
    let gaps = calibrationGaps[index * Self.bins..<(index + 1) * Self.bins]
    return Metrics(
      top1Accuracy: Double(hits[index]) / count, topKAccuracy: Double(topHits[index]) / count,
      negativeLogLikelihood: negativeLogLikelihood[index] / count,
      brierScore: squaredError[index] / count,
      expectedCalibrationError: gaps.reduce(0) { $0 + abs($1) } / count)
  }

  /// The bin i with the confidence in (i / 15, (i + 1) / 15], exactly so for the rounded edges.
  static func bin(ofConfidence confidence: Double) -> Int {
    let count = Double(bins)
    var bin = min(max(Int((confidence * count).rounded(.up)) - 1, 0), bins - 1)
    if bin > 0, confidence <= Double(bin) / count { bin -= 1 }
    if bin < bins - 1, confidence > Double(bin + 1) / count { bin += 1 }
    return bin
  }
}
