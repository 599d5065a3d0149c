import Datasets
import Files
import Networks
import Predictions
import Runs
import Schemas
import Torch
import Weights

/// What a trained member leaves in its directory: network, description, weights and predictions.
struct MemberResult {
  let member: Experiment.Member
  let network: Network
  let files: MemberDirectory
  /// What distinguishes the member's training from others.
  let identity: String
  /// What `network.json` and `member.json` hold.
  private let networkText, descriptionText: String
  private let classes: Int
  private let holdOutImages: Int
  private let epochs: Int

  /// - Parameter record: The images of the run.
  init(
    of member: Experiment.Member, _ network: Network, in files: MemberDirectory,
    of experiment: Experiment, on record: DataRecord
  ) throws {
    self.member = member
    self.network = network
    self.files = files
    identity = try experiment.identity(of: member, data: record)
    networkText = try network.readableJSON()
    descriptionText = try record.description(of: network).readableJSON()
    classes = record.classNames.count
    holdOutImages = record.holdOutImages
    epochs = experiment.recipe.epochs
  }

  /// The splits that are predicted, in the order in which they are written.
  private var splits: [String] {
    holdOutImages > 0 ? [SplitName.holdOut, SplitName.test] : [SplitName.test]
  }

  /// Of the weights.
  private var metadata: [String: String] {
    seals.merging(
      ["network": network.name, "name": member.name, MemberMetadata.training: identity]
    ) { $1 }
  }

  private var seals: [String: String] {
    MemberMetadata.seals(network: networkText, description: descriptionText)
  }

  private func writeDescriptions() throws {
    try DurableFile.write(networkText, to: files.networkPath)
    try DurableFile.write(descriptionText, to: files.descriptionPath)
  }

  /// Predicts with the trained model, then writes everything. Returns the accuracy on the test images.
  ///
  /// Where another worker was quicker, its weights stay, and what lies beside them is made from them.
  ///
  /// - Parameters:
  ///   - claim: Is confirmed once there is nothing left but to write: predicting may take long.
  ///   - further: What the weights say besides, by key.
  /// - Throws: `TrainingError.lossNotFinite` as `notFinite` gives it, where what the model says is no distribution; nothing
  ///   is written then. `LeaseLost` where another worker has the member.
  func write(
    _ model: Model, _ images: MemberImages, _ normalization: Normalization, batchSize: Int,
    claim: MemberClaim, further: [String: String] = [:], notFinite: () -> TrainingError
  ) throws -> Double {
    let predictions = try predict(
      model, images, normalization, batchSize: batchSize, notFinite: notFinite)
    _ = try claim.confirm()
    try writeDescriptions()
    let isOurs = try publish(
      files.weightsPath,
      { try model.writeWeights(to: $0, metadata: metadata.merging(further) { own, _ in own }) },
      check: { try checkDescriptions(checkedWeights()) })
    guard isOurs else {
      return try writePredictions(
        images, normalization, device: model.device, precision: model.precision,
        batchSize: batchSize)
    }
    return try write(predictions)
  }

  /// Writes a file where there is none, or a damaged one; returns whether it is now the one at `path`, or another's is there.
  private func publish(
    _ path: String, _ write: (String) throws -> Void, check: () throws -> Void
  ) throws -> Bool {
    do {
      while try !NewFile.publish(at: path, write) {
        do {
          try check()
          return false
        } catch ExperimentError.foreignMember(let file) {
          throw ExperimentError.foreignMember(file: file)
        } catch {
          try Directory.removeFile(path)
        }
      }
      return true
    } catch WeightsError.file(.cannotWrite(_, let reason)) {
      throw WeightsError.file(.cannotWrite(path: path, reason: reason))
    } catch EnsembleError.weights(.file(.cannotWrite(_, let reason))) {
      throw EnsembleError.weights(.file(.cannotWrite(path: path, reason: reason)))
    }
  }

  /// Predicts anew with the weights that are there, and writes what lies beside them. Returns the accuracy on the test images.
  func writePredictions(
    _ images: MemberImages, _ normalization: Normalization, device: Device,
    precision: Recipe.Precision, batchSize: Int
  ) throws -> Double {
    let model = try Model(
      network, generator: Generator(seed: 0), device: device, precision: precision)
    try model.readWeights(from: files.weightsPath)
    try writeDescriptions()
    return try write(
      predict(model, images, normalization, batchSize: batchSize) {
        .unusableWeights(path: files.weightsPath, reason: "what it says is not a distribution")
      })
  }

  private typealias SplitPredictions = [(predictions: Predictions, accuracy: Double)]

  private func predict(
    _ model: Model, _ images: MemberImages, _ normalization: Normalization, batchSize: Int,
    notFinite: () -> TrainingError
  ) throws -> SplitPredictions {
    try [(SplitName.holdOut, images.holdOut), (SplitName.test, images.test)].compactMap {
      split, images in
      guard let images else { return nil }
      let (evaluation, fingerprint) = try images.evaluate(
        model, normalization: normalization, batchSize: batchSize)
      guard evaluation.isFinite else { throw notFinite() }
      return (
        try Predictions(
          evaluation, of: network, name: member.name, split: split, fingerprint: fingerprint,
          classes: classes), evaluation.top1Accuracy
      )
    }
  }

  private func write(_ results: SplitPredictions) throws -> Double {
    // Before the test's predictions, which stand for all.
    try MetricsFile.publish(of: files, epochs: epochs)
    for (predictions, _) in results {
      let path = files.predictionsPath(split: predictions.split)
      _ = try publish(
        path,
        { try predictions.write(to: $0, metadata: [MemberMetadata.training: identity]) },
        check: { try checkPredictions(path, split: predictions.split) })
    }
    return results.last?.accuracy ?? 0
  }
}

// MARK: - What is there already

extension MemberResult {
  /// How much of a result is there and whole.
  enum Condition: Equatable {
    /// All of it.
    case complete
    /// The weights, and what describes them; `reason` says what is damaged or missing, where the rest was there before.
    case weights(reason: String?)
    /// Nothing of use; `reason` says what is damaged or missing, where there was a result before.
    case nothing(reason: String?)

    /// Whether something is to be made again.
    var wasComplete: Bool {
      switch self {
      case .complete: true
      case .weights(let reason), .nothing(let reason): reason != nil
      }
    }
  }

  /// Reads all files that are there.
  func condition() throws -> Condition {
    let wasComplete = Directory.exists(files.predictionsPath(split: SplitName.test))
    func missing(_ path: String) -> String? { wasComplete ? "'\(path)' is missing" : nil }
    guard Directory.exists(files.weightsPath) else {
      return .nothing(reason: missing(files.weightsPath))
    }
    let weights: SafeTensors
    do {
      weights = try checkedWeights()
    } catch ExperimentError.foreignMember(let file) {
      // Nothing is trained over what may be another training's only result.
      throw ExperimentError.foreignMember(file: file)
    } catch {
      return .nothing(reason: Self.cause(of: error))
    }
    do {
      try checkDescriptions(weights)
    } catch {
      // What would be written now must go with the weights.
      let fits = seals.allSatisfy { weights.metadata[$0] ?? $1 == $1 }
      let cause = Self.cause(of: error)
      return fits ? .weights(reason: cause) : .nothing(reason: cause)
    }
    for split in splits {
      let path = files.predictionsPath(split: split)
      guard Directory.exists(path) else { return .weights(reason: missing(path)) }
      do {
        try checkPredictions(path, split: split)
      } catch {
        return .weights(reason: Self.cause(of: error))
      }
    }
    return .complete
  }

  private func checkPredictions(_ path: String, split: String) throws {
    try MemberDirectory.checkPredictions(path, of: member.name, split: split, identity: identity)
    _ = try Predictions(path: path)
  }

  /// The weights, which are whole, and those of this training.
  private func checkedWeights() throws -> SafeTensors {
    let weights = try files.unsealedWeights(of: identity)
    var shapes: [String: [Int]] = [:]
    for name in weights.names { shapes[name] = try weights.entry(name).shape }
    if let mismatch = ParameterMismatch(of: shapes, with: network.parameters) {
      throw ExperimentError.unusableMember(file: files.weightsPath, reason: "\(mismatch)")
    }
    return weights
  }

  /// Whether the files beside the weights are as they were written.
  private func checkDescriptions(_ weights: SafeTensors) throws {
    try files.checkSeals(of: weights)
    guard weights.metadata[MemberMetadata.training] == nil else { return }
    for (path, text) in [
      (files.networkPath, networkText), (files.descriptionPath, descriptionText),
    ] {
      guard Directory.exists(path),
        try MappedFile(path: path).withBytes({ $0.elementsEqual(text.utf8) })
      else { throw ExperimentError.unusableMember(file: path, reason: "it is not of this version") }
    }
  }

  /// Without the advice, which is being followed.
  private static func cause(of error: any Error) -> String {
    guard case ExperimentError.unusableMember(let file, let reason)? = error as? ExperimentError
    else { return "\(error)" }
    return "'\(file)' cannot be used: \(reason)"
  }
}

extension Evaluation {
  /// Whether the model's answers are distributions, and the labels possible in them.
  fileprivate var isFinite: Bool { loss.isFinite && !logProbabilities.contains(where: \.isNaN) }
}
