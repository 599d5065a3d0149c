import Predictions

extension Predictions {
  /// The predictions softmax(sum over members of weight x log-probability).
  ///
  /// Log-probabilities count as no less than `Metrics.leastLogProbability`.
  ///
  /// - Parameters:
  ///   - members: Of the same data; at least one.
  ///   - weights: Of each member.
  ///   - name: The name of what is made; it costs the sum of the members.
  package init(
    weighting members: [Predictions], by weights: [Double], name: String
  ) throws(EnsembleError) {
    let values = CombinedRows(members: members, weights: weights).all()
    try self.init(of: members, name: name, logProbabilities: values)
  }

  /// Predictions that are made of members, and cost the sum of them unless something else is said.
  package init(
    of members: [Predictions], name: String, logProbabilities: [Float],
    multiplyAccumulates: Int? = nil
  ) throws(EnsembleError) {
    let first = members[0]
    let total = { (cost: (Predictions) -> Int) in
      members.reduce(0) { min($0 + cost($1), Self.largestCost + 1) }
    }
    try self.init(
      name: name, network: Self.description(of: members.map(\.network)),
      multiplyAccumulates: multiplyAccumulates ?? total(\.multiplyAccumulates),
      parameters: total(\.parameters),
      split: first.split, fingerprint: first.fingerprint, logProbabilities: logProbabilities,
      labels: first.labels, classes: first.classes)
  }

  /// The logarithm of the softmax of each row of `[images, C]`.
  static func normalize(
    _ sums: [Double], classes: Int, into result: UnsafeMutableBufferPointer<Float>
  ) {
    for start in stride(from: 0, to: sums.count, by: classes) {
      let row = start..<start + classes
      logSoftmax(sums[row], into: UnsafeMutableBufferPointer(rebasing: result[row]))
    }
  }
}
