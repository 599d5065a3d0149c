import Torch

extension Augmentation {
  /// Which image, and which of its rows and columns, each place of a batch comes from.
  package struct Places {
    let indices, rows, columns: [Int64]

    /// The places of some of the batch's images.
    subscript(_ range: Range<Int>) -> Places {
      let images = max(1, indices.count)
      let (height, width) = (rows.count / images, columns.count / images)
      return Places(
        indices: Array(indices[range]),
        rows: Array(rows[range.lowerBound * height..<range.upperBound * height]),
        columns: Array(columns[range.lowerBound * width..<range.upperBound * width]))
    }
  }

  /// The places of a batch as tensors on the images' device.
  struct Gather: BatchTensors {
    private let source: ImageTensors
    private let indices, channels, rows, columns: Tensor
    private let count: Int

    /// Puts the places beside the images.
    init(_ places: Places, from source: ImageTensors) throws {
      self.source = source
      count = places.indices.count
      let device = source.device
      indices = try Tensor(places.indices, shape: [count]).moved(to: device)
      channels = try Tensor(
        (0..<source.channels).map(Int64.init), shape: [1, source.channels, 1, 1]
      )
      .moved(to: device)
      rows = try Tensor(places.rows, shape: [count, 1, source.height, 1]).moved(to: device)
      columns = try Tensor(places.columns, shape: [count, 1, 1, source.width]).moved(to: device)
    }

    func refill(_ batch: BatchImages) throws {
      guard case .places(let places, _) = batch else {
        preconditionFailure("images of another kind than those before")
      }
      for (tensor, values) in [
        (indices, places.indices), (rows, places.rows), (columns, places.columns),
      ] {
        try tensor.copy(from: Tensor(values, shape: tensor.shape()))
      }
    }

    func images() throws -> Tensor {
      try source.images.gather([
        indices.reshaped([count, 1, 1, 1]), channels, rows, columns,
      ])
    }

    func labels() throws -> Tensor { try rows(of: source.labels) }

    func rows(of tensor: Tensor) throws -> Tensor { try tensor.indexSelect(0, indices) }
  }
}
