extension Predictions {
  /// The same predictions under another name.
  ///
  /// - Throws: `EnsembleError.invalidMetadata` for a name that cannot be shown.
  public func renamed(_ name: String) throws(EnsembleError) -> Predictions {
    var result = try Predictions(
      source: source, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split, fingerprint: fingerprint, values: values,
      labels: labels, classes: classes)
    result.imported = imported
    return result
  }

  /// The same predictions, their split under another name.
  ///
  /// - Throws: `EnsembleError.invalidMetadata` for a name that cannot be shown.
  public func inSplit(_ split: String) throws(EnsembleError) -> Predictions {
    guard split != self.split else { return self }
    var result = try Predictions(
      source: source, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split, fingerprint: fingerprint, values: values,
      labels: labels, classes: classes)
    result.imported = imported
    return result
  }

  /// The same member's predictions of some of the images, `images` not none, in that order.
  package func selecting(_ images: [Int]) throws(EnsembleError) -> Predictions {
    let rows = withLogProbabilities { values in
      images.flatMap { values[$0 * classes..<($0 + 1) * classes] }
    }
    return try Predictions(
      source: source, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split, fingerprint: fingerprint, values: .resident(rows),
      labels: images.map { labels[$0] }, classes: classes)
  }

  /// The same member's predictions with other log-probabilities.
  package func replacing(_ logProbabilities: [Float]) throws(EnsembleError) -> Predictions {
    try Predictions(
      source: source, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split, fingerprint: fingerprint,
      values: .resident(logProbabilities), labels: labels, classes: classes)
  }
}
