import Datasets
import Torch

/// What brings the bytes of each channel to about zero mean and unit deviation.
public struct Normalization: Hashable, Sendable {
  /// A channel's mean on 0..255.
  public let mean: [Float]
  /// A channel's standard deviation on 0..255, positive.
  public let standardDeviation: [Float]

  /// The data set's published constants; ImageNet's for images that are decoded as they are needed, else the
  /// statistics of those images that are trained on.
  public init(of images: RunImages, training: [Int]) {
    switch images {
    case .streamed:
      self.init(
        mean: Preprocessing.imageNetMean,
        standardDeviation: Preprocessing.imageNetStandardDeviation)
    case .resident(let dataset):
      if let mean = dataset.mean, let deviation = dataset.standardDeviation {
        self.init(mean: mean, standardDeviation: deviation)
      } else {
        self.init(measuring: dataset.train, at: training)
      }
    }
  }

  package init(mean: [Float], standardDeviation: [Float]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Measures the images at `indices`, exactly, so that the result does not depend on their order.
  package init(measuring split: ImageSplit, at indices: [Int]) {
    let plane = split.height * split.width
    var sums = [Int](repeating: 0, count: split.channels)
    var squares = sums
    split.bytes.withBytes { bytes in
      for index in indices {
        for channel in 0..<split.channels {
          let start = (index * split.channels + channel) * plane
          for byte in bytes[start..<start + plane] {
            sums[channel] += Int(byte)
            squares[channel] += Int(byte) * Int(byte)
          }
        }
      }
    }
    let count = Double(max(1, indices.count * plane))
    let means = sums.map { Double($0) / count }
    let deviations = zip(squares, means).map { square, mean in
      Float(max(1, Double(square) / count - mean * mean).squareRoot())
    }
    self.init(mean: means.map(Float.init), standardDeviation: deviations)
  }

  /// Normalises bytes into a float32 tensor of the same shape.
  ///
  /// - Parameter images: `[B, C, H, W]`, uint8.
  /// - Throws: `TorchError` where there are not as many channels as means.
  public func normalized(_ images: Tensor, device: Device) throws -> Tensor {
    try Constants(self, device: device).normalized(images)
  }

  /// The numbers on a device, made once for many batches.
  public struct Constants {
    private let means, factors: Tensor

    /// Puts the numbers on `device`.
    ///
    /// - Throws: `TorchError` where memory does not suffice.
    public init(_ normalization: Normalization, device: Device) throws {
      let shape = [1, normalization.mean.count, 1, 1]
      means = try Tensor(normalization.mean, shape: shape).moved(to: device)
      factors = try Tensor(normalization.standardDeviation.map { 1 / $0 }, shape: shape)
        .moved(to: device)
    }

    /// Normalises bytes `[B, C, H, W]`, uint8, on the device, into a float32 tensor of the same shape.
    ///
    /// - Throws: `TorchError` where there are not as many channels as means.
    public func normalized(_ images: Tensor) throws -> Tensor {
      let result = try images.converted(to: .float32)
      try result.subtract(means)
      try result.multiply(factors)
      return result
    }
  }
}
