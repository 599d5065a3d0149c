import Formatting
import Inference
import Runs

/// How long members take for one image on this machine.
package struct MemberLatencies {
  /// By the members' names, in milliseconds: the median over rounds of a round's median.
  package let milliseconds: [String: Double]
  /// How they were measured, in words.
  package let conditions: String

  private static let rounds = 3
  private static let secondsOfRound = 0.5

  /// Times the models in turn, several rounds, so that a machine that is busy for a while is so for all.
  ///
  /// - Parameter progress: Called before each round with what is being done.
  /// - Throws: `InferenceError`, or what keeps a model from being read.
  package init(_ models: [TimedModel], progress: (String) -> Void) throws {
    let options = InferenceOptions(threads: 1)
    var times = [[Double]](repeating: [], count: models.count)
    let classifiers = try models.map { model in
      let loaded = try model.model()
      return try Classifier([loaded], batch: loaded.input.fixedBatch ?? 1, options: options)
    }
    for round in 1...Self.rounds {
      progress(
        "timing \(models.count.counted("network")), round \(round) of \(Self.rounds)")
      for (index, classifier) in classifiers.enumerated() {
        let found = try InferenceTimes([classifier], seconds: Self.secondsOfRound)
        times[index].append(1000 * found.quantile(0.5) / Double(classifier.batch))
      }
    }
    var milliseconds: [String: Double] = [:]
    for (model, times) in zip(models, times) {
      for member in model.members { milliseconds[member] = times.sorted()[times.count / 2] }
    }
    self.milliseconds = milliseconds
    let environment = RunEnvironment(command: [], versions: [:], device: "cpu", threads: 1)
    conditions =
      "one image at a time, one thread, \(InferenceEngine.version), \(environment.processor); "
      + "one model of each network, the median of \(Self.rounds) rounds"
  }
}

/// A model whose time stands for that of all members of its network.
package struct TimedModel {
  /// The members' names.
  package let members: [String]
  /// Reads the model.
  package let model: () throws -> ImageModel

  package init(members: [String], model: @escaping () throws -> ImageModel) {
    self.members = members
    self.model = model
  }
}
