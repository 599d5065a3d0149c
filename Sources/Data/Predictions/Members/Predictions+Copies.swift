import Concurrency

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
    let rows = self.rows(of: images)
    return try copy(values: .resident(rows), labels: images.map { labels[$0] })
      .withLogNormalizers(logNormalizers.map { all in images.map { all[$0] } })
  }

  /// `[images, C]`: the log-probabilities of some images, in that order.
  private func rows(of images: [Int]) -> [Float] {
    let size = max(1, Self.pieceBytes / 4 / (classes * MemoryLayout<Float>.stride))
    return [Float](unsafeUninitializedCapacity: images.count * classes) { rows, filled in
      // Each piece fills its own rows, and the buffer outlives the call.
      nonisolated(unsafe) let rows = rows
      parallelFor((images.count + size - 1) / size) { piece in
        let part = images[piece * size..<min((piece + 1) * size, images.count)]
        withLogProbabilities { values in
          for (place, image) in zip(part.indices, part) {
            let row = UnsafeBufferPointer(
              rebasing: values[image * classes..<(image + 1) * classes])
            _ = UnsafeMutableBufferPointer(
              rebasing: rows[place * classes..<(place + 1) * classes]
            ).initialize(from: row)
          }
        }
        // Mostly they ascend, and what lies between is given back as well.
        if mappedByteCount > Self.pieceBytes, let first = part.min(), let last = part.max() {
          release(first..<last + 1)
        }
      }
      filled = images.count * classes
    }
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
