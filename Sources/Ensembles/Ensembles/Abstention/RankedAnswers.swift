import Predictions

/// Answers, the surest first: what promises of any errors and shares are made of.
package struct RankedAnswers: Sendable {
  private let confidences: [Double]
  /// `[N + 1]`: how many of the first k are wrong.
  private var wrong = [0]

  /// Of the deployed model, ensemble or cascade, as it answers.
  package init(of predictions: Predictions) {
    let outcomes = predictions.confidentOutcomes()
    self.init(outcomes.map(\.confidence), outcomes.map(\.isRight))
  }

  /// - Parameters:
  ///   - confidences: `[N]`, at least one, above 0; none is NaN.
  ///   - isRight: `[N]`.
  init(_ confidences: [Double], _ isRight: [Bool]) {
    let order = confidences.indices.sorted {
      (confidences[$1], $0) < (confidences[$0], $1)
    }
    precondition(
      !confidences.isEmpty && confidences.count == isRight.count, "each image has a confidence")
    self.confidences = order.map { confidences[$0] }
    for image in order { wrong.append(wrong[wrong.count - 1] + (isRight[image] ? 0 : 1)) }
  }

  /// How many there are.
  var count: Int { confidences.count }

  /// The answers that are surer than that behind the first `rank`: fewer than these where some are as sure as it.
  ///
  /// Given the threshold and their number, they are independent draws of the answers above it.
  func above(_ rank: Int) -> (threshold: Double, answered: Int, wrong: Int) {
    guard rank < confidences.count else { return (0, confidences.count, wrong[confidences.count]) }
    let threshold = confidences[rank]
    var (low, high) = (0, rank)
    // The first that is no surer than the threshold.
    while low < high {
      let middle = (low + high) / 2
      if confidences[middle] > threshold { low = middle + 1 } else { high = middle }
    }
    return (threshold, low, wrong[low])
  }
}
