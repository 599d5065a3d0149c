import Runs
import Torch

/// The average of a model's weights at the ends of some epochs, as a model of its own.
///
/// Source: arXiv:1803.05407, stochastic weight averaging.
final class EpochAverage {
  /// The averages so far; before the first, what the training began with.
  let model: Model
  /// Whose ends are averaged, from 1.
  private let epochs: [Int]
  private let averages, sources: [Tensor]

  /// - Parameter source: The model whose weights move.
  init(of source: Model, at epochs: [Int]) throws {
    model = try source.copy()
    self.epochs = epochs
    averages = model.state.map(\.tensor)
    sources = source.state.map(\.tensor)
  }

  /// Takes the model in as it is, where the epoch that is over is one of them.
  func update(epoch: Int) throws {
    guard let number = epochs.firstIndex(of: epoch) else { return }
    try averages.interpolate(towards: sources, weight: 1 / Double(number + 1))
  }
}

extension Model {
  /// Makes the running statistics of normalisations the mean of those of batches, each as much as any other: those of averaged
  /// weights are not the average of statistics. Nothing is dropped out.
  ///
  /// - Parameter batches: Calls its argument with normalised images, `[N, C, H, W]`, a batch at a time.
  ///
  /// Source: PyTorch's `torch.optim.swa_utils.update_bn`.
  func estimateStatistics(_ batches: ((Tensor) throws -> Void) throws -> Void) throws {
    defer { statisticsMomentum = nil }
    var count = 0.0
    try batches { images in
      count += 1
      statisticsMomentum = 1 / count
      try withoutGradients { _ = try logits(images, training: true) }
    }
  }
}

extension Model {
  /// The same of the images of the first epoch, as a member was trained on them.
  func estimateStatistics(
    of images: MemberImages, _ normalization: Normalization, _ recipe: Recipe
  ) throws {
    let constants = try Normalization.Constants(normalization, device: device)
    let source = images.trainingAnew()
    try estimateStatistics { take in
      for step in 0..<recipe.steps(perEpochOf: images.trainingCount) {
        let batch = try source.batch(epoch: 0, step: step)
        for piece in batch.pieces(ofAtMost: recipe.pieceSize) where piece.count > 0 {
          try take(constants.normalized(piece.tensors(on: device).images()))
        }
      }
    }
  }
}
