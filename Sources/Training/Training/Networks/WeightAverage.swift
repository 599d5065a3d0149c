import Torch

/// The exponential moving average of a model's weights and running statistics, as a model of its own.
///
/// After step t, counted from 1, it is d times itself plus 1 - d times the model, with d = min(decay, (1 + t) / (10 + t)).
/// Source: TensorFlow's `ExponentialMovingAverage` with `num_updates`, as EfficientNet's official training has it.
final class WeightAverage {
  /// The averages.
  let model: Model
  private let decay: Double
  private let averages, sources: [Tensor]

  /// Starts from the model as it is.
  init(of source: Model, decay: Double) throws {
    model = try source.copy()
    self.decay = decay
    averages = model.state.map(\.tensor)
    sources = source.state.map(\.tensor)
  }

  /// Takes the model's tensors in, after `step` steps.
  func update(step: Int) throws {
    let warmUp = (1 + Double(step)) / (10 + Double(step))
    try averages.interpolate(towards: sources, weight: 1 - min(decay, warmUp))
  }
}
