import Decisions
import Deployment
import Formatting
import Inference

extension MeasuredTimes {
  /// Measures a deployed cascade as a whole, beside the best single model.
  ///
  /// - Returns: nil where it is no cascade, where the models are not at hand, or where one takes several images at a time.
  init?(_ decision: Decision, models: [TimedModel]) throws {
    let deployed = decision.deployed
    guard deployed.kind == .cascade, let fractions = deployed.test.exitFractions,
      let reference = decision.candidate(decision.reference)?.members.first
    else { return nil }
    let names = deployed.members + [reference]
    let found = names.compactMap { name in models.first { $0.members.contains(name) } }
    guard found.count == names.count else { return nil }
    let loaded = try found.map { try $0.model() }
    guard loaded.allSatisfy({ ($0.input.fixedBatch ?? 1) == 1 }) else { return nil }
    Terminal.writeError("timing the cascade as a whole, in turns with the best single model")
    let run = try CascadeRun(
      Array(loaded.dropLast()), combination: deployed.combination, exitFractions: fractions,
      beside: loaded[loaded.count - 1], options: InferenceOptions(threads: 1))
    self.init(
      deployed: Time(run.milliseconds), slowestPath: Time(run.slowestMilliseconds),
      reference: Time(run.referenceMilliseconds), rounds: run.milliseconds.count,
      imagesPerRound: run.imagesPerRound)
  }
}
