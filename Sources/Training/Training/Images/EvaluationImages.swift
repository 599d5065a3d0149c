import Datasets

/// Images that are only looked at: a split, or a part of one.
package enum EvaluationImages {
  /// Images that lie on the device, with the fingerprint of the split that they are.
  case resident(ImageTensors, fingerprint: String)
  /// Images that are decoded each time.
  case streamed(Streamed)

  /// Images of a split, each brought to its size in the same way.
  package struct Streamed: Sendable {
    let images: StreamedImages
    /// Indices into the split.
    let indices: [Int]
    let resizing: Preprocessing.Resizing

    /// The images in order, a batch at a time.
    func stream(batchSize: Int) -> ImageStream {
      images.stream(batchSize: batchSize, hashesContents: true) { number in
        let start = number * batchSize
        guard start < indices.count else { return nil }
        return indices[start..<min(start + batchSize, indices.count)].map {
          ImageRequest(index: $0, geometry: .evaluation(resizing))
        }
      }
    }
  }

  /// How many they are.
  package var count: Int {
    switch self {
    case .resident(let tensors, _): tensors.count
    case .streamed(let images): images.indices.count
    }
  }

  /// Runs a model over the images; also returns the fingerprint of those that it saw.
  ///
  /// - Throws: `TorchError`, or `DatasetError` where an image cannot be read and is not to be left out.
  package func evaluate(
    _ model: Model, normalization: Normalization, batchSize: Int
  ) throws -> (evaluation: Evaluation, fingerprint: String) {
    switch self {
    case .resident(let tensors, let fingerprint):
      let evaluation = try Evaluation(
        of: model, on: tensors, normalization: normalization, batchSize: batchSize)
      return (evaluation, fingerprint)
    case .streamed(let images):
      var fingerprint = ImagesFingerprint()
      let evaluation = try Evaluation(
        of: model, on: images, normalization: normalization, batchSize: batchSize,
        fingerprint: &fingerprint)
      return (evaluation, fingerprint.finish())
    }
  }
}
