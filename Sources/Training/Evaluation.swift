import Torch

/// What a model says about a whole split.
public struct Evaluation: Hashable, Sendable {
  /// `[N, classes]`, row-major.
  public let logProbabilities: [Float]
  /// The mean cross-entropy, in nats.
  public let loss: Double
  /// The share of images whose most probable class is their label.
  public let top1Accuracy: Double

  /// Runs the model over a split without augmentation, in batches.
  public init(
    of model: Model, on split: ImageTensors, normalization: Normalization, batchSize: Int = 250
  ) throws {
    var logProbabilities: [Float] = []
    let constants = try Normalization.Constants(normalization, device: split.device)
    try withoutGradients {
      for start in stride(from: 0, to: split.count, by: batchSize) {
        let range = start..<min(start + batchSize, split.count)
        let images = try constants.normalized(split.images.narrowed(0, range))
        logProbabilities += try model.logits(images, training: false).logSoftmax(1).elements()
      }
    }
    self.init(logProbabilities: logProbabilities, labels: try split.labels.elements())
  }

  /// Measures log-probabilities against labels.
  init(logProbabilities: [Float], labels: [Int64]) {
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
    self.loss = loss / Double(max(1, labels.count))
    top1Accuracy = Double(correct) / Double(max(1, labels.count))
  }
}
