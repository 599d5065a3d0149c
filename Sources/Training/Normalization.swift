import Datasets
import Torch

/// What brings the bytes of each channel to about zero mean and unit deviation.
public struct Normalization: Hashable, Sendable {
  /// A channel's mean on 0..255.
  public let mean: [Float]
  /// A channel's standard deviation on 0..255, positive.
  public let standardDeviation: [Float]

  /// The data set's published constants, or else the statistics of those images that are trained on.
  public init(of dataset: ImageDataset, training: [Int]) {
    if let mean = dataset.mean, let deviation = dataset.standardDeviation {
      self.init(mean: mean, standardDeviation: deviation)
    } else {
      self.init(measuring: dataset.train, at: training)
    }
  }

  init(mean: [Float], standardDeviation: [Float]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Measures the images at `indices`, exactly, so that the result does not depend on their order.
  init(measuring split: ImageSplit, at indices: [Int]) {
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
  public func normalized(_ images: Tensor, device: Device) throws -> Tensor {
    let result = try images.converted(to: .float32)
    let shape = [1, mean.count, 1, 1]
    try result.subtract(Tensor(mean, shape: shape).moved(to: device))
    try result.multiply(Tensor(standardDeviation.map { 1 / $0 }, shape: shape).moved(to: device))
    return result
  }
}
