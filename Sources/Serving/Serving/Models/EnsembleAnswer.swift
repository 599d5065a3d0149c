import Deployment
import Ensembles
import Predictions

/// What an ensemble says of the images of a request.
struct EnsembleAnswer: Sendable {
  /// How many images.
  let count: Int
  /// Combined, `[N, classes]`, in nats.
  let logProbabilities: [Float]
  /// `[N]`: the most probable class.
  let classes: [Int]
  /// Of each member that ran, `[N, classes]`, in nats; of a cascade only for the images that came to it.
  let memberLogProbabilities: [[Float]]
  /// `[N]`: after which member, from 0, each image stopped.
  let exits: [Int]
  /// `[N]`: how many members ran on each image.
  let membersRun: [Int]
  /// How long the images waited, and were computed, in seconds.
  var queueSeconds = 0.0
  var computeSeconds = 0.0

  /// Combines what members say.
  ///
  /// - Parameters:
  ///   - combination: Of as many members.
  ///   - logProbabilities: Of each member, `[N, classes]`, in nats; anything where it did not run.
  ///   - exits: `[N]`: after which member each image stopped; looked for where not `isStaged`.
  ///   - isStaged: Whether images stopped while members ran.
  /// - Throws: `EnsembleError`.
  init(
    of ensemble: LoadedEnsemble, _ combination: Combination, logProbabilities: [[Float]],
    exits: [Int], membersRun: [Int], isStaged: Bool
  ) throws(EnsembleError) {
    count = exits.count
    self.membersRun = membersRun
    memberLogProbabilities = logProbabilities
    let width = ensemble.classes
    // What stands for a member that did not run is any distribution: no image looks at members after its exit.
    let any = [0] + [Float](repeating: -.infinity, count: width - 1)
    var predictions: [Predictions] = []
    for (member, values) in logProbabilities.enumerated() {
      var values = values
      if isStaged {
        for row in 0..<exits.count where member > exits[row] {
          values.replaceSubrange(row * width..<(row + 1) * width, with: any)
        }
      }
      let said = ensemble.members[member]
      predictions.append(
        try Predictions(
          name: said.name, network: said.network, multiplyAccumulates: said.multiplyAccumulates,
          parameters: said.parameters, split: "requests", fingerprint: "none",
          logProbabilities: values, labels: [Int64](repeating: 0, count: exits.count),
          classes: width))
    }
    self.exits =
      isStaged || combination.cascade == nil ? exits : try combination.exits(predictions)
    let combined = try combination.combine(predictions, exits: self.exits, name: "ensemble")
    self.logProbabilities = combined.withLogProbabilities { Array($0) }
    classes = combined.predictedClasses()
  }
}
