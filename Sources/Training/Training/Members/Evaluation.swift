import Datasets
import Networks
import Predictions
import Torch

/// What a model says about a whole split.
public struct Evaluation: Hashable, Sendable {
  /// `[N, classes]`, row-major.
  public let logProbabilities: [Float]
  /// `[N]`.
  public let labels: [Int64]
  /// The mean cross-entropy, in nats.
  public let loss: Double
  /// The share of images whose most probable class is their label.
  public let top1Accuracy: Double

  /// Runs the model over a split without augmentation, in batches.
  ///
  /// - Throws: `TorchError` where memory does not suffice or shapes disagree.
  public init(
    of model: Model, on split: ImageTensors, normalization: Normalization, batchSize: Int = 250
  ) throws {
    var answers = try Answers(of: model, normalization)
    for start in stride(from: 0, to: split.count, by: batchSize) {
      try answers.add(split.images.narrowed(0, start..<min(start + batchSize, split.count)))
    }
    self.init(logProbabilities: answers.logProbabilities, labels: try split.labels.elements())
  }

  /// Runs the model over images that are decoded meanwhile, in batches.
  ///
  /// - Parameter fingerprint: Takes in the images that could be decoded, which are those that the result is about.
  init(
    of model: Model, on images: EvaluationImages.Streamed, normalization: Normalization,
    batchSize: Int, fingerprint: inout ImagesFingerprint
  ) throws {
    var answers = try Answers(of: model, normalization)
    var labels: [Int64] = []
    let stream = images.stream(batchSize: batchSize)
    while let batch = try stream.next() {
      batch.skipped.forEach(images.images.decoding.skipped)
      guard batch.count > 0 else { continue }
      fingerprint.add(batch)
      labels += batch.labels
      try answers.add(images.images.tensor(batch).moved(to: model.device))
    }
    self.init(logProbabilities: answers.logProbabilities, labels: labels)
  }

  /// What a model answers to batch after batch.
  private struct Answers {
    private let model: Model
    private let constants: Normalization.Constants
    private(set) var logProbabilities: [Float] = []

    init(of model: Model, _ normalization: Normalization) throws {
      self.model = model
      constants = try Normalization.Constants(normalization, device: model.device)
    }

    /// - Parameter images: `[B, C, H, W]`, uint8, on the model's device.
    mutating func add(_ images: Tensor) throws {
      logProbabilities += try withoutGradients {
        try model.logits(constants.normalized(images), training: false).logSoftmax(1).elements()
      }
    }
  }

  /// Measures log-probabilities against labels.
  package init(logProbabilities: [Float], labels: [Int64]) {
    let classes = labels.isEmpty ? 0 : logProbabilities.count / labels.count
    var loss = 0.0
    var correct = 0
    for (row, label) in labels.enumerated() {
      let scores = logProbabilities[row * classes..<(row + 1) * classes]
      let truth = scores[scores.startIndex + Int(label)]
      loss -= Double(truth)
      // The first of equal scores counts, as in argmax.
      let best = scores.max() ?? truth
      if scores.firstIndex(of: best) == scores.startIndex + Int(label) { correct += 1 }
    }
    self.logProbabilities = logProbabilities
    self.labels = labels
    self.loss = loss / Double(max(1, labels.count))
    top1Accuracy = Double(correct) / Double(max(1, labels.count))
  }
}

extension Predictions {
  /// What a network said about a split, with its cost.
  ///
  /// - Parameters:
  ///   - fingerprint: Of the images that it saw.
  ///   - classes: How many there are.
  /// - Throws: `EnsembleError` where the log-probabilities are no distribution, or a label is no class.
  package init(
    _ evaluation: Evaluation, of network: Network, name: String, split: String,
    fingerprint: String, classes: Int
  ) throws {
    let cost = network.totals
    try self.init(
      name: name, network: network.name, multiplyAccumulates: cost.multiplyAccumulates,
      parameters: cost.parameters, split: split, fingerprint: fingerprint,
      logProbabilities: evaluation.logProbabilities, labels: evaluation.labels, classes: classes)
  }
}
