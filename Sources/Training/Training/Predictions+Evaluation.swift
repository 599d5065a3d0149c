import Networks
import Predictions

extension Predictions {
  /// What a network said about a split, with its cost.
  ///
  /// - Parameters:
  ///   - fingerprint: Of the images that it saw.
  ///   - classes: How many there are.
  package init(
    _ evaluation: Evaluation, of network: Network, name: String, split: String,
    fingerprint: String, classes: Int
  ) throws {
    let cost = try network.totals()
    try self.init(
      name: name, network: network.name, multiplyAccumulates: cost.multiplyAccumulates,
      parameters: cost.parameters, split: split, fingerprint: fingerprint,
      logProbabilities: evaluation.logProbabilities, labels: evaluation.labels, classes: classes)
  }
}
