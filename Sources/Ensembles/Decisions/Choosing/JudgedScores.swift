/// The scores of images on which something was not chosen.
struct JudgedScores {
  /// Of each image that was judged, the mean over repeats; nil for the others.
  let scores: [Double?]
  let accuracy, cost: Double
  /// The share of the images that are different: only these are evidence of their own.
  private let differentShare: Double

  /// - Parameter different: How many of the images are different; nil for all.
  init(_ sums: [Double], _ counts: [Int], cost: Double, different: Int? = nil) {
    differentShare = different.map { Double($0) / Double(max(1, sums.count)) } ?? 1
    scores = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : nil }
    let known = scores.compactMap { $0 }
    accuracy = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    let count = counts.reduce(0, +)
    self.cost = count > 0 ? cost / Double(count) : 0
  }

  /// The images that were judged.
  var count: Int { scores.count { $0 != nil } }

  /// As many different images as were judged, about.
  var differentCount: Int { max(1, Int((Double(count) * differentShare).rounded())) }

  /// The mean of what it has more than `other`, on images that both were judged on, and its standard error, as if one image
  /// more differed.
  func difference(from other: JudgedScores) -> (mean: Double, error: Double) {
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    for case (let own?, let other?) in zip(scores, other.scores) {
      count += 1
      sum += own - other
      squares += (own - other) * (own - other)
    }
    guard count > 0 else { return (0, 1) }
    let mean = sum / count
    let different = max(1, count * differentShare)
    let variance = max(0, squares / count - mean * mean) + 1 / different
    return (mean, (variance / different).squareRoot())
  }
}
