import Ensembles
import Predictions

extension EnsemblePredictions {
  /// The share of the images that stopped after each member.
  public var exitFractions: [Double] {
    var counts = [Int](repeating: 0, count: members.count)
    for exit in exits { counts[exit] += 1 }
    return counts.map { Double($0) / Double(indices.count) }
  }

  /// What an image cost on average, in multiply-accumulates, where each stopped when it was to: the sum of the members
  /// where they are no cascade.
  public var expectedMultiplyAccumulates: Double {
    Cost.expected(members.map { Double($0.multiplyAccumulates) }, exitFractions)
  }

  /// Each member's predictions; nil for a member of a cascade that not every image came to.
  ///
  /// - Parameters:
  ///   - split: The name of the images' split.
  ///   - labels: `[n]`, of the images at `indices`.
  /// - Throws: `EnsembleError`.
  public func memberPredictions(
    split: String, labels: [Int64]
  ) throws(EnsembleError) -> [Predictions?] {
    var predictions: [Predictions?] = []
    for member in members.indices {
      let isWhole = places[member].count == indices.count
      predictions.append(
        isWhole ? try of(member, split: split, labels, logProbabilities[member]) : nil)
    }
    return predictions
  }

  /// The predictions of all members together. What a cascade costs is what it cost on these images on average.
  ///
  /// - Parameters:
  ///   - split: The name of the images' split.
  ///   - labels: `[n]`, of the images at `indices`.
  ///   - name: What the ensemble is called.
  /// - Throws: `EnsembleError`.
  public func combined(
    split: String, labels: [Int64], name: String
  ) throws(EnsembleError) -> Predictions {
    try combination.combine(filledUp(split: split, labels), name: name)
  }

  /// What the combined predictions are worth, as `Combination.metrics(of:)` has it.
  ///
  /// - Parameter labels: `[n]`, of the images at `indices`.
  /// - Throws: `EnsembleError`.
  public func metrics(labels: [Int64]) throws(EnsembleError) -> Metrics {
    try combination.metrics(of: filledUp(split: "any", labels))
  }

  /// All members' predictions of all images. What stands for those that were never made is any distribution: the
  /// combination looks at no member after the one that an image stopped at.
  private func filledUp(split: String, _ labels: [Int64]) throws(EnsembleError) -> [Predictions] {
    var predictions: [Predictions] = []
    for member in members.indices {
      predictions.append(try of(member, split: split, labels, filledUp(member)))
    }
    return predictions
  }

  private func filledUp(_ member: Int) -> [Float] {
    guard places[member].count < indices.count else { return logProbabilities[member] }
    let classes = members[member].model.classes
    let any = [0] + [Float](repeating: -.infinity, count: classes - 1)
    var values: [Float] = []
    values.reserveCapacity(indices.count * classes)
    var row = 0
    for place in indices.indices {
      if row < places[member].count, places[member][row] == place {
        values += logProbabilities[member][row * classes..<(row + 1) * classes]
        row += 1
      } else {
        values += any
      }
    }
    return values
  }

  private func of(
    _ member: Int, split: String, _ labels: [Int64], _ values: [Float]
  ) throws(EnsembleError) -> Predictions {
    let member = members[member]
    return try Predictions(
      name: member.name, network: member.network,
      multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
      split: split, fingerprint: fingerprint, logProbabilities: values, labels: labels,
      classes: member.model.classes)
  }
}
