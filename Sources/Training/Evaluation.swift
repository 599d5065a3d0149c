import Datasets
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
  public init(
    of model: Model, on split: ImageTensors, normalization: Normalization, batchSize: Int = 250
  ) throws {
    let labels: [Int64] = try split.labels.elements()
    try self.init(of: model, normalization: normalization) { body in
      for start in stride(from: 0, to: split.count, by: batchSize) {
        try body(split.images.narrowed(0, start..<min(start + batchSize, split.count)))
      }
      return labels
    }
  }

  /// Runs the model over images that are decoded meanwhile, in batches.
  ///
  /// - Parameter fingerprint: Takes in the images that could be decoded, which are those that the result is about.
  init(
    of model: Model, on images: EvaluationImages.Streamed, normalization: Normalization,
    batchSize: Int, fingerprint: inout ContentFingerprint
  ) throws {
    var contents = fingerprint
    try self.init(of: model, normalization: normalization) { body in
      let stream = images.stream(batchSize: batchSize)
      var labels: [Int64] = []
      while let batch = try stream.next() {
        batch.skipped.forEach(images.images.decoding.skipped)
        guard !batch.labels.isEmpty else { continue }
        contents.add(batch)
        labels += batch.labels
        try body(batch.tensor(0..<batch.labels.count).moved(to: model.device))
      }
      return labels
    }
    fingerprint = contents
  }

  /// Runs the model over the batches, `[B, C, H, W]`, uint8, that `forEachBatch` gives to its argument; it returns the
  /// labels of all.
  private init(
    of model: Model, normalization: Normalization,
    forEachBatch: (_ body: (Tensor) throws -> Void) throws -> [Int64]
  ) throws {
    var logProbabilities: [Float] = []
    let constants = try Normalization.Constants(normalization, device: model.device)
    let labels = try withoutGradients {
      try forEachBatch { images in
        let images = try constants.normalized(images)
        logProbabilities += try model.logits(images, training: false).logSoftmax(1).elements()
      }
    }
    self.init(logProbabilities: logProbabilities, labels: labels)
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
    self.labels = labels
    self.loss = loss / Double(max(1, labels.count))
    top1Accuracy = Double(correct) / Double(max(1, labels.count))
  }
}
