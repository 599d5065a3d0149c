import Inference

/// How models are served.
package struct ServingOptions: Sendable {
  /// How members are compiled and run; all threads that compute.
  package var inference: InferenceOptions
  /// How many images a member computes at a time at most.
  package var maximumBatch = 16
  /// How many images may wait or be computed at once; requests beyond are refused.
  package var waitingImages = 1024
  /// Images of more pixels are refused before they are decoded: of these, one takes 100 MB for a moment.
  package var mostPixels = 25_000_000
  /// How long a request may take that does not say so itself, in seconds; nil for any time.
  package var timeoutSeconds: Double? = 60
  /// What becomes of requests where a member is lost.
  package var whenLost = LossPolicy.degrade
  /// Puts another runner in the place of a member's own, given its place in the ensemble: with it, tests make members fail.
  var substituteRunner: @Sendable (any BatchRunner, Int) -> any BatchRunner = { own, _ in own }
  /// Members that run on other servers, and how they are asked; nil where all run here.
  package var remote: RemoteOptions?

  /// Creates options.
  package init(inference: InferenceOptions) { self.inference = inference }

  /// The numbers of images that members are compiled for: a batch of any size is cut into these without a gap. Two or eight at a time
  /// gain little beside four and sixteen, and compiling takes most of a start.
  var batchSizes: [Int] {
    var sizes = [1]
    while let last = sizes.last, 4 * last <= maximumBatch { sizes.append(4 * last) }
    return sizes
  }
}
