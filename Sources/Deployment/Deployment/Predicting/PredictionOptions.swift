import Datasets
import Inference

/// How images are predicted.
public struct PredictionOptions: Sendable {
  /// How models are compiled and run; each thread computes batches of its own.
  public var inference: InferenceOptions
  /// How many images at a time, for models that leave it open.
  public var batch: Int
  /// What is done about an image that cannot be decoded.
  public var corruptImages: CorruptImages

  /// Creates options.
  public init(
    inference: InferenceOptions, batch: Int = 16, corruptImages: CorruptImages = .fail
  ) {
    precondition(batch > 0, "at least one image at a time")
    self.inference = inference
    self.batch = batch
    self.corruptImages = corruptImages
  }
}
