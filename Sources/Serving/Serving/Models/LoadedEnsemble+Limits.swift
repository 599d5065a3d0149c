import Ensembles

// Sets of classes and abstentions: what is promised of the whole ensemble's answers, and of no others.

extension LoadedEnsemble {
  /// The images that the whole ensemble has answered, as it was calibrated: by all members that they needed, and not stopped by
  /// the request. Of the others nothing is promised.
  private func isWhole(_ answer: EnsembleAnswer, for request: InferenceRequest) -> [Bool] {
    let isCut = (request.stageLimit ?? .max) < members.count
    var isWhole = [Bool](repeating: !isCut, count: answer.count)
    for group in answer.degraded {
      for row in group.rows { isWhole[row] = false }
    }
    return isWhole
  }

  /// `[N, classes]`: the classes in each image's set; all of them where nothing is promised, which keeps every promise.
  func predictionSets(_ answer: EnsembleAnswer, for request: InferenceRequest) -> [Bool] {
    var flags = [Bool](repeating: true, count: answer.count * classes)
    guard let limits else { return flags }
    for (row, isWhole) in isWhole(answer, for: request).enumerated() where isWhole {
      let values = row * classes..<(row + 1) * classes
      let found = Set(limits.sets.classes(Array(answer.logProbabilities[values])))
      for column in 0..<classes { flags[values.lowerBound + column] = found.contains(column) }
    }
    return flags
  }

  /// `[N]`: whether no answer is given; none is where nothing is promised. How sure it is says the most probable class, also
  /// where costs make another one the answer.
  func abstentions(_ answer: EnsembleAnswer, for request: InferenceRequest) -> [Bool] {
    guard let rule = limits?.abstention else { return [Bool](repeating: true, count: answer.count) }
    return isWhole(answer, for: request).enumerated().map { row, isWhole in
      let values = answer.logProbabilities[row * classes..<(row + 1) * classes]
      return !isWhole || !rule.answers(logProbability: values.max() ?? -.infinity)
    }
  }

  /// What is promised of the outputs that the request asks for.
  func limitParameters(_ answer: EnsembleAnswer, for request: InferenceRequest) -> Parameters {
    func asks(_ output: Output) -> Bool {
      request.outputs.contains { $0.name == output.rawValue }
    }
    guard let limits, asks(.predictionSet) || asks(.abstain) else { return [:] }
    // What is promised of answers is of the most probable classes as answers.
    let isOfLabels = !asks(.abstain) || errorCosts == nil
    let isPromised =
      limits.isPromised && isOfLabels && isWhole(answer, for: request).allSatisfy(\.self)
    var parameters: Parameters = [AnswerParameter.promised: .boolean(isPromised)]
    if asks(.predictionSet) {
      parameters[AnswerParameter.coverage] = .number(1 - limits.sets.missRate)
    }
    if asks(.abstain), let rule = limits.abstention {
      parameters[AnswerParameter.error] = .number(rule.error)
      parameters[AnswerParameter.confidence] = .number(rule.confidence)
    }
    return parameters
  }
}
