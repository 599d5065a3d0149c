extension InferenceSession {
  /// Makes sure that the answer for the first image of the last batch does not change with the images beside it; the
  /// input and the outputs are others afterwards.
  ///
  /// - Throws: `InferenceError.answersByBatch`, or `.cannotRun`.
  package func checkIndependence() throws(InferenceError) {
    guard classifier.batch > 1 else { return }
    let models = classifier.models
    let before = models.indices.map { Array(rawOutput(of: $0).prefix(models[$0].classes)) }
    let size = models[0].input.count
    for image in 1..<classifier.batch {
      // Turned round, the first image has the same range as before, and is another one.
      for index in 0..<size { input[image * size + index] = input[size - 1 - index] }
    }
    try run()
    for (member, model) in models.enumerated() {
      let after = rawOutput(of: member).prefix(model.classes)
      let scale = before[member].filter(\.isFinite).reduce(1) { max($0, abs($1)) }
      // Equal ones may be infinite, where a class is ruled out.
      let isSame = zip(before[member], after).allSatisfy {
        $0 == $1 || abs($0 - $1) <= Self.tolerance * scale
      }
      guard isSame else {
        throw .answersByBatch(source: model.source)
      }
    }
  }

  /// Of a number of the size of the greatest: what rounding leaves, also in half precision.
  private static let tolerance: Float = 1e-3
}
