/// Turns a sum over members into what the metrics need of one image's combined distribution.
struct CombinedDistribution {
  /// The number of classes that are ranked above the label; 0 where the prediction is right.
  var labelRank = 0
  /// The label's log-probability, not limited.
  var labelLogProbability = 0.0
  /// The label's probability.
  var labelProbability = 0.0
  /// The sum of the squared probabilities.
  var squares = 0.0
  /// The probability of the predicted class.
  var confidence = 0.0

  /// What minus infinity counts as in sums of log-probabilities.
  static let leastLogProbability = -1e12

  /// - Parameters:
  ///   - sums: `[C]`, the members' log-probabilities, summed.
  ///   - members: How many were summed.
  ///   - label: The image's class.
  init(logarithmSums sums: UnsafeBufferPointer<Double>, members: Int, label: Int) {
    var greatest = sums[0]
    for sum in sums { greatest = max(greatest, sum) }
    let scale = 1 / Double(members)
    var total = 0.0
    var totalSquares = 0.0
    for sum in sums {
      let value = exponential((sum - greatest) * scale)
      total += value
      totalSquares += value * value
    }
    let labelExponent = (sums[label] - greatest) * scale
    labelRank = Self.rank(of: label, in: sums)
    labelLogProbability = labelExponent - naturalLogarithm(total)
    labelProbability = exponential(labelExponent) / total
    squares = totalSquares / (total * total)
    confidence = 1 / total
  }

  /// - Parameters:
  ///   - sums: `[C]`, the members' probabilities, summed.
  ///   - label: The image's class.
  init(probabilitySums sums: UnsafeBufferPointer<Double>, label: Int) {
    setProbabilities(sums, label: label)
    labelRank = Self.rank(of: label, in: sums)
  }

  /// - Parameters:
  ///   - votes: `[C]`, the members' votes, counted.
  ///   - logarithmSums: `[C]`, their log-probabilities, summed, which rank classes of as many votes.
  ///   - label: The image's class.
  init(
    votes: UnsafeBufferPointer<Double>, logarithmSums: UnsafeBufferPointer<Double>, label: Int
  ) {
    setProbabilities(votes, label: label)
    let labelKey = (votes[label], logarithmSums[label])
    for other in votes.indices {
      let key = (votes[other], logarithmSums[other])
      if key > labelKey || key == labelKey && other < label { labelRank += 1 }
    }
  }

  private mutating func setProbabilities(_ sums: UnsafeBufferPointer<Double>, label: Int) {
    var total = 0.0
    var totalSquares = 0.0
    var greatest = 0.0
    for sum in sums {
      total += sum
      totalSquares += sum * sum
      greatest = max(greatest, sum)
    }
    labelProbability = sums[label] / total
    labelLogProbability = naturalLogarithm(labelProbability)
    squares = totalSquares / (total * total)
    confidence = greatest / total
  }

  private static func rank(of label: Int, in sums: UnsafeBufferPointer<Double>) -> Int {
    let score = sums[label]
    var rank = 0
    for other in 0..<label where sums[other] >= score { rank += 1 }
    for other in (label + 1)..<sums.count where sums[other] > score { rank += 1 }
    return rank
  }
}
