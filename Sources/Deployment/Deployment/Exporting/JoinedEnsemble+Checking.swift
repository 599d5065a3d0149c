import Datasets
import Ensembles
import Files
import Inference
import Predictions
import Randomness
import Statistics

extension JoinedEnsemble {
  /// Runs the model and its members on images of random pixels.
  ///
  /// - Returns: The greatest difference of a probability.
  /// - Throws: `DeploymentError.joinedDiffers` where it is too large for rounding; what keeps either from running.
  package func check() throws -> Float {
    let labels = [Int64](repeating: 0, count: batch)
    func predictions(_ name: String, _ values: [Float]) throws -> Predictions {
      try Predictions(
        name: name, network: name, multiplyAccumulates: 1, parameters: 1, split: "check",
        fingerprint: "check", logProbabilities: values, labels: labels,
        classes: ensemble.manifest.classes)
    }
    let parts = try members.map { member in
      try predictions(
        member.name, logProbabilities(of: member.model, member.preprocessing))
    }
    // After the members, of which one may be at fault by itself.
    let model = try bytes.withUnsafeBytes { try ImageModel(bytes: $0, source: ensemble.path) }
    let joined = try logProbabilities(of: model, input.preprocessing)
    let expected = try ensemble.manifest.combination.combine(parts, name: "ensemble")
    let difference = expected.withLogProbabilities { values in
      zip(values, joined).map { Float(abs(exponential(Double($0)) - exponential(Double($1)))) }
        .max() ?? 0
    }
    guard difference <= Self.tolerance else {
      throw DeploymentError.joinedDiffers(path: ensemble.path, by: difference)
    }
    return difference
  }

  /// What engines that fuse operations differently leave, of a probability.
  private static let tolerance: Float = 1e-5

  private var batch: Int { input.fixedBatch ?? 2 }

  /// uint8, `[batch, 3, H, W]`, the same for the same size.
  private func randomPixels() -> [UInt8] {
    var stream = RandomStream(seed: 17, 0)
    let count = batch * input.shape.reduce(1, *)
    return (0..<count).map { _ in UInt8(stream.integer(below: 256)) }
  }

  private func logProbabilities(
    of model: ImageModel, _ preprocessing: Preprocessing
  ) throws -> [Float] {
    let options = InferenceOptions(threads: 1, cacheDirectory: nil)
    let session = try InferenceSession(Classifier([model], batch: batch, options: options))
    // The session has seen that there is memory for as many.
    randomPixels().withUnsafeBytes { preprocessing.normalize($0, into: session.input) }
    try session.run()
    return try session.logProbabilities(of: 0)
  }
}
