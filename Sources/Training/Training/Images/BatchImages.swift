import Datasets
import Torch

/// The images of a batch, before they are on the device as they shall be.
package enum BatchImages {
  /// Parts of images that lie on the device.
  case places(Augmentation.Places, in: ImageTensors)
  /// Images that were decoded for this batch; of these, a range.
  case decoded(ImageBatch, of: StreamedImages, Range<Int>)

  /// How many images.
  package var count: Int {
    switch self {
    case .places(let places, _): places.indices.count
    case .decoded(_, _, let range): range.count
    }
  }

  /// Cuts the batch into pieces of nearly the same size, `size` images at most.
  func pieces(ofAtMost size: Int) -> [BatchImages] {
    let pieces = max(1, (count + size - 1) / size)
    return (0..<pieces).map { piece in
      part(count * piece / pieces..<count * (piece + 1) / pieces)
    }
  }

  /// Some of the images.
  func part(_ range: Range<Int>) -> BatchImages {
    switch self {
    case .places(let places, let source): .places(places[range], in: source)
    case .decoded(let batch, let source, let whole):
      .decoded(
        batch, of: source,
        whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
    }
  }

  /// The images and their labels on the device.
  ///
  /// - Throws: `TorchError` where memory does not suffice.
  package func tensors(on device: Device) throws -> any BatchTensors {
    switch self {
    case .places(let places, let source): try Augmentation.Gather(places, from: source)
    case .decoded: try CopiedBatch(self, device: device)
    }
  }
}

/// A batch on the device, which can be filled anew with as many images.
package protocol BatchTensors {
  /// `[B, C, H, W]`, uint8.
  func images() throws -> Tensor
  /// `[B]`, int64.
  func labels() throws -> Tensor
  /// The rows of a tensor of all images of the split that are those of the batch.
  func rows(of tensor: Tensor) throws -> Tensor
  /// Takes another batch of the same size and kind.
  func refill(_ batch: BatchImages) throws
}

/// Decoded images, copied to the device.
private struct CopiedBatch: BatchTensors {
  private let pixels, classes: Tensor

  init(_ batch: BatchImages, device: Device) throws {
    let (pixels, classes) = try batch.hostTensors()
    self.pixels = try pixels.moved(to: device)
    self.classes = try classes.moved(to: device)
  }

  func images() -> Tensor { pixels }
  func labels() -> Tensor { classes }

  func rows(of tensor: Tensor) -> Tensor {
    preconditionFailure("images that are decoded as they are needed have no rows")
  }

  func refill(_ batch: BatchImages) throws {
    let (pixels, classes) = try batch.hostTensors()
    try self.pixels.copy(from: pixels)
    try self.classes.copy(from: classes)
  }
}

extension BatchImages {
  fileprivate func hostTensors() throws -> (pixels: Tensor, labels: Tensor) {
    guard case .decoded(let batch, let source, let range) = self else {
      preconditionFailure("images of another kind than those before")
    }
    return (
      try source.tensor(batch, range),
      try Tensor(Array(batch.labels[range]), shape: [range.count])
    )
  }
}
