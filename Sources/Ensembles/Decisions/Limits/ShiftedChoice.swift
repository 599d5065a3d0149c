import Ensembles
import Predictions
import Statistics

/// Which candidate would have been best on the shifted images, beside that which is deployed: seen afterwards, and no choice.
public struct ShiftedChoice: Codable, Sendable {
  /// The most accurate there, of equals the cheapest: its id.
  public let best: String
  /// The most accurate there that costs no more than the deployed one: its id.
  public let bestForCost: String
  /// How many of the candidates are more accurate there than the deployed one.
  public let betterCount: Int
  /// The accuracy of `best` there less that of the deployed one, never below 0. It is the best of many, and lucky too.
  public let difference: Double
  /// The difference's 95 % interval, by a paired bootstrap over the images.
  public let interval: ConfidenceInterval

  /// - Parameters:
  ///   - decision: The deployed candidate and all others, of which those without figures of the shifted images are left out.
  ///   - builder: Of the sets that have them.
  /// - Returns: nil without shifted images.
  init?(
    deployed: Candidate, candidates: [Candidate], cost: (Candidate) -> Double,
    _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    guard let images = builder.sets.shifted, let own = deployed.shifted?.metrics.top1Accuracy
    else { return nil }
    func accuracy(_ candidate: Candidate) -> Double {
      candidate.shifted?.metrics.top1Accuracy ?? 0
    }
    func best(_ all: [Candidate]) -> Candidate {
      all.reduce(deployed) { best, other in
        (accuracy(other), -cost(other)) > (accuracy(best), -cost(best)) ? other : best
      }
    }
    let found = best(candidates)
    self.best = found.id
    bestForCost = best(candidates.filter { cost($0) <= cost(deployed) * (1 + 1e-9) }).id
    betterCount = candidates.count { accuracy($0) > own + 1e-12 }
    difference = accuracy(found) - own
    let columns = [
      try builder.correctness(of: found, in: images),
      try builder.correctness(of: deployed, in: images),
    ]
    interval = ConfidenceInterval(
      PairedBootstrap(columns: columns, seed: builder.options.seed).interval(0, minus: 1))
  }
}
