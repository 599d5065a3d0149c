import Predictions
import Statistics

extension Predictions {
  /// Combines members into the predictions of their ensemble, which costs the sum of them.
  ///
  /// A class that the rule gives no probability has a log-probability of minus infinity. What ranks classes of as many
  /// votes is not in the result: take the metrics of a vote with `Metrics(of:rule:)`, from the members.
  ///
  /// - Parameters:
  ///   - members: Predictions of the same data.
  ///   - rule: How they are combined.
  ///   - name: The ensemble's name.
  /// - Throws: `EnsembleError.noMembers`, `.differentData`, or `.invalidMetadata` where the costs add up to too much.
  public init(
    combining members: [Predictions], rule: CombinationRule = .geometricMean, name: String
  ) throws(EnsembleError) {
    try Self.checkSameData(members)
    try self.init(of: members, name: name, logProbabilities: rule.combine(members))
  }

  /// Such as "3 x wide-resnet-16-1 + wide-resnet-16-2", in the order given.
  package static func description(of networks: [String]) -> String {
    var counts: [(network: String, count: Int)] = []
    for network in networks {
      if let place = counts.firstIndex(where: { $0.network == network }) {
        counts[place].count += 1
      } else {
        counts.append((network, 1))
      }
    }
    return counts.map { $0.count == 1 ? $0.network : "\($0.count) x \($0.network)" }
      .joined(separator: " + ")
  }
}

extension CombinationRule {
  /// `[N, C]`: the combined log-probabilities of members that predict the same data.
  package func combine(_ members: [Predictions]) -> [Float] {
    guard !takesLogarithms else { return CombinedRows(members: members).all() }
    let classes = members[0].classes
    let memberSums = MemberSums(rule: self)
    return RowBlocks.make(of: members) { images, result in
      var sums = [Double](repeating: 0, count: result.count * memberSums.vectors)
      var row = sums
      for member in members {
        row.withUnsafeMutableBufferPointer { row in
          member.withLogProbabilities(of: images) {
            memberSums.load($0, classes: classes, into: row)
          }
        }
        for index in sums.indices { sums[index] += row[index] }
      }
      for start in stride(from: 0, to: result.count, by: classes) {
        let row = start..<start + classes
        normalize(sums[row], into: UnsafeMutableBufferPointer(rebasing: result[row]))
      }
    }
  }

  /// Whether log-probabilities are averaged.
  var takesLogarithms: Bool { self == .geometricMean || self == .logitMean }

  /// Sets `result` to the log-probabilities of one image from its sums.
  private func normalize(
    _ sums: ArraySlice<Double>, into result: UnsafeMutableBufferPointer<Float>
  ) {
    let total = naturalLogarithm(sums.reduce(0, +))
    for (place, sum) in sums.enumerated() {
      result[place] = Float(naturalLogarithm(sum) - total)
    }
  }
}
