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
  ///
  /// - Throws: `TorchError` where the device has no room for them.
  public convenience init(_ split: ImageSplit, device: Device = .cpu) throws {
    try self.init(Resident(split, device: device))
  }

  /// The tensors of a split that lies on a device, for the calling thread.
  ///
  /// - Throws: `TorchError` where the tensors cannot be shared.
  public init(_ resident: Resident) throws {
    images = try resident.images.tensor()
    labels = try resident.labels.tensor()
    (count, device) = (resident.count, resident.device)
    (channels, height, width) = (resident.channels, resident.height, resident.width)
  }

  /// A split on a device, once for all threads.
  public struct Resident: Sendable {
    fileprivate let images, labels: SharedTensor
    fileprivate let count, channels, height, width: Int
    fileprivate let device: Device

    /// Puts a split on a device; on the CPU its bytes are used where they lie.
    ///
    /// - Throws: `TorchError` where the device has no room for them.
    public init(_ split: ImageSplit, device: Device) throws {
      count = split.count
      channels = split.channels
      height = split.height
      width = split.width
      self.device = device
      let bytes = try split.bytes.withBytes { bytes in
        try Tensor.borrowing(
          bytes, shape: [split.count, split.channels, split.height, split.width], type: .uint8,
          owner: split.bytes)
      }
      images = try SharedTensor(bytes.moved(to: device))
      labels = try SharedTensor(Tensor(split.labels, shape: [split.count]).moved(to: device))
      try device.synchronize()
    }
  }
}
