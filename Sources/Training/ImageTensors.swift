import Datasets
import Torch

/// One split as tensors on a device: all images as bytes, and their labels.
public final class ImageTensors {
  /// `[N, C, H, W]`, uint8.
  public let images: Tensor
  /// `[N]`, int64.
  public let labels: Tensor
  /// How many images.
  public let count: Int
  /// Of one image.
  public let channels, height, width: Int
  /// Where the tensors live.
  public let device: Device

  /// Puts a split on a device; on the CPU its bytes are used where they lie.
  public init(_ split: ImageSplit, device: Device = .cpu) throws {
    count = split.count
    channels = split.channels
    height = split.height
    width = split.width
    self.device = device
    images = try split.bytes.withBytes { bytes in
      try Tensor.borrowing(
        bytes, shape: [split.count, split.channels, split.height, split.width], type: .uint8,
        owner: split.bytes)
    }.moved(to: device)
    labels = try Tensor(split.labels, shape: [split.count]).moved(to: device)
  }

  /// The labels of the images at `indices`: `[B]`, int64.
  public func labels(at indices: [Int]) throws -> Tensor {
    try labels.selected(0, indexTensor(indices, shape: [indices.count]))
  }

  /// int64 indices on the device.
  func indexTensor(_ indices: [Int], shape: [Int]) throws -> Tensor {
    try Tensor(indices.map(Int64.init), shape: shape).moved(to: device)
  }
}
