import Predictions

extension Predictions {
  /// The same predictions, with a hair less for each class that is as probable as the predicted one.
  ///
  /// - Parameter predicted: `[N]`: of each image, one of its most probable classes.
  func preferring(_ predicted: [Int]) throws(EnsembleError) -> Predictions {
    var values = withLogProbabilities { Array($0) }
    guard Self.prefer(predicted, in: &values, classes: classes) else { return self }
    return try replacing(values)
  }

  /// Makes the predicted class of each image the only most probable one.
  ///
  /// - Returns: Whether something was changed.
  fileprivate static func prefer(
    _ predicted: [Int], in values: inout [Float], classes: Int
  ) -> Bool {
    var isChanged = false
    for (image, predicted) in predicted.enumerated() {
      let row = image * classes..<(image + 1) * classes
      let greatest = values[row.lowerBound + predicted]
      for place in row where place != row.lowerBound + predicted && values[place] >= greatest {
        values[place] = greatest.nextDown
        isChanged = true
      }
    }
    return isChanged
  }
}

extension CombinationRule {
  /// As `combine`, and the most probable class is the one that the rule predicts, also where others have as many votes.
  func combineRanked(_ members: [Predictions]) -> [Float] {
    var values = combine(members)
    guard self == .majorityVote else { return values }
    let predicted = StageStatistics.predictedClasses(members, rule: self)
    _ = Predictions.prefer(predicted, in: &values, classes: members[0].classes)
    return values
  }
}
