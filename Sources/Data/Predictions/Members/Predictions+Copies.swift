extension Predictions {
  /// The same predictions under another name.
  ///
  /// - Throws: `EnsembleError.invalidMetadata` for a name that cannot be shown.
  public func renamed(_ name: String) throws(EnsembleError) -> Predictions {
    var result = try copy(name: name).withLogNormalizers(logNormalizers)
    result.imported = imported
    return result
  }

  /// The same predictions, their split under another name.
  ///
  /// - Throws: `EnsembleError.invalidMetadata` for a name that cannot be shown.
  public func inSplit(_ split: String) throws(EnsembleError) -> Predictions {
    guard split != self.split else { return self }
    var result = try copy(split: split).withLogNormalizers(logNormalizers)
    result.imported = imported
    return result
  }

  /// The same member's predictions of some of the images, `images` not none, in that order.
  package func selecting(_ images: [Int]) throws(EnsembleError) -> Predictions {
    let rows = withLogProbabilities { values in
      images.flatMap { values[$0 * classes..<($0 + 1) * classes] }
    }
    return try copy(values: .resident(rows), labels: images.map { labels[$0] })
      .withLogNormalizers(logNormalizers.map { all in images.map { all[$0] } })
  }

  /// The same member's predictions with other log-probabilities, `[N, C]`.
  package func replacing(_ logProbabilities: [Float]) throws(EnsembleError) -> Predictions {
    try copy(values: .resident(logProbabilities))
  }

  /// A copy, checked anew; what is left out is the same. What is known of an import is not taken along.
  private func copy(
    name: String? = nil, split: String? = nil, values: Values? = nil, labels: [Int64]? = nil
  ) throws(EnsembleError) -> Predictions {
    try Predictions(
      source: source, name: name ?? self.name, network: network,
      multiplyAccumulates: multiplyAccumulates, parameters: parameters,
      split: split ?? self.split, fingerprint: fingerprint, values: values ?? self.values,
      labels: labels ?? self.labels, classes: classes)
  }
}
