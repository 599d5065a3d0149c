import Datasets
import Inference

/// How images are predicted.
package struct PredictionOptions: Sendable {
  /// How models are compiled and run; each thread computes batches of its own.
  package var inference: InferenceOptions
  /// How many images at a time, for models that leave it open.
  package var batch: Int
  /// What is done about an image that cannot be decoded.
  package var corruptImages: CorruptImages

  /// Batches of 16 images, and an error at the first one that cannot be decoded, unless told otherwise.
  package init(
    inference: InferenceOptions, batch: Int = 16, corruptImages: CorruptImages = .fail
  ) {
    precondition(batch > 0, "at least one image at a time")
    self.inference = inference
    self.batch = batch
    self.corruptImages = corruptImages
  }
}
